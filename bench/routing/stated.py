"""How often a caller's wait lies within what the router had stated.

Stated to who joins the queue, and to who waits already: at the first arrival of another call that
finds the caller at a position.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.routing.centre import centre
from bench.routing.demand import SECOND, Demand
from bench.routing.simulation import Answers, simulate
from router.domain.expected import Estimate, expected_wait
from router.domain.indexes import Indexes
from router.domain.positions import positions

BANDS: Final = {
    "who joins": range(1),
    "1st": range(1, 2),
    "2nd and 3rd": range(2, 4),
    "4th to 9th": range(4, 10),
    "10th and beyond": range(10, 1000),
}
"""Positions that are counted together: 0 is who joins the queue."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many waits were shorter than stated, within, and longer.

    Of calls that had to wait and were answered; those for whom an agent was free are left out,
    since there is nothing to state.
    """

    below: int = 0
    within: int = 0
    above: int = 0

    @property
    def calls(self) -> int:
        """Return how many waits were compared."""
        return self.below + self.within + self.above

    @property
    def share(self) -> float:
        """Return the share of the waits that lay within what was stated."""
        return self.within / self.calls if self.calls else 0.0

    def __add__(self, other: "Kept") -> "Kept":
        """Return both together."""
        return Kept(self.below + other.below, self.within + other.within, self.above + other.above)


def kept(days: Iterable[list[Demand]], agents: int) -> dict[int, Kept]:
    """Return how the intervals held that were stated at each position: 0 is who joins the queue.

    On these days, with `agents` spread over four sites.
    """
    found: dict[int, Kept] = {}
    for day in days:
        for number, more in _kept(day, agents).items():
            found[number] = found.get(number, Kept()) + more
    return found


def by_band(found: Mapping[int, Kept]) -> dict[str, Kept]:
    """Return how the intervals held in each of the `BANDS`."""
    return {
        band: sum((held for number, held in found.items() if number in numbers), Kept())
        for band, numbers in BANDS.items()
    }


def _kept(day: list[Demand], agents: int) -> dict[int, Kept]:
    stated: dict[tuple[int, int], tuple[int, Estimate]] = {}
    """By call and position: when it was stated, and what."""

    def before(call: Demand, indexes: Indexes) -> None:
        joins = expected_wait(indexes, "queue-0")
        if joins is not None and joins.mean_s > 0:
            stated[call.number, 0] = call.at, joins
        for call_id, each in positions(indexes).get("queue-0", {}).items():
            if each.wait is not None:
                stated.setdefault((int(call_id), each.number), (call.at, each.wait))

    sizes = tuple(agents // 4 + (site < agents % 4) for site in range(4))
    answers = simulate(day, centre(sizes=sizes), before=before)
    found: dict[int, Kept] = {}
    for (number, position), (at, estimate) in stated.items():
        left_s = _left_s(answers, number, at)
        if left_s is not None:
            below, above = left_s < estimate.low_s, left_s > estimate.high_s
            held = Kept(below=below, within=not (below or above), above=above)
            found[position] = found.get(position, Kept()) + held
    return found


def _left_s(answers: Answers, number: int, at: int) -> float | None:
    """Return how long the call still waited from then on; None if it left."""
    wait = answers.waits[number]
    return None if wait is None else (answers.day[number].at + wait - at) / SECOND
