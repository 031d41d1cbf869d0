"""The agents' side of the indexes: who can be asked by which queue, and what each queue does."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from router.domain.crews import Crew, Crews, Member, Needed
from router.domain.paces import occupancy_key
from router.domain.rules import known_queue, standing
from router.domain.search import NO_PLAN, Plan, crew_key, plan, steps_of
from router.domain.state import Agent, State


class Counted(NamedTuple):
    """What counting an agent anew changed.

    `freed` are the queues that can be offered what they could not; of the `turned` ones the first
    agent came or the last one went.
    """

    freed: frozenset[str]
    turned: frozenset[str]


_NONE: Final[frozenset[str]] = frozenset()
_SAME: Final = Counted(_NONE, _NONE)


class Floor:
    """All agents of a pool as the queues see them."""

    def __init__(self, state: State) -> None:
        """Begin with nobody counted and no queue served."""
        self.state = state
        self.crews = Crews()
        self.comparing: set[str] = set()
        """Queues with a step that compares expected waits."""
        self._channels: set[str] = {"voice"}
        self._plans: dict[tuple[str, str, int], Plan] = {}
        self._unserved: set[tuple[str, str]] = set()
        self._at: dict[str, set[str]] = {}
        self._site_of: dict[str, str] = {}
        self._profiles: dict[str, tuple[dict[str, int], Needed]] = {}

    def agents_at(self, site_id: str) -> tuple[str, ...]:
        """Return the agents of a site, signed in or not."""
        return tuple(self._at.get(site_id, ()))

    def excluded_from(self, crew: Crew) -> dict[str, int]:
        """Return how many agents stand how for a crew, those outside it included."""
        counts = dict(crew.standing)
        counts["skills"] = len(self.state.agents) - sum(counts.values())
        return counts

    def is_served(self, queue_id: str, channel: str) -> bool:
        """Tell whether anybody is signed in who could take the queue's calls at some step."""
        return (queue_id, channel) not in self._unserved

    def asked(self, queue_id: str, channel: str) -> Iterator[Crew]:
        """Yield the crews that the queue asks for a channel, at any of its steps."""
        for key in self.crews.asked_by(queue_id):
            if key.channel == channel:
                yield self.crews.of(key)

    def plan(self, queue_id: str, channel: str, count: int) -> Plan:
        """Return what the queue does for a call of the channel that reached `count` steps."""
        found = self._plans.get((queue_id, channel, count))
        if found is None:
            self._open(channel)
            queue = known_queue(self.state, queue_id)
            found = plan(queue, self.state.policy, channel, count) if queue else NO_PLAN
            self._plans[queue_id, channel, count] = found
        return found

    def serve(self, queue_id: str) -> None:
        """Let the queue ask for agents as its document says now."""
        queue = known_queue(self.state, queue_id)
        self._plans = {key: kept for key, kept in self._plans.items() if key[0] != queue_id}
        policy = self.state.policy
        steps = [step for step in steps_of(queue, policy) if step.reach] if queue else []
        keys = {
            crew_key(queue, policy, channel, skills)
            for channel in self._channels
            for skills in (None, *(step.skills for step in steps))
            if queue is not None
        }
        self.crews.serve(queue_id, frozenset(keys))
        compares = any(step.wait_improved_s is not None for step in steps)
        (self.comparing.add if compares else self.comparing.discard)(queue_id)
        for channel in self._channels:
            self._look_served(queue_id, channel)

    def count(self, agent_id: str, agent: Agent) -> Counted:
        """Count the agent as it stands now."""
        self._locate(agent_id, agent.site_id)
        before, members = self.crews.members(agent_id), tuple(self._members(agent_id, agent))
        if before == members:
            return _SAME
        signed = _signed_in(before) != _signed_in(members)
        crews = list(self.crews.crews_of(agent_id)) if signed else []
        self.crews.put(agent_id, members)
        if signed:
            crews += self.crews.crews_of(agent_id)
        freed = any(m.condition == "free" and m not in before for m in members)
        able = self.crews.crews_of(agent_id) if freed else ()
        return Counted(
            frozenset(queue_id for crew in able for queue_id in crew.queues),
            frozenset(self._turned(crews)) if signed else _NONE,
        )

    def _locate(self, agent_id: str, site_id: str) -> None:
        if self._site_of.get(agent_id) != site_id:
            self._at.get(self._site_of.get(agent_id, ""), set()).discard(agent_id)
            self._at.setdefault(site_id, set()).add(agent_id)
            self._site_of[agent_id] = site_id

    def _members(self, agent_id: str, agent: Agent) -> Iterator[Member]:
        """Yield how the agent is counted, for each channel that a slot of theirs takes."""
        profile = self._profile(agent_id, agent.skills)
        for channel in sorted({slot.channel for slot in agent.slots}):
            self._open(channel)
            condition, slot = standing(self.state, agent_id, agent, channel)
            about = (channel, profile, agent.team_id, agent.site_id, condition)
            if slot is None:
                yield Member(*about)
                continue
            uses = (self.state.slots.get((agent_id, each.slot)) for each in agent.slots)
            offered = max((use.order for use in uses if use), default=0)
            yield Member(*about, agent.offset, offered, occupancy_key(agent))

    def _profile(self, agent_id: str, skills: dict[str, int]) -> Needed:
        """Return the skills as they are compared; kept, since they seldom change."""
        known = self._profiles.get(agent_id)
        if known is None or known[0] != skills:
            known = self._profiles[agent_id] = (skills, frozenset(skills.items()))
        return known[1]

    def _turned(self, crews: Iterable[Crew]) -> Iterator[str]:
        for crew in crews:
            for queue_id in crew.queues:
                if self._look_served(queue_id, crew.key.channel):
                    yield queue_id

    def _look_served(self, queue_id: str, channel: str) -> bool:
        """Look whether anybody serves the queue; tell whether that is new."""
        served = any(crew.signed_in() for crew in self.asked(queue_id, channel))
        if served == self.is_served(queue_id, channel):
            return False
        (self._unserved.discard if served else self._unserved.add)((queue_id, channel))
        return True

    def _open(self, channel: str) -> None:
        """Have every queue ask for agents of a channel that was not heard of before."""
        if channel not in self._channels:
            self._channels.add(channel)
            for queue_id in self.state.queues:
                self.serve(queue_id)


def _signed_in(members: tuple[Member, ...]) -> set[tuple[str, Needed, str | None]]:
    """Return as what the agent is signed in: what decides which crews count them so."""
    return {(m.channel, m.profile, m.team_id) for m in members if m.condition != "offline"}
