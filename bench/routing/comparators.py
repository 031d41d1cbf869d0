"""What the router is held against, each as plainly as it can be written.

None of them knows anything of the router's code. Every function returns the wait of each call in
microseconds, in the order of the calls; None for one who left the queue.
"""

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heapreplace

from bench.routing.demand import Demand


def pooled(day: Sequence[Demand], agents: int) -> list[int | None]:
    """Return the waits in one queue before equal agents, first come first served: the ideal."""
    free_at = [0] * agents
    waits: list[int | None] = []
    for call in day:
        wait = max(0, free_at[0] - call.at)
        if call.patience is not None and wait > call.patience:
            waits.append(None)
            continue
        heapreplace(free_at, call.at + wait + call.handle)
        waits.append(wait)
    return waits


def split(day: Sequence[Demand], sizes: Sequence[int]) -> list[int | None]:
    """Return the waits where every site answers its own callers and nobody else's."""
    waits: dict[int, int | None] = {}
    for site, agents in enumerate(sizes):
        own = [call for call in day if call.home == site]
        waits.update(zip((call.number for call in own), pooled(own, agents), strict=True))
    return [waits[call.number] for call in day]


def overflow_after(day: Sequence[Demand], sizes: Sequence[int], after: int) -> list[int | None]:
    """Return the waits where a call waits at home, and from `after` microseconds on anywhere.

    A freed agent takes whom among those it may take has waited longest. Nobody leaves.
    """
    return _Overflow(day, sizes, after).waits()


class _Overflow:
    """Home queues, and one more for all who have waited long enough."""

    def __init__(self, day: Sequence[Demand], sizes: Sequence[int], after: int) -> None:
        self._day = day
        self._after = after
        self._free = list(sizes)
        self._home: list[deque[Demand]] = [deque() for _ in sizes]
        self._anywhere: deque[Demand] = deque()
        self._waits: dict[int, int] = {}
        self._events: list[tuple[int, int, int]] = [(c.at, 1, c.number) for c in day]
        heapify(self._events)

    def waits(self) -> list[int | None]:
        """Play the day: an agent is freed (0), a call comes (1), a call may go anywhere (2)."""
        while self._events:
            now, kind, what = heappop(self._events)
            if kind == 0:
                self._free[what] += 1
                self._take(now, what)
            elif kind == 1:
                self._home[self._day[what].home].append(self._day[what])
                heappush(self._events, (now + self._after, 2, what))
                self._take(now, self._day[what].home)
            elif what not in self._waits:
                self._widen(now, self._day[what].home)
        return [self._waits[call.number] for call in self._day]

    def _widen(self, now: int, home: int) -> None:
        """Let the first call of this home be answered anywhere."""
        self._anywhere.append(self._home[home].popleft())
        for site, free in enumerate(self._free):
            if free:
                self._take(now, site)
                return

    def _take(self, now: int, site: int) -> None:
        queues = [queue for queue in (self._home[site], self._anywhere) if queue]
        if not self._free[site] or not queues:
            return
        call = min(queues, key=lambda queue: queue[0].number).popleft()
        self._free[site] -= 1
        self._waits[call.number] = now - call.at
        heappush(self._events, (now + call.handle, 0, site))
