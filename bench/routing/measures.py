"""What is read off a simulated day: waits, who answered whom, how busy everybody was."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from bench.routing.demand import SECOND, Demand
from bench.routing.simulation import Answers

BATCHES = 20


def asa_s(waits: Sequence[int | None]) -> float:
    """Return the mean wait of those who were answered, seconds.

    Source: WFM Labs, Contact Center Metrics Glossary, "Average Speed of Answer (ASA)".
    """
    return statistics.fmean(wait for wait in waits if wait is not None) / SECOND


def abandoned(waits: Sequence[int | None]) -> float:
    """Return the share of callers who left the queue."""
    return sum(wait is None for wait in waits) / len(waits)


def home_share(answers: Answers) -> float:
    """Return the share of the answered who were answered at home."""
    pairs = [(c.home, s) for c, s in zip(answers.day, answers.sites, strict=True) if s is not None]
    return sum(home == site for home, site in pairs) / len(pairs)


def home_matrix(answers: Answers) -> list[list[float]]:
    """Return for each home site, which share of its answered callers each site answered."""
    sites = range(len(answers.centre.sites))
    counts = [[0] * len(sites) for _ in sites]
    for call, site in zip(answers.day, answers.sites, strict=True):
        if site is not None:
            counts[call.home][site] += 1
    return [[count / max(1, sum(row)) for count in row] for row in counts]


def occupancy(answers: Answers, *, warm_up_s: float, share: float = 1.0) -> dict[str, float]:
    """Return the share of time each agent talked, from the warm-up's end to the last arrival.

    With `share` of the time in which they came only the first such part is looked at.
    """
    begins, ends = round(warm_up_s * SECOND), round(share * answers.day[-1].at)
    busy = dict.fromkeys((one.agent_id for one in answers.centre.staff), 0)
    for call, wait, agent_id in zip(answers.day, answers.waits, answers.agents, strict=True):
        if wait is not None and agent_id is not None:
            joined = call.at + wait
            busy[agent_id] += max(0, min(joined + call.handle, ends) - max(joined, begins))
    return {agent_id: time / (ends - begins) for agent_id, time in busy.items()}


def by_site(answers: Answers, busy: dict[str, float]) -> list[list[float]]:
    """Return the occupancies of each site's agents, in rising order."""
    found: list[list[float]] = [[] for _ in answers.centre.sites]
    for one in answers.centre.staff:
        found[one.site].append(busy[one.agent_id])
    return [sorted(shares) for shares in found]


def spread_by_chance(answers: Answers, *, warm_up_s: float) -> list[float]:
    """Return by site how far chance alone spreads equal agents' occupancies: a standard deviation.

    Each agent talks and is idle by turns; if all these times are independent, the share of a time
    T that is talk has the variance (t² var(i) + i² var(t)) / (t + i)³ / T, with `t` and `i` the
    mean talk and idle time. Quiet and busy times, which the agents of a site share, count as
    chance here: so it is somewhat too much.

    Source: L. Takács, "On a sojourn time problem in the theory of stochastic processes",
    Transactions of the AMS 93 (1959).
    """
    talks, idle = _turns(answers)
    length = answers.day[-1].at - round(warm_up_s * SECOND)
    return [
        math.sqrt(_variance(talk, rest) / length) for talk, rest in zip(talks, idle, strict=True)
    ]


def _variance(talk: Sequence[int], rest: Sequence[int]) -> float:
    """Return the variance of the share talked, times the time that is looked at."""
    t, i = statistics.fmean(talk), statistics.fmean(rest)
    return (t**2 * statistics.pvariance(rest) + i**2 * statistics.pvariance(talk)) / (t + i) ** 3


def _turns(answers: Answers) -> tuple[list[list[int]], list[list[int]]]:
    """Return the lengths of all talks and of all idle times between them, by site."""
    talks, idle = ([list[int]() for _ in answers.centre.sites] for _ in range(2))
    ended: dict[str, int] = {}
    for call, wait, one, site in sorted(
        zip(answers.day, answers.waits, answers.agents, answers.sites, strict=True),
        key=lambda answered: answered[0].at + (answered[1] or 0),
    ):
        if wait is None or one is None or site is None:
            continue
        if one in ended:
            idle[site].append(call.at + wait - ended[one])
        talks[site].append(call.handle)
        ended[one] = call.at + wait + call.handle
    return talks, idle


class Gap(NamedTuple):
    """How much longer a site's callers waited than all callers, and the error of that, seconds."""

    mean_s: float
    error_s: float

    @property
    def errors(self) -> float:
        """Return the gap in units of its own error: beyond 3 it is no noise."""
        return self.mean_s / self.error_s if self.error_s else 0.0


def gaps(day: Sequence[Demand], waits: Sequence[int | None], sites: int) -> list[Gap]:
    """Return how the waits of each home's callers differ from everybody's.

    By batch means: the day is cut into equal parts, long enough to be nearly independent, and the
    differences of the parts say how far chance alone takes the mean.

    Source: A. M. Law, "Simulation Modeling and Analysis", 9.5.3.
    """
    size = len(day) // BATCHES
    parts: list[list[float]] = [[] for _ in range(sites)]
    for start in range(0, size * BATCHES, size):
        part = list(zip(day[start : start + size], waits[start : start + size], strict=True))
        everybody = asa_s([wait for _, wait in part])
        for site, differences in enumerate(parts):
            own = [wait for call, wait in part if call.home == site]
            differences.append(asa_s(own) - everybody)
    return [Gap(statistics.fmean(one), statistics.stdev(one) / math.sqrt(BATCHES)) for one in parts]


def mean_with_error_s(waits: Sequence[int | None]) -> Gap:
    """Return the mean wait with its error by batch means, seconds."""
    size = len(waits) // BATCHES
    means = [asa_s(waits[start : start + size]) for start in range(0, size * BATCHES, size)]
    return Gap(statistics.fmean(means), statistics.stdev(means) / math.sqrt(BATCHES))
