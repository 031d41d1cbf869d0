"""One fold over all topics: facts of calls and agents, and what a batch adds to the intervals."""

from collections import defaultdict
from collections.abc import Iterable

from contact_events.agents import AgentChanged
from contact_events.config import QueueChanged, SiteChanged
from contact_events.envelope import Envelope
from reporting.domain import facts as facts_of
from reporting.domain.facts import CallFacts
from reporting.domain.records import (
    AgentCounts,
    Cell,
    QueueCounts,
    agent_counts,
    queue_counts,
    summed,
)
from reporting.domain.timelines import AgentNow, after, spells

Document = SiteChanged | QueueChanged


class Folding:
    """Facts before a batch go in, events follow, what changed comes out.

    Started with no facts and given the whole log, what changed is the whole of every table: that
    is what a rebuild and the auditor do.
    """

    def __init__(self, facts: Iterable[CallFacts] = (), agents: Iterable[AgentNow] = ()) -> None:
        """Start from what the tables hold of the calls and agents that the batch touches."""
        self.facts = {each.call_id: each for each in facts}
        self.agents = {each.agent_id: each for each in agents}
        self.documents: dict[str, Document] = {}
        self.touched_agents: set[str] = set()
        self.spells: dict[tuple[Cell, str, str], int] = defaultdict(int)
        self._queues_before: dict[str, dict[Cell, QueueCounts]] = {}
        self._agents_before: dict[str, dict[Cell, AgentCounts]] = {}

    @property
    def touched_calls(self) -> Iterable[str]:
        """Return the ids of the calls that the events spoke of."""
        return self._queues_before.keys()

    def take(self, envelope: Envelope) -> None:
        """Fold one new, valid event."""
        event = envelope.data
        call_id = facts_of.call_of(event)
        if call_id is not None:
            facts_of.evolve(self._touched(call_id), envelope)
        elif isinstance(event, AgentChanged):
            self._agent(event, envelope)
        elif isinstance(event, SiteChanged | QueueChanged):
            self.documents[event.document_id] = event

    def _touched(self, call_id: str) -> CallFacts:
        facts = self.facts.get(call_id)
        if facts is None:
            facts = self.facts[call_id] = CallFacts(call_id=call_id)
        if call_id not in self._queues_before:
            self._queues_before[call_id] = queue_counts(facts)
            self._agents_before[call_id] = agent_counts(facts)
        return facts

    def _agent(self, changed: AgentChanged, envelope: Envelope) -> None:
        before = self.agents.get(changed.agent_id)
        for spell in spells(before, changed, envelope.time):
            self.spells[spell.cell, spell.site_id, spell.status] += spell.length_ms
        self.agents[changed.agent_id] = after(before, changed, envelope.time)
        self.touched_agents.add(changed.agent_id)

    def queue_changes(self) -> dict[Cell, QueueCounts]:
        """Return what the events added to (or took from) each interval of each queue."""
        changes: dict[Cell, QueueCounts] = defaultdict(QueueCounts)
        for call_id, before in self._queues_before.items():
            for cell, counts in queue_counts(self.facts[call_id]).items():
                changes[cell] = summed(changes[cell], counts)
            for cell, counts in before.items():
                changes[cell] = summed(changes[cell], counts, -1)
        return {cell: change for cell, change in changes.items() if change != QueueCounts()}

    def agent_changes(self) -> dict[Cell, AgentCounts]:
        """Return what the events added to (or took from) each interval of each agent."""
        changes: dict[Cell, AgentCounts] = defaultdict(AgentCounts)
        for call_id, before in self._agents_before.items():
            for cell, counts in agent_counts(self.facts[call_id]).items():
                changes[cell] = summed(changes[cell], counts)
            for cell, counts in before.items():
                changes[cell] = summed(changes[cell], counts, -1)
        return {cell: change for cell, change in changes.items() if change != AgentCounts()}
