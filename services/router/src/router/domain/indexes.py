"""Who waits and who is free, ordered, so that a decision never scans agents or calls.

Derived from the state alone: built from it at the claim, then recomputed for what a fold touched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from router.domain.crews import Crews, IdleKey
from router.domain.evolve import OwnDecision, apply
from router.domain.heaps import Heap
from router.domain.rules import (
    home_site,
    known_queue,
    ordered_status,
    overflow_at,
    rescind_at,
    standing,
    waits,
)
from router.domain.state import Call, State
from router.domain.touched import Touched

Source: TypeAlias = tuple[str, str]
"""Where calls wait: ("queue", queue_id) or ("agent", agent_id)."""


class Rank(NamedTuple):
    """A call's place in the order of all that wait: lower goes first.

    Recovered calls first, then by falling priority, then by the time they began to wait.
    """

    again: int
    priority: int
    since: datetime
    call_id: str


class Place(NamedTuple):
    """Where a call waits, its home site, and since when if it had waited without a break."""

    source: Source
    home: str | None
    rank: Rank
    since: datetime


@dataclass(slots=True)
class Waiting:
    """The calls that wait at one source, all together and by home site."""

    ranks: Heap[Rank] = field(default_factory=Heap)
    by_home: dict[str | None, Heap[Rank]] = field(default_factory=dict)
    since: Heap[datetime] = field(default_factory=Heap)

    def put(self, place: Place) -> None:
        """Let a call wait here."""
        call_id = place.rank.call_id
        self.ranks.put(call_id, place.rank)
        if place.home not in self.by_home:
            self.by_home[place.home] = Heap()
        self.by_home[place.home].put(call_id, place.rank)
        self.since.put(call_id, place.since)

    def drop(self, place: Place) -> None:
        """Let a call wait here no longer."""
        self.ranks.drop(place.rank.call_id)
        self.by_home[place.home].drop(place.rank.call_id)
        self.since.drop(place.rank.call_id)

    def first_at(self, home: str) -> Rank | None:
        """Return the rank of the first call whose home is this site, or None."""
        heap = self.by_home.get(home)
        found = heap.first() if heap else None
        return found[0] if found else None


class Indexes:
    """What `decide` looks into. `state` is the leader's, and changes only through here."""

    def __init__(self, state: State) -> None:
        """Build everything from the state."""
        self.state = state
        self.crews = Crews()
        self.waiting: dict[Source, Waiting] = {}
        self.places: dict[str, Place] = {}
        self.stirred: set[Source] = set()
        """Where a call may be offered since the last look: a call came, or an agent."""
        self.unsettled_sites: set[str] = set()
        """Sites whose status may differ from what was ordered."""
        self.due_offers: Heap[datetime] = Heap()
        self.due_calls: Heap[datetime] = Heap()
        self._agents_at: dict[str, set[str]] = {}
        self._site_of: dict[str, str] = {}
        self._rebuild()

    def touch(self, touched: Touched) -> None:
        """Recompute what a fold touched."""
        for kind, item in touched:
            if kind == "call":
                self._call(item)
            elif kind == "agent":
                self._agent(item)
            elif kind == "site":
                self._site(item)
            elif kind == "queue":
                self._queue(item)

    def apply(self, decision: OwnDecision) -> None:
        """Fold a decision of this leader and recompute what it touched."""
        self.touch(apply(self.state, decision))

    def first_at(self, source: Source) -> Rank | None:
        """Return the rank of the first call that waits at the source, or None."""
        waiting = self.waiting.get(source)
        found = waiting.ranks.first() if waiting else None
        return found[0] if found else None

    def _rebuild(self) -> None:
        state = self.state
        for queue_id in state.queues:
            self._queue(queue_id)
        for agent_id in state.agents:
            self._agent(agent_id)
        for call_id in state.calls:
            self._call(call_id)
        self.unsettled_sites.update(state.sites)

    def _call(self, call_id: str) -> None:
        call = self.state.calls.get(call_id)
        self._offers(call)
        place = self._place(call_id, call)
        before = self.places.get(call_id)
        if before is not None and before != place:
            self.waiting[before.source].drop(before)
            del self.places[call_id]
        if place is None or call is None:
            self.due_calls.drop(call_id)
            return
        if before != place:
            self.places[call_id] = place
            if place.source not in self.waiting:
                self.waiting[place.source] = Waiting()
            self.waiting[place.source].put(place)
            self.stirred.add(place.source)
        self._due(call_id, call)

    def _place(self, call_id: str, call: Call | None) -> Place | None:
        if call is None or not waits(self.state, call):
            return None
        assert call.waiting_since is not None and call.queued_at is not None
        queue = known_queue(self.state, call.queue_id)
        priority = call.priority + (queue.priority if queue else 0)
        return Place(
            source=("agent", call.agent_id) if call.agent_id else ("queue", call.queue_id or ""),
            home=home_site(self.state, call),
            rank=Rank(0 if call.recovered else 1, -priority, call.waiting_since, call_id),
            since=call.queued_at - timedelta(seconds=call.waited_s),
        )

    def _due(self, call_id: str, call: Call) -> None:
        at = overflow_at(self.state, call)
        if at is None:
            self.due_calls.drop(call_id)
        else:
            self.due_calls.put(call_id, at)

    def _offers(self, call: Call | None) -> None:
        """Recompute when the call's offers are asked back. Settled ones go when they surface."""
        for reservation_id in call.reservations if call else ():
            at = rescind_at(self.state, self.state.reservations[reservation_id])
            if at is None:
                self.due_offers.drop(reservation_id)
            else:
                self.due_offers.put(reservation_id, at)

    def first_due_offer(self) -> tuple[datetime, str] | None:
        """Return when the first offer is to be asked back, and which; None if there is none."""
        while (found := self.due_offers.first()) and found[1] not in self.state.reservations:
            self.due_offers.drop(found[1])
        return found

    def _agent(self, agent_id: str) -> None:
        agent = self.state.agents.get(agent_id)
        if agent is None:
            return
        if self._site_of.get(agent_id) != agent.site_id:
            self._agents_at.get(self._site_of.get(agent_id, ""), set()).discard(agent_id)
            self._agents_at.setdefault(agent.site_id, set()).add(agent_id)
            self._site_of[agent_id] = agent.site_id
        condition, _ = standing(self.state, agent_id, agent)
        key: IdleKey = (agent.offset, agent_id)
        if self.crews.put(agent_id, agent.skills, agent.site_id, condition, key):
            self._stir(("queue", queue_id) for queue_id in self.crews.queues_of(agent_id))
            self._stir([("agent", agent_id)])

    def _stir(self, sources: Iterable[Source]) -> None:
        for source in sources:
            if source in self.waiting and self.waiting[source].ranks:
                self.stirred.add(source)

    def _site(self, site_id: str) -> None:
        """Recompute a site: rare, so everything that may depend on it is looked at."""
        if self.state.statuses.get(site_id, "open") != ordered_status(self.state, site_id):
            self.unsettled_sites.add(site_id)
        for agent_id in self._agents_at.get(site_id, ()):
            self._agent(agent_id)
        for call_id in self.state.calls:
            self._call(call_id)

    def _queue(self, queue_id: str) -> None:
        """Recompute a queue and its calls: rare."""
        queue = known_queue(self.state, queue_id)
        self.crews.serve(queue_id, queue.skills if queue else None)
        waiting = self.waiting.get(("queue", queue_id))
        for call_id in [item for item, _ in waiting.ranks.items()] if waiting else ():
            self._call(call_id)
        self.stirred.add(("queue", queue_id))

    def standing_for(self, queue_id: str) -> dict[str, int]:
        """Return how many agents stand how for a queue, those without its skills included."""
        crew = self.crews.of(queue_id)
        counts = dict(crew.standing) if crew else {}
        counts["skills"] = len(self.state.agents) - sum(counts.values())
        return counts
