"""What the router's domain owes to the theory, in simulated days: deterministic, so asserted.

`make bench NAME=routing` has the same over longer days.
"""

import math
import statistics
from functools import cache

import pytest

from bench.routing.centre import centre
from bench.routing.comparators import overflow_after, pooled, split
from bench.routing.demand import (
    BALANCED,
    HANDLE_S,
    SECOND,
    SIZES,
    SKEWED,
    Demand,
    day,
    rate_of,
)
from bench.routing.measures import (
    abandoned,
    asa_s,
    by_site,
    gaps,
    home_matrix,
    home_share,
    occupancy,
    spread_by_chance,
)
from bench.routing.simulation import Answers, simulate
from contact_events.config import Selection

AGENTS = sum(SIZES)
SELECTIONS: tuple[Selection, ...] = ("longest_idle", "least_occupied")
NOISE = 3.0
"""Standard errors within which a difference may be chance."""


@cache
def calls(load: float, shares: tuple[float, ...] = BALANCED, queues: int = 1) -> list[Demand]:
    busiest = (load, shares, queues) in ((0.92, BALANCED, 1), (0.95, BALANCED, 8))
    count = 40_000 if busiest else 20_000
    return day(count, rate_of(load, AGENTS), shares=shares, queues=queues)


@cache
def routed(load: float, shares: tuple[float, ...] = BALANCED) -> Answers:
    return simulate(calls(load, shares), centre())


@cache
def ideal_s(load: float, queues: int = 1) -> float:
    return asa_s(pooled(calls(load, queues=queues), AGENTS))


def means_of_sites(answers: Answers) -> list[float]:
    busy = by_site(answers, occupancy(answers, warm_up_s=10 * HANDLE_S))
    return [statistics.fmean(shares) for shares in busy]


@pytest.mark.parametrize("shares", [BALANCED, SKEWED], ids=["balanced", "skewed"])
def test_every_caller_waits_exactly_as_long_as_in_one_pooled_queue(
    shares: tuple[float, ...],
) -> None:
    assert routed(0.92, shares).waits == pooled(calls(0.92, shares), AGENTS)
    assert any(routed(0.92, shares).waits), "nobody waited, so nothing was compared"


def test_most_callers_are_answered_at_home() -> None:
    assert home_share(routed(0.92)) >= 0.85
    assert home_share(routed(0.92, SKEWED)) >= 0.78


def test_what_home_cannot_answer_is_spread_over_all_other_sites() -> None:
    for home, row in enumerate(home_matrix(routed(0.92))):
        assert row[home] == max(row)
        assert min(row) > 0.0
        assert sum(row) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("load", "skills", "most"), [(0.92, 3, 1.15), (0.92, 2, 1.6), (0.95, 2, 1.3)]
)
def test_a_few_skills_each_are_nearly_as_good_as_all(load: float, skills: int, most: float) -> None:
    few = simulate(calls(load, queues=8), centre(queues=8, skills=skills))
    assert 1.0 <= asa_s(few.waits) / ideal_s(load, queues=8) <= most


@pytest.mark.parametrize(("load", "least"), [(0.92, 10.0), (0.95, 6.0)])
def test_one_pool_waits_many_times_less_than_sites_on_their_own(load: float, least: float) -> None:
    assert asa_s(split(calls(load), SIZES)) / ideal_s(load) >= least


@pytest.mark.parametrize("load", [0.92, 0.95])
def test_overflow_at_once_waits_at_least_half_of_overflow_after_20_s(load: float) -> None:
    assert asa_s(overflow_after(calls(load), SIZES, 20 * SECOND)) / ideal_s(load) >= 2.0


def test_impatient_callers_leave_just_those_who_would_leave_one_pooled_queue() -> None:
    crowd = day(10_000, rate_of(1.0, 100), patience_s=120.0)
    answers = simulate(crowd, centre((30, 20, 15, 35)))
    assert answers.waits == pooled(crowd, 100)
    assert abandoned(answers.waits) > 0.02, "hardly anybody left, so nothing was compared"


