"""Who waits and who is free, ordered, so that a decision never scans agents or calls.

Derived from the state and the time of the last turn alone: what a fold touched is noted and
recomputed at the next look, and so are calls whose steps time reached. To begin with all is noted.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from router.domain.evolve import OwnDecision, apply
from router.domain.floor import Floor
from router.domain.heaps import Heap
from router.domain.lines import Line, Place, Rank, Source, Waiting
from router.domain.placing import next_step_at, place_of
from router.domain.rules import AT_ONCE, overflow_at, rescind_at
from router.domain.search import Plan
from router.domain.state import Call, State
from router.domain.touched import Kind, Touched


class Indexes:
    """What `decide` looks into: right as soon as `look` has left nothing unseen."""

    def __init__(self, state: State, *, look: bool = True) -> None:
        """Begin as if no turn had been taken yet; without `look` all is still to be looked at."""
        self.state = state
        self.now = AT_ONCE
        """The time of the last turn: steps that were reached by then are taken."""
        self.floor = Floor(state)
        self.crews = self.floor.crews
        self.waiting: dict[Source, Waiting] = {}
        self.lines: dict[str, Line] = {}
        """By queue: all who wait in it."""
        self.places: dict[str, Place] = {}
        self.stirred: set[Source] = set()
        """Where a call may be offered since the last look: a call came, or an agent."""
        self.doubtful_sites: set[str] = set()
        """Sites whose status may be another than was last decided."""
        self.due_offers: Heap[datetime] = Heap()
        self.due_calls: Heap[datetime] = Heap()
        self.due_steps: Heap[datetime] = Heap()
        self.due_sites: Heap[datetime] = Heap()
        self._reserves: set[str] = set()
        self._wanted: dict[str, set[str]] = {}
        """By agent: the calls that were queued for them, or prefer them, or once did."""
        self._recompute: dict[Kind, Callable[[str], None]] = {
            "call": self._call,
            "agent": self._agent,
            "site": self._site,
            "crowd": self.doubtful_sites.add,
            "queue": self._queue,
        }
        self._unseen: dict[tuple[Kind, str], None] = {}
        """What was touched since it was looked at last, in the order of the last touches."""
        self._note_all()
        if look:
            self.look()

    def touch(self, touched: Touched) -> None:
        """Recompute what a fold touched."""
        self.note(touched)
        self.look()

    @property
    def unseen(self) -> int:
        """Return how much was noted and not looked at yet."""
        return len(self._unseen)

    def note(self, touched: Iterable[tuple[Kind, str]]) -> None:
        """Note what a fold touched; what is touched again before the next look costs no more."""
        for each in touched:
            if each[0] in ("policy", "calendar"):
                self._note_all()
            else:
                self._unseen.pop(each, None)
                self._unseen[each] = None

    def look(self, *, most: int | None = None, leave: int = 0) -> None:
        """Recompute what was noted, `most` of it, but for the `leave` that were touched last."""
        left = len(self._unseen) - leave
        if left <= 0:
            return
        due = list(islice(self._unseen, left if most is None else min(most, left)))
        for each in due:
            del self._unseen[each]
        self._look_at(due)

    def stir_comparing(self) -> None:
        """Have the queues looked at that compare waits: whatever happens may change a wait."""
        self._stir(self.floor.comparing)

    def apply(self, decision: OwnDecision) -> None:
        """Fold a decision of this leader and recompute what it touched."""
        if touched := apply(self.state, decision):
            self._look_at(touched)

    def advance(self, now: datetime) -> None:
        """Take the steps that calls have reached by now."""
        self.now = max(self.now, now)
        while (due := self.due_steps.first()) and due[0] <= self.now:
            self.due_steps.drop(due[1])
            self._call(due[1])
            self.doubtful_sites.update(self._reserves)

    def first_at(self, source: Source) -> Rank | None:
        """Return the rank of the first call that waits at the source, or None."""
        waiting = self.waiting.get(source)
        found = waiting.ranks.first() if waiting else None
        return found[0] if found else None

    def first_due_offer(self) -> tuple[datetime, str] | None:
        """Return when the first offer is to be asked back, and which; None if there is none."""
        while (found := self.due_offers.first()) and found[1] not in self.state.reservations:
            self.due_offers.drop(found[1])
        return found

    def plan_at(self, source: Source) -> Plan:
        """Return what the queue does for calls that wait at a source of it."""
        return self.floor.plan(source.item, source.channel, source.step)

    def asks_for(self, site_id: str) -> bool:
        """Tell whether a call waits that has reached a step that opens the reserve site."""
        return any(
            source.kind == "queue" and site_id in self.plan_at(source).opens
            for line in self.lines.values()
            for source in line.sources
        )

    def is_unserved(self, call: Call) -> bool:
        """Tell whether the call waits for a queue whose calls nobody signed in could take."""
        return call.agent_id is None and not self.floor.is_served(call.queue_id or "", call.channel)

    def unserved(self) -> dict[str, int]:
        """Return the queues where calls wait that nobody signed in could take, and how many."""
        found: dict[str, int] = {}
        for queue_id, line in self.lines.items():
            for source, count in line.sources.items():
                if source.kind == "queue" and not self.floor.is_served(queue_id, source.channel):
                    found[queue_id] = found.get(queue_id, 0) + count
        return found

    def _look_at(self, touched: Iterable[tuple[Kind, str]]) -> None:
        for kind, item in touched:
            self._recompute[kind](item)
        self.doubtful_sites.update(self._reserves)
        self.stir_comparing()

    def _note_all(self) -> None:
        """Note everything. Rare: to begin with, and when the policy or a calendar changed."""
        state = self.state
        for site_id in state.sites:
            self._look_reserve(site_id)
        self.doubtful_sites.update(state.sites)
        self.note(("queue", queue_id) for queue_id in state.queues)
        self.note(("agent", agent_id) for agent_id in state.agents)
        self.note(("call", call_id) for call_id in state.calls)

    def _call(self, call_id: str) -> None:
        call = self.state.calls.get(call_id)
        self._offers(call)
        place, before = place_of(self.floor, call_id, call, self.now), self.places.get(call_id)
        if before is not None and before != place:
            self._take_out(before)
        if place is None or call is None:
            self.due_calls.drop(call_id)
            self.due_steps.drop(call_id)
            return
        if before != place:
            self._put_in(place)
        if wanted := call.agent_id or call.preferred_agent_id:
            self._wanted.setdefault(wanted, set()).add(call_id)
        _keep(self.due_calls, call_id, self._overflow_at(call, place))
        _keep(self.due_steps, call_id, next_step_at(self.state, call, self.now))

    def _put_in(self, place: Place) -> None:
        call_id, source = place.rank.call_id, place.source
        self.places[call_id] = place
        if source not in self.waiting:
            self.waiting[source] = Waiting()
        self.waiting[source].put(place)
        self.stirred.add(source)
        if place.queue_id is not None:
            self.lines.setdefault(place.queue_id, Line()).put(place)

    def _take_out(self, place: Place) -> None:
        call_id, source = place.rank.call_id, place.source
        del self.places[call_id]
        self.waiting[source].drop(place)
        if place.queue_id is not None:
            self.lines[place.queue_id].drop(place)

    def _overflow_at(self, call: Call, place: Place) -> datetime | None:
        if place.source.kind == "queue" and self.plan_at(place.source).moves:
            return AT_ONCE
        return overflow_at(self.state, call, unserved=self.is_unserved(call))

    def _offers(self, call: Call | None) -> None:
        """Recompute when the call's offers are asked back. Settled ones go when they surface."""
        for reservation_id in call.reservations if call else ():
            at = rescind_at(self.state, self.state.reservations[reservation_id])
            _keep(self.due_offers, reservation_id, at)

    def _agent(self, agent_id: str) -> None:
        agent = self.state.agents.get(agent_id)
        if agent is None:
            return
        counted = self.floor.count(agent_id, agent)
        self._stir(counted.freed)
        for queue_id in counted.turned:
            self._calls_of(queue_id)
        self._look_wanted(agent_id)

    def _look_wanted(self, agent_id: str) -> None:
        """Recompute the calls that the agent was to have; forget those that wait no longer."""
        for call_id in tuple(self._wanted.get(agent_id, ())):
            self._call(call_id)
            if place := self.places.get(call_id):
                self.stirred.add(place.source)
            else:
                self._wanted[agent_id].discard(call_id)

    def _queue(self, queue_id: str) -> None:
        """Recompute a queue and its calls: rare."""
        self.floor.serve(queue_id)
        self._calls_of(queue_id)
        self._stir([queue_id])

    def _site(self, site_id: str) -> None:
        """Recompute a site: rare, so everything that may depend on it is looked at."""
        self._look_reserve(site_id)
        self.doubtful_sites.add(site_id)
        for agent_id in self.floor.agents_at(site_id):
            self._agent(agent_id)
        for call_id in self.state.calls:
            self._call(call_id)

    def _look_reserve(self, site_id: str) -> None:
        site = self.state.sites.get(site_id)
        reserve = site is not None and site.reserve is not None and not site.deleted
        (self._reserves.add if reserve else self._reserves.discard)(site_id)

    def _calls_of(self, queue_id: str) -> None:
        line = self.lines.get(queue_id)
        for call_id in [item for item, _ in line.since.items()] if line else ():
            self._call(call_id)

    def _stir(self, queue_ids: Iterable[str]) -> None:
        for queue_id in queue_ids:
            if line := self.lines.get(queue_id):
                self.stirred.update(line.sources)


def _keep(heap: Heap[datetime], item: str, at: datetime | None) -> None:
    if at is None:
        heap.drop(item)
    else:
        heap.put(item, at)
