"""Where calls wait, in which order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from router.domain.heaps import Heap


class Source(NamedTuple):
    """Calls that wait for the same: if the first of them cannot be offered, none of them can.

    `item` is the queue, or the agent who was named or is preferred; `step` is how many steps of
    the queue were reached, and `home` is set where these look differently for each home.
    """

    kind: Literal["queue", "agent"]
    item: str
    channel: str
    step: int = 0
    home: str | None = None


class Rank(NamedTuple):
    """A call's place in the order of all that wait: lower goes first.

    Recovered calls first, then by falling priority, then by the time they began to wait. Where
    waiting counts as priority, `priority` is 0 and `since` is as much earlier as the call's own
    priority is worth: the order of two calls does not change while both wait. Of two that are
    equal so far, the one that has waited longer goes first.
    """

    again: int
    priority: int
    since: datetime
    waiting_since: datetime
    call_id: str


class Place(NamedTuple):
    """Where a call waits: its queue, home site, and since when if it had waited without a break."""

    source: Source
    home: str | None
    rank: Rank
    since: datetime
    queue_id: str | None


@dataclass(slots=True)
class Waiting:
    """The calls that wait at one source, all together and by home site."""

    ranks: Heap[Rank] = field(default_factory=Heap)
    by_home: dict[str | None, Heap[Rank]] = field(default_factory=dict)

    def put(self, place: Place) -> None:
        """Let a call wait here."""
        call_id = place.rank.call_id
        self.ranks.put(call_id, place.rank)
        if place.home not in self.by_home:
            self.by_home[place.home] = Heap()
        self.by_home[place.home].put(call_id, place.rank)

    def drop(self, place: Place) -> None:
        """Let a call wait here no longer."""
        self.ranks.drop(place.rank.call_id)
        self.by_home[place.home].drop(place.rank.call_id)

    def first_at(self, home: str) -> Rank | None:
        """Return the rank of the first call whose home is this site, or None."""
        heap = self.by_home.get(home)
        found = heap.first() if heap else None
        return found[0] if found else None


@dataclass(slots=True)
class Line:
    """All calls that wait in one queue, whatever they wait for: how many, since when, whence."""

    since: Heap[datetime] = field(default_factory=Heap)
    sources: dict[Source, int] = field(default_factory=dict)
    by_home: dict[str | None, int] = field(default_factory=dict)

    def put(self, place: Place) -> None:
        """Count a call in."""
        self.since.put(place.rank.call_id, place.since)
        self.sources[place.source] = self.sources.get(place.source, 0) + 1
        self.by_home[place.home] = self.by_home.get(place.home, 0) + 1

    def drop(self, place: Place) -> None:
        """Count a call out."""
        self.since.drop(place.rank.call_id)
        self.by_home[place.home] -= 1
        left = self.sources[place.source] - 1
        if left:
            self.sources[place.source] = left
        else:
            del self.sources[place.source]
