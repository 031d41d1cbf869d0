"""How often a caller's wait lies within what the router had stated when the call came."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.routing.centre import centre
from bench.routing.demand import SECOND, Demand
from bench.routing.simulation import simulate
from router.domain.expected import Estimate, expected_wait
from router.domain.indexes import Indexes


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


def kept(days: Iterable[list[Demand]], agents: int) -> Kept:
    """Return how the stated intervals held on these days, with `agents` spread over four sites."""
    return sum((_kept(day, agents) for day in days), Kept())


def _kept(day: list[Demand], agents: int) -> Kept:
    stated: dict[int, Estimate] = {}

    def before(call: Demand, indexes: Indexes) -> None:
        estimate = expected_wait(indexes, "queue-0")
        if estimate is not None and estimate.mean_s > 0:
            stated[call.number] = estimate

    sizes = tuple(agents // 4 + (site < agents % 4) for site in range(4))
    answers = simulate(day, centre(sizes=sizes), before=before)
    found = Kept()
    for number, estimate in stated.items():
        wait = answers.waits[number]
        if wait is not None:
            wait_s = wait / SECOND
            below, above = wait_s < estimate.low_s, wait_s > estimate.high_s
            found += Kept(below=below, within=not (below or above), above=above)
    return found
