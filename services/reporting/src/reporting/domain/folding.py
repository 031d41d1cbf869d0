"""One fold over all topics: facts of calls and agents, and what a batch adds to the intervals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_events.agents import AgentChanged
from contact_events.config import QueueChanged, SiteChanged, SkillChanged
from contact_events.envelope import Envelope
from reporting.domain import facts as facts_of
from reporting.domain.counts import Counts, difference
from reporting.domain.facts import CallFacts
from reporting.domain.measured import is_final
from reporting.domain.quarters import INTERVAL
from reporting.domain.sums import FAMILIES, CallSums, Family, sums_of
from reporting.domain.timelines import (
    AgentNow,
    Period,
    SpellKey,
    after,
    period_of,
    same_state,
    spells,
)

Document = SiteChanged | QueueChanged | SkillChanged

SETTLED_AFTER = timedelta(hours=1)
"""An interval is final once its end lies so far behind the newest event."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Touched:
    """What a call added before the batch, whether it was final then, and when it last changed."""

    sums: CallSums
    final: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to an interval; when, if the interval had been final before."""

    counts: Counts
    restated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A document as it was from `valid_from` on."""

    document: Document
    valid_from: datetime


class Folding:
    """Facts before a batch go in, events follow, what changed comes out.

    Started with no facts and given the whole log, what changed is the whole of every table: that
    is what a rebuild and the auditor do.
    """

    def __init__(
        self,
        facts: Iterable[CallFacts] = (),
        agents: Iterable[AgentNow] = (),
        newest: datetime = LONG_AGO,
    ) -> None:
        """Start from what the tables hold of the calls and agents that the batch touches.

        `newest` is the time of the newest event folded before.
        """
        self.facts = {each.call_id: each for each in facts}
        self.agents = {each.agent_id: each for each in agents}
        self.newest = newest
        self.documents: dict[tuple[str, int], Revision] = {}
        self.periods: dict[tuple[str, datetime], Period] = {}
        self.spells: dict[SpellKey, int] = defaultdict(int)
        self.touched: dict[str, Touched] = {}
        self.touched_agents: set[str] = set()
        self._final_before = newest - INTERVAL - SETTLED_AFTER if newest > LONG_AGO else LONG_AGO

    def take(self, envelope: Envelope) -> None:
        """Fold one new, valid event."""
        event = envelope.data
        self.newest = max(self.newest, envelope.time)
        call_id = facts_of.call_of(event)
        if call_id is not None:
            facts_of.evolve(self._touch(call_id, envelope.time), envelope)
        elif isinstance(event, AgentChanged):
            self._agent(event, envelope.time)
        elif isinstance(event, Document):
            at = (event.document_id, event.revision)
            self.documents[at] = Revision(event, envelope.time)

    def _touch(self, call_id: str, at: datetime) -> CallFacts:
        facts = self.facts.get(call_id)
        touched = self.touched.get(call_id)
        if facts is None:
            facts = self.facts[call_id] = CallFacts(call_id=call_id)
            self.touched[call_id] = Touched(CallSums(), False, at)
        elif touched is None:
            self.touched[call_id] = Touched(sums_of(facts), is_final(facts), at)
        else:
            touched.at = max(touched.at, at)
        return facts

    def _agent(self, changed: AgentChanged, at: datetime) -> None:
        before = self.agents.get(changed.agent_id)
        now = self.agents[changed.agent_id] = after(before, changed, at)
        self.touched_agents.add(changed.agent_id)
        for spell in spells(before, changed, at):
            self.spells[spell.key] += spell.length_ms
        if before is None or not same_state(before, changed):
            if before is not None:
                self.periods[before.agent_id, before.since] = period_of(before, at)
            self.periods[now.agent_id, now.since] = period_of(now)

    def restated_at(self, call_id: str) -> datetime | None:
        """Return when the facts of a contact changed that had been final; None if it had not."""
        touched = self.touched[call_id]
        return touched.at if touched.final else None

    def changes(self) -> dict[str, dict[Any, Change]]:
        """Return, by table, what the events added to (or took from) each interval."""
        now = {call_id: sums_of(self.facts[call_id]) for call_id in self.touched}
        return {family.table: self._changes(family, now) for family in FAMILIES}

    def _changes(self, family: Family, now: Mapping[str, CallSums]) -> dict[Any, Change]:
        given: defaultdict[Any, list[Any]] = defaultdict(list)
        taken: defaultdict[Any, list[Any]] = defaultdict(list)
        latest: dict[Any, datetime] = {}
        for call_id, touched in self.touched.items():
            before: Mapping[Any, Counts] = getattr(touched.sums, family.table)
            after: Mapping[Any, Counts] = getattr(now[call_id], family.table)
            if before == after:
                continue
            for sums, cells in ((given, after), (taken, before)):
                for cell, counts in cells.items():
                    sums[cell].append(counts)
                    latest[cell] = max(latest.get(cell, LONG_AGO), touched.at)
        changed = ((c, difference(family.counts, given[c], taken[c])) for c in latest)
        nothing = family.counts()
        return {
            cell: Change(counts, self._restated(cell.interval_start, latest[cell]))
            for cell, counts in changed
            if counts != nothing
        }

    def _restated(self, interval_start: datetime, at: datetime) -> datetime | None:
        return at if interval_start <= self._final_before else None
