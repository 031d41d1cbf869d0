"""A day of calls through the router, event by event, and what became of each call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from bench.routing.centre import Centre
from bench.routing.demand import Demand
from bench.routing.router import Routed
from contact_events.routing import CallRouted, SiteStatusChanged
from router.domain.indexes import Indexes

_END, _LEFT, _PICKED_UP, _CAME = range(4)
"""What may happen, in the order in which it does at one moment."""

_Event = tuple[int, int, int]


class Unforeseen(Exception):
    """The router said what nothing in the simulated day should make it say."""

    code = "unforeseen"


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of each call, in the order of the calls; times in microseconds.

    `waits` is until the join, None for those who left; `agents` and `sites` are None for those,
    too. `ring` is how long each offer rang.
    """

    day: Sequence[Demand]
    centre: Centre
    ring: int
    waits: list[int | None]
    agents: list[str | None]
    sites: list[int | None]


def simulate(
    day: Sequence[Demand],
    centre: Centre,
    *,
    ring: int = 0,
    before: Callable[[Demand, Indexes], None] | None = None,
) -> Answers:
    """Return what becomes of the day's calls where every agent takes `ring` to pick up.

    `before` is shown each call as it comes, with what the router knows by then.

    Raises:
        Unforeseen: the router did anything else but offer calls.
    """
    return _Day(day, centre, ring, before).play()


class _Day:
    def __init__(
        self,
        day: Sequence[Demand],
        centre: Centre,
        ring: int,
        before: Callable[[Demand, Indexes], None] | None,
    ) -> None:
        self._day = day
        self._before = before
        self._ring = ring
        self._router = Routed(centre)
        self._offers: dict[int, CallRouted] = {}
        self._waits: list[int | None] = [None] * len(day)
        self._agents: list[str | None] = [None] * len(day)
        self._events: list[_Event] = [(call.at, _CAME, call.number) for call in day]
        heapify(self._events)

    def play(self) -> Answers:
        router, events = self._router, self._events
        while events:
            when = router.due()
            if when is None or when >= events[0][0]:
                now, kind, number = heappop(events)
                router.move_to(now)
                self._happen(kind, number)
            else:
                router.move_to(when)
            self._let_decide()
        sites = [None if one is None else router.floor.site_of[one] for one in self._agents]
        return Answers(self._day, router.floor.centre, self._ring, self._waits, self._agents, sites)

    def _happen(self, kind: int, number: int) -> None:
        call, router = self._day[number], self._router
        if kind == _CAME:
            if self._before is not None and router.indexes is not None:
                self._before(call, router.indexes)
            router.floor.queued(f"{number:08}", call.home, call.queue)
            if call.patience is not None:
                heappush(self._events, (call.at + call.patience, _LEFT, number))
        elif kind == _PICKED_UP:
            if number in self._offers:
                self._answer(number, self._offers[number])
        elif kind == _END:
            router.floor.ended(self._offers.pop(number))
        elif self._waits[number] is None:
            router.floor.abandoned(f"{number:08}", self._offers.pop(number, None))

    def _answer(self, number: int, offer: CallRouted) -> None:
        call, now = self._day[number], self._router.now
        self._router.floor.answered(offer)
        self._waits[number] = now - call.at
        self._agents[number] = offer.agent_id
        heappush(self._events, (now + call.handle, _END, number))

    def _let_decide(self) -> None:
        for decision in self._router.decide():
            if isinstance(decision, CallRouted):
                number = int(decision.call_id)
                self._offers[number] = decision
                if self._ring:
                    self._router.floor.ringing(decision)
                    heappush(self._events, (self._router.now + self._ring, _PICKED_UP, number))
                else:
                    self._answer(number, decision)
            elif not isinstance(decision, SiteStatusChanged):
                raise Unforeseen(repr(decision))
