"""The callers of a simulated day: the same for everybody who is compared.

A call brings its own handle time and patience, so that whoever answers it, and whenever, needs the
same time. Times are whole microseconds, as the clock of the production code has them: sums and
comparisons are exact, and equal waits are equal to the last digit.
"""

import itertools
import random
from collections.abc import Sequence
from typing import Final, NamedTuple

SECOND: Final = 1_000_000
"""Microseconds."""

SITES: Final = ("moscow", "saransk", "minsk", "krasnoyarsk")
SIZES: Final = (120, 80, 60, 140)
HANDLE_S: Final = 240.0
BALANCED: Final = (0.30, 0.20, 0.15, 0.35)
"""Each site's share of the callers is its share of the agents."""

SKEWED: Final = (0.36, 0.22, 0.17, 0.25)


class Demand(NamedTuple):
    """One call: when it comes, where it is at home, which queue it wants, how long it takes."""

    number: int
    at: int
    home: int
    queue: int
    handle: int
    patience: int | None = None


def rate_of(load: float, agents: int, handle_s: float = HANDLE_S) -> float:
    """Return the arrivals a second that keep so many agents busy to this share."""
    return load * agents / handle_s


def day(
    calls: int,
    rate: float,
    *,
    shares: Sequence[float] = BALANCED,
    queues: int = 1,
    handle_s: float = HANDLE_S,
    patience_s: float | None = None,
    seed: int = 1,
) -> list[Demand]:
    """Return `calls` calls that come at random, `rate` a second, in order.

    Each of the figures of a call has a stream of chance of its own, so days that differ in rate,
    shares, queues or patience have everything else in common.
    """
    gap, home, queue, handle, leaves = (random.Random(f"{seed}/{what}") for what in "ghqsp")
    bounds = list(itertools.accumulate(shares))
    sites = range(len(shares))
    at, found = 0.0, list[Demand]()
    for number in range(calls):
        at += gap.expovariate(1.0) / rate
        found.append(
            Demand(
                number,
                round(at * SECOND),
                home.choices(sites, cum_weights=bounds)[0],
                int(queue.random() * queues),
                max(1, round(handle.expovariate(1.0) * handle_s * SECOND)),
                round(leaves.expovariate(1.0) * patience_s * SECOND) if patience_s else None,
            )
        )
    return found