@pytest.mark.parametrize("shares", [BALANCED, SKEWED], ids=["balanced", "skewed"])
def test_no_site_lets_its_callers_wait_longer_than_another(shares: tuple[float, ...]) -> None:
    found = gaps(calls(0.92, shares), routed(0.92, shares).waits, len(SIZES))
    assert all(abs(gap.errors) < NOISE for gap in found)
    alone = gaps(calls(0.92, shares), split(calls(0.92, shares), SIZES), len(SIZES))
    assert max(gap.errors for gap in alone) > max(gap.errors for gap in found)


@cache
def long_day() -> Answers:
    """In a small centre, since what an agent talks in all evens out with time, not with calls."""
    sizes = tuple(size // 20 for size in SIZES)
    calls = day(30_000, rate_of(0.92, sum(sizes)), shares=SKEWED)
    return simulate(calls, centre(sizes))


def test_agents_of_one_site_are_equally_busy() -> None:
    for shares in by_site(long_day(), occupancy(long_day(), warm_up_s=10 * HANDLE_S)):
        assert shares[-1] - shares[0] < 0.02


def test_what_still_tells_agents_of_one_site_apart_is_chance() -> None:
    """It is no more than chance makes it, and the less the longer one looks."""
    chance = spread_by_chance(long_day(), warm_up_s=10 * HANDLE_S)
    allowed = math.fsum(error**2 for error in chance)
    spreads = []
    for share in (0.25, 1.0):
        busy = occupancy(long_day(), warm_up_s=10 * HANDLE_S, share=share)
        sites = by_site(long_day(), busy)
        spreads.append(math.fsum(statistics.variance(shares) for shares in sites))
    early, whole = spreads
    assert whole < allowed
    assert whole < early / 2, "it falls with the time that is looked at: by 4, but for chance"


def test_sites_are_equally_busy_at_balanced_load() -> None:
    means = means_of_sites(routed(0.92))
    assert max(means) - min(means) < 0.02


def test_home_first_keeps_agents_of_an_overloaded_site_busier() -> None:
    means = means_of_sites(routed(0.92, SKEWED))
    assert 0.05 < max(means) - min(means) < 0.15


def test_the_least_occupied_first_makes_agents_of_a_site_more_alike() -> None:
    morning = calls(0.92, SKEWED)[:15_000]
    spreads = []
    for selection in SELECTIONS:
        answers = simulate(morning, centre(selection=selection))
        busy = by_site(answers, occupancy(answers, warm_up_s=10 * HANDLE_S))
        spreads.append(max(shares[-1] - shares[0] for shares in busy))
    longest_idle, least_occupied = spreads
    assert least_occupied < longest_idle / 2


def test_sites_are_equally_busy_under_skew_at_the_price_of_home() -> None:
    """What `least_occupied` cannot do while home goes first, and what it costs to let it."""
    morning, shares, spreads = calls(0.92, SKEWED)[:10_000], [], []
    for home_first in (True, False):
        even = centre(selection="least_occupied", home_first=home_first)
        answers = simulate(morning, even)
        assert answers.waits == pooled(morning, AGENTS)
        means = means_of_sites(answers)
        shares.append(home_share(answers))
        spreads.append(max(means) - min(means))
    assert spreads[0] > 0.05
    assert spreads[1] < 0.02
    assert shares[0] > 0.8
    by_chance = sum(share * size / AGENTS for share, size in zip(SKEWED, SIZES, strict=True))
    assert shares[1] == pytest.approx(by_chance, abs=0.02)


def test_ringing_costs_its_own_time_and_that_of_the_agent() -> None:
    ring, morning = 4 * SECOND, calls(0.92)[:10_000]
    longer = [call._replace(handle=call.handle + ring) for call in morning]
    expected = [ring + wait for wait in pooled(longer, AGENTS) if wait is not None]
    answers = simulate(morning, centre(), ring=ring)
    assert answers.waits == expected
    assert asa_s(answers.waits) > 4.0 + asa_s(pooled(morning, AGENTS))
