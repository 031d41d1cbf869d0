"""The router's routing against what the theory allows, in simulated days."""

import os
import statistics
from collections.abc import Sequence
from functools import partial
from typing import Final

from bench.report import Report, draw
from bench.routing.centre import centre
from bench.routing.comparators import overflow_after, pooled, split
from bench.routing.demand import (
    BALANCED,
    HANDLE_S,
    SECOND,
    SITES,
    SIZES,
    SKEWED,
    Demand,
    day,
    rate_of,
)
from bench.routing.erlang import mean_wait_s
from bench.routing.measures import (
    asa_s,
    by_site,
    gaps,
    home_matrix,
    home_share,
    occupancy,
    spread_by_chance,
)
from bench.routing.simulation import Answers, simulate

CALLS: Final = int(os.environ.get("BENCH_CALLS", "100000"))
LOADS: Final = (0.92, 0.95)
AGENTS: Final = sum(SIZES)
OVERFLOW_S: Final = 20
WARM_UP_S: Final = 10 * HANDLE_S
RINGS_S: Final = (2, 4, 8)
WINDOWS_S: Final = (5.0, 15.0, 60.0)
LONGER: Final = 2.5
"""So many times longer are the days of which each agent's occupancy is taken: it is noisy."""

LONG: Final = 1.2
TENTH: Final = 10
"""A tenth of the agents have ten times the calls each: 3,000, so that chance is hardly left."""

_NOTE = """\
Sites of 120, 80, 60 and 140 agents, handle time 240 s exponential, {calls} calls a day, common
random numbers. Ratios are of mean waits of all callers (ASA) over those of the pooled queue on the
same day. Deterministic: the same on every machine."""


async def measure(report: Report) -> None:
    """Simulate the days of every table."""
    tables = [
        *(partial(_against_theory, report, load) for load in LOADS),
        *(partial(_skills, report, load) for load in LOADS),
        partial(_sites, report, "balanced", BALANCED),
        partial(_sites, report, "skewed", SKEWED),
        partial(_long, report),
        partial(_selection, report),
        partial(_rings, report),
        partial(_windows, report),
    ]
    for done, table in enumerate(tables):
        draw("tables", done, len(tables))
        table()
    draw("tables", len(tables), len(tables))
    report.note = _NOTE.format(calls=f"{CALLS:,}")


def demand(
    load: float, shares: Sequence[float] = BALANCED, *, queues: int = 1, longer: float = 1.0
) -> list[Demand]:
    """Return the day that all who are compared at this load go through."""
    return day(round(CALLS * longer), rate_of(load, AGENTS), shares=shares, queues=queues)


def _against_theory(report: Report, load: float) -> None:
    calls = demand(load)
    ideal = asa_s(pooled(calls, AGENTS))
    theory = mean_wait_s(AGENTS, load * AGENTS, HANDLE_S)
    routed = simulate(calls, centre())
    report.add(f"load {load}: ASA pooled, over Erlang C", ideal, "s", baseline=theory)
    report.add(f"load {load}: ASA, over pooled", asa_s(routed.waits), "s", baseline=ideal)
    report.add(f"load {load}: answered at home", home_share(routed), "share")
    alone = asa_s(split(calls, SIZES))
    report.add(f"load {load}: ASA split by site, over pooled", alone, "s", baseline=ideal)
    later = asa_s(overflow_after(calls, SIZES, OVERFLOW_S * SECOND))
    report.add(f"load {load}: ASA home, then any after 20 s", later, "s", baseline=ideal)


def _skills(report: Report, load: float) -> None:
    calls = demand(load, queues=8)
    ideal = asa_s(pooled(calls, AGENTS))
    for skills in (3, 2):
        routed = simulate(calls, centre(queues=8, skills=skills))
        name = f"load {load}: ASA, {skills} of 8 skills"
        report.add(name, asa_s(routed.waits), "s", baseline=ideal)


def _sites(report: Report, name: str, shares: Sequence[float]) -> None:
    """Add who is answered where, who waits how long, and how busy everybody is."""
    routed = simulate(demand(0.92, shares, longer=LONGER), centre())
    report.add(f"{name}: answered at home", home_share(routed), "share")
    for home, row in zip(SITES, home_matrix(routed), strict=True):
        for site, share in zip(SITES, row, strict=True):
            report.add(f"{name}: callers of {home} answered in {site}", share, "share")
    for home, gap in zip(SITES, gaps(routed.day, routed.waits, len(SITES)), strict=True):
        report.add(f"{name}: callers of {home} wait longer by", gap.mean_s, "s")
        report.add(f"{name}: callers of {home} .. in standard errors", gap.errors, "1")
    _occupancy(report, name, routed)


def _occupancy(report: Report, name: str, routed: Answers) -> None:
    sites = by_site(routed, occupancy(routed, warm_up_s=WARM_UP_S))
    means = [sum(shares) / len(shares) for shares in sites]
    chance = spread_by_chance(routed, warm_up_s=WARM_UP_S)
    for site, mean, shares, error in zip(SITES, means, sites, chance, strict=True):
        report.add(f"{name}: occupancy in {site}", mean, "share")
        report.add(f"{name}: most less least in {site}", 100 * (shares[-1] - shares[0]), "points")
        spread = 100 * statistics.stdev(shares)
        name_of_it = f"{name}: spread in {site}, over that by chance"
        report.add(name_of_it, spread, "points", baseline=100 * error)
    report.add(f"{name}: busiest less idlest site", 100 * (max(means) - min(means)), "points")


def _long(report: Report) -> None:
    """Add how busy agents are over so many calls each that chance hardly tells them apart."""
    few = tuple(size // TENTH for size in SIZES)
    calls = day(round(CALLS * LONG), rate_of(0.92, sum(few)), shares=SKEWED)
    _occupancy(report, "skewed, a tenth of the agents, long", simulate(calls, centre(few)))


def _selection(report: Report) -> None:
    """Add what it takes to make sites equally busy under skew, and what it costs in home share."""
    calls = demand(0.92, SKEWED)
    for name, home_first in (("home first", True), ("home not first", False)):
        name = f"skewed, least_occupied, {name}"
        routed = simulate(calls, centre(selection="least_occupied", home_first=home_first))
        report.add(f"{name}: answered at home", home_share(routed), "share")
        _occupancy(report, name, routed)


def _rings(report: Report) -> None:
    calls = demand(0.92)
    ideal = asa_s(pooled(calls, AGENTS))
    for ring_s in RINGS_S:
        routed = simulate(calls, centre(), ring=ring_s * SECOND)
        asa = asa_s(routed.waits)
        report.add(f"ring {ring_s} s: ASA, over pooled without", asa, "s", baseline=ideal)
        report.add(f"ring {ring_s} s: ASA without the ring itself", asa - ring_s, "s")
        report.add(f"ring {ring_s} s: answered at home", home_share(routed), "share")


def _windows(report: Report) -> None:
    calls = demand(0.95, SKEWED)
    for window_s in WINDOWS_S:
        routed = simulate(calls, centre(fairness_window_s=window_s))
        worst = max(gap.mean_s for gap in gaps(calls, routed.waits, len(SITES)))
        name = f"skewed, load 0.95, fairness window {window_s:g} s"
        report.add(f"{name}: answered at home", home_share(routed), "share")
        report.add(f"{name}: ASA", asa_s(routed.waits), "s")
        report.add(f"{name}: most that a site's callers wait longer", worst, "s")
