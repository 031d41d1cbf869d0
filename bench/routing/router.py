"""A leading router's state, fed with the facts of a floor as the leader feeds it."""

from datetime import timedelta

from bench.routing.centre import Centre
from bench.routing.floor import POOL, START, Floor
from contact_events.envelope import Envelope
from contact_events.topics import Topic
from contact_events.validity import Leadership
from router.domain.decide import decide
from router.domain.due import due
from router.domain.evolve import OwnDecision, fold
from router.domain.indexes import Indexes
from router.domain.state import INPUTS, Fact, State


class Routed:
    """A centre with everybody signed in, and the router that leads there.

    `now` is in microseconds since the beginning of the day.
    """

    def __init__(self, centre: Centre) -> None:
        """Open the centre and take the lead."""
        self.now = 0
        self._offsets = dict.fromkeys(INPUTS, 0)
        self.state = State(POOL)
        self.state.lead(Leadership(1, "bench", 0))
        self.indexes: Indexes | None = None
        self.floor = Floor(centre, self._take)
        self.floor.open()
        self.indexes = Indexes(self.state)
        self.decide()

    def move_to(self, now: int) -> None:
        """Let it be later."""
        if now != self.now:
            self.now = now
            self.floor.at = START + timedelta(microseconds=now)

    def due(self) -> int | None:
        """Return when the router looks again though nothing is written; None for never."""
        assert self.indexes is not None
        when = due(self.indexes)
        return None if when is None else max(self.now, (when - START) // timedelta(microseconds=1))

    def decide(self) -> list[OwnDecision]:
        """Return all that the router says at this moment."""
        indexes, now, said = self.indexes, self.floor.at, list[OwnDecision]()
        assert indexes is not None
        while (when := due(indexes)) is not None and when <= now:
            turn = decide(indexes, now)
            if not turn:
                break
            said += turn
        return said

    def fold(self, fact: Fact) -> None:
        """Fold the next record of a topic."""
        touched = fold(self.state, fact)
        if self.indexes is not None:
            self.indexes.touch(touched)

    def _take(self, topic: Topic, envelope: Envelope) -> None:
        offset = self._offsets[topic.name]
        self._offsets[topic.name] = offset + 1
        self.fold(Fact(topic.name, offset, envelope))
