"""How long nobody was heard to lead, in machine time: pure, told the time by its caller."""

from collections.abc import Callable
from typing import Final

LIMIT_S: Final = 1.0
JITTER_S: Final = 0.3
LONGEST_STEP_S: Final = 0.2
"""More than this between two looks is a pause of this process, which proves nothing."""

ANSWERING_S: Final = 0.5
"""A log that has not answered for longer is away: then silence is the log's, not the leader's."""


class Silence:
    """Counts silence while the log answers, and says when it is long enough to claim."""

    def __init__(self, draw: Callable[[], float]) -> None:
        """`draw` returns a number from 0 to 1: jitter, so that not all claim at once."""
        self._draw = draw
        self._seen_at: float | None = None
        self.broken()

    def broken(self) -> None:
        """Somebody was heard: count anew."""
        self.passed_s = 0.0
        self._limit_s = LIMIT_S + JITTER_S * self._draw()

    def look(self, at: float, unheard_s: float) -> bool:
        """Count the time since the last look; tell whether the silence is long enough.

        `at` is a machine time in seconds, `unheard_s` for how long the log has not answered.
        """
        step = at - self._seen_at if self._seen_at is not None else 0.0
        self._seen_at = at
        if unheard_s > ANSWERING_S:
            self.broken()
            return False
        self.passed_s += min(step, LONGEST_STEP_S)
        return self.passed_s >= self._limit_s
