"""I10 for agents: the time in each state sums to the time signed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contact_events.agents import AgentChanged
from reporting.domain.audit.findings import Finding, Patience, Place, Seen
from reporting.domain.facts import milliseconds
from reporting.domain.timelines import AgentNow, after, spells


@dataclass(slots=True)
class _Signed:
    now: AgentNow | None = None
    summed_ms: int = 0
    since: datetime | None = None
    place: Place | None = None


class Agents:
    """The timeline of each agent against the plain span from sign-in to sign-out."""

    def __init__(self) -> None:
        """Start with no agent known."""
        self._agents: dict[str, _Signed] = {}

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what this new event breaks."""
        event, at = seen.envelope.data, seen.envelope.time
        if not isinstance(event, AgentChanged):
            return
        agent = self._agents.setdefault(event.agent_id, _Signed())
        agent.summed_ms += sum(each.length_ms for each in spells(agent.now, event, at))
        if agent.now is not None and at < agent.now.since:
            yield Finding("I5", f"{event.agent_id}: its time goes back", seen.place)
        agent.now, agent.place = after(agent.now, event, at), seen.place
        if event.status != "Offline":
            agent.since = agent.since or at
        elif agent.since is not None:
            signed_in_ms = milliseconds(agent.since, at)
            if agent.summed_ms != signed_in_ms:
                said = f"{event.agent_id}: states sum to {agent.summed_ms} of {signed_in_ms} ms"
                yield Finding("I10", said, seen.place)
            agent.since, agent.summed_ms = None, 0

    def close(self, patience: Patience, now_ms: int) -> Iterator[Finding]:
        """Yield nothing: an agent who is signed in has an open state, which proves nothing."""
        return iter(())
