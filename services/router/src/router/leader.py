"""The leader's own state: the follower's at the claim, which applies decisions as it makes them."""

from dataclasses import dataclass
from datetime import datetime

from router.domain.decide import decide, progress
from router.domain.due import due
from router.domain.evolve import OwnDecision, fold
from router.domain.indexes import Indexes
from router.domain.state import Fact, State


@dataclass(frozen=True, slots=True)
class Batch:
    """The decisions of one turn: written at once, and counted when read back."""

    decisions: tuple[OwnDecision, ...]

    @property
    def last(self) -> int:
        """Return the number of the last decision."""
        return self.decisions[-1].number


class Leader:
    """Folds inputs as they are read, and decides one batch at a time."""

    def __init__(self, indexes: Indexes) -> None:
        """Lead from these and the state behind them, which are this leader's from now on."""
        self._indexes = indexes
        self.in_flight: Batch | None = None

    @property
    def state(self) -> State:
        """Return the state with all decisions made, read back or not."""
        return self._indexes.state

    @property
    def indexes(self) -> Indexes:
        """Return what is derived from the state, as it is now."""
        self._indexes.look()
        return self._indexes

    @property
    def unseen(self) -> int:
        """Return how much was touched and not looked at yet."""
        return self._indexes.unseen

    def fold(self, fact: Fact) -> None:
        """Fold the next record of an input topic; what it touched is looked at when needed."""
        self._indexes.note(fold(self.state, fact))

    def look(self) -> None:
        """Look at what was folded, so that the next turn need not."""
        self._indexes.look()

    def due(self) -> datetime | None:
        """Return the next moment at which `turn` may say something new; None for never."""
        return due(self.indexes)

    def turn(self, now: datetime, *, alive: bool = False) -> Batch | None:
        """Return the next batch; None while one is in flight or there is nothing to say.

        With `alive`, "nothing" is said in so many words, as `router.progress`.
        """
        if self.in_flight is not None:
            return None
        at = self.due()
        decisions = decide(self.indexes, now) if at is not None and at <= now else []
        if not decisions and alive:
            decisions = progress(self.indexes, now)
        if decisions:
            self.in_flight = Batch(tuple(decisions))
        return self.in_flight

    def leave(self, now: datetime) -> Batch:
        """Return the last batch: the word that this leader decides nothing more."""
        assert self.in_flight is None, "one batch at a time"
        self.in_flight = Batch(tuple(progress(self.indexes, now, leaving=True)))
        return self.in_flight
