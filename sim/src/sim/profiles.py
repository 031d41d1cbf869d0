"""How a day goes when no file says it: arrivals, patience and handle times by published shapes.

Source: L. Brown, N. Gans, A. Mandelbaum, A. Sakov, H. Shen, S. Zeltyn and L. Zhao, "Statistical
Analysis of a Telephone Call Center: A Queueing-Science Perspective", Journal of the American
Statistical Association 100 (2005): arrivals are a Poisson process whose rate changes over the
day with a peak before noon and a lower one in the afternoon; service times are lognormal;
patience has many who leave at once and a long tail. The shapes are theirs; the levels are ours,
sized for the agents of `centre`.
"""

import math
import random
from collections.abc import Iterator

HOURLY_SHARE: dict[int, float] = {
    9: 0.80,
    10: 1.00,
    11: 0.98,
    12: 0.90,
    13: 0.88,
    14: 0.92,
    15: 0.90,
    16: 0.82,
    17: 0.70,
    18: 0.55,
    19: 0.45,
    20: 0.38,
}
"""The rate of arrivals by hour of the day in Moscow, against the peak hour's."""

OPENS_H, CLOSES_H = 9, 21
MEAN_HANDLE_S = 176.0
SIGMA_HANDLE = 0.9
"""Of the logarithm; the mean is that of February 1999 in the same bank."""

IMPATIENT_SHARE = 0.05
MEAN_PATIENCE_S = 420.0
MEAN_WRAP_UP_S = 18.0
MEAN_THINK_S = 4.0


def rate_per_s(hour: float, peak_per_hour: float) -> float:
    """Return the arrivals a business second at this hour of the day (fractions allowed)."""
    return HOURLY_SHARE.get(int(hour), 0.0) * peak_per_hour / 3600


def arrivals_s(rnd: random.Random, start_h: float, peak_per_hour: float) -> Iterator[float]:
    """Yield seconds after `start_h` at which calls arrive, until the day closes.

    Source: P. A. W. Lewis and G. S. Shedler (1979), thinning of a Poisson process.
    """
    highest = peak_per_hour / 3600
    at_s = 0.0
    while (at_s := at_s + rnd.expovariate(highest)) < (CLOSES_H - start_h) * 3600:
        if rnd.random() * highest < rate_per_s(start_h + at_s / 3600, peak_per_hour):
            yield at_s


def draw_handle_s(rnd: random.Random) -> float:
    """Return the length of a talk in seconds, lognormal, at least 5 and at most 1,800."""
    mu = math.log(MEAN_HANDLE_S) - SIGMA_HANDLE**2 / 2
    return min(1_800.0, max(5.0, rnd.lognormvariate(mu, SIGMA_HANDLE)))


def draw_patience_s(rnd: random.Random) -> float:
    """Return how long a caller waits before giving up, in seconds."""
    if rnd.random() < IMPATIENT_SHARE:
        return rnd.uniform(1.0, 15.0)
    return rnd.expovariate(1 / MEAN_PATIENCE_S) + 10.0


def draw_think_s(rnd: random.Random) -> float:
    """Return how long a caller listens to the menu before choosing, in seconds."""
    return 1.0 + rnd.expovariate(1 / MEAN_THINK_S)


def draw_wrap_up_s(rnd: random.Random) -> float:
    """Return how long an agent works after the talk, in seconds."""
    return 2.0 + rnd.expovariate(1 / MEAN_WRAP_UP_S)
