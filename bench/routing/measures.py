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


def occupancy(answers: Answers, *, warm_up_s: float) -> dict[str, float]:
    """Return the share of time each agent talked, from the warm-up's end to the last arrival."""
    begins, ends = round(warm_up_s * SECOND), answers.day[-1].at
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
