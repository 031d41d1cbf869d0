"""What the router states of a wait is as true as it says, on real days of real callers."""

import math
import random
import statistics
from collections.abc import Callable
from functools import cache

import pytest

from bench.routing.demand import HANDLE_S, SECOND, Demand, day, rate_of
from bench.routing.real_days import FILE, demand, read_days
from bench.routing.stated import BANDS, Kept, by_band, kept
from router.domain.expected import SHARE, Rates, dispersion, estimate

BUSY = ("1999-02-02", "1999-02-07", "1999-02-11", "1999-02-16", "1999-02-21", "1999-02-25")
OFTEN = tuple(BANDS)[:4]
"""Where many stand; ten or more stand in a few crowds only."""


@cache
def found() -> dict[int, Kept]:
    if not FILE.exists():
        pytest.skip("the file of real calls is not there")
    days = read_days(FILE)
    return kept([demand(day, days[day]) for day in BUSY], agents=7)


def test_a_real_days_waits_lie_within_the_stated_interval_as_often_as_stated() -> None:
    joined = found()[0]
    assert joined.calls > 1000
    assert joined.share == pytest.approx(SHARE, abs=0.03)
    assert joined.below == pytest.approx(joined.above, rel=0.35)


@pytest.mark.parametrize("band", OFTEN)
def test_so_do_the_waits_that_are_left_wherever_in_the_queue_the_caller_stands(band: str) -> None:
    held = by_band(found())[band]
    assert held.calls > 600
    assert held.share == pytest.approx(SHARE, abs=0.03)
    assert min(held.below, held.above) > 0.05 * held.calls


def hyperexponential(chance: random.Random) -> float:
    """Return a length of mean 1 and variance 4: most are short, some very long."""
    often = (1.0 + math.sqrt(3 / 5)) / 2.0
    phase = often if chance.random() < often else 1.0 - often
    return chance.expovariate(2.0 * phase)


def erlang(chance: random.Random) -> float:
    """Return a length of mean 1 and variance 1/4."""
    return chance.gammavariate(4.0, 1 / 4)


def drawn(seed: int, length: Callable[[random.Random], float], agents: int) -> list[Demand]:
    """Return a day at full load, with callers who wait 10 minutes on average before they leave."""
    chance = random.Random(f"{seed}/length")
    calls = day(1500, rate_of(1.0, agents), patience_s=600.0, seed=seed)
    return [call._replace(handle=round(length(chance) * HANDLE_S * SECOND) + 1) for call in calls]


@pytest.mark.parametrize("length", [hyperexponential, erlang])
def test_handle_times_may_vary_much_or_little(length: Callable[[random.Random], float]) -> None:
    bands = by_band(kept([drawn(seed, length, agents=8) for seed in (1, 2, 3)], agents=8))
    for band in OFTEN:
        assert bands[band].calls > 1000
        assert bands[band].share == pytest.approx(SHARE, abs=0.04), band


def test_one_call_ahead_of_nobody_waits_for_one_agent_of_all() -> None:
    found = estimate(ahead=0, agents=10, rates=Rates(200.0, 0.0))
    assert found.mean_s == 20.0
    # of an exponential wait: -ln(0.9) and -ln(0.1) of the mean; Wilson and Hilferty come near
    assert found.low_s == pytest.approx(-20.0 * math.log(0.9), rel=0.08)
    assert found.high_s == pytest.approx(-20.0 * math.log(0.1), rel=0.02)


def test_each_call_ahead_adds_a_step_and_those_who_leave_make_it_shorter() -> None:
    patient = estimate(ahead=4, agents=10, rates=Rates(200.0, 0.0))
    leaving = estimate(ahead=4, agents=10, rates=Rates(200.0, 0.01))
    assert patient.mean_s == pytest.approx(100.0)
    assert leaving.mean_s == pytest.approx(sum(1 / (0.05 + i * 0.01) for i in range(5)))


def test_far_back_in_a_queue_the_steps_are_taken_together() -> None:
    near, far = (estimate(n, agents=10, rates=Rates(200.0, 0.0)) for n in (1999, 3999))
    assert far.mean_s == pytest.approx(2 * near.mean_s)
    assert (far.high_s - far.mean_s) / far.mean_s < (near.high_s - near.mean_s) / near.mean_s


def test_how_handle_times_vary_is_felt_far_back_and_changes_no_mean() -> None:
    alike, varied = Rates(200.0, 0.0, scv=0.25), Rates(200.0, 0.0, scv=4.0)
    for ahead, least, most in ((0, 1.0, 1.1), (99, 1.5, 4.0)):
        narrow, wide = estimate(ahead, 10, alike), estimate(ahead, 10, varied)
        assert narrow.mean_s == wide.mean_s
        assert least < (wide.high_s - wide.low_s) / (narrow.high_s - narrow.low_s) < most


def test_a_mean_of_few_contacts_is_doubted_and_the_interval_the_wider_for_it() -> None:
    sure, doubted = (estimate(9, 10, Rates(200.0, 0.0, doubt=doubt)) for doubt in (0.0, 0.2))
    assert sure.mean_s == doubted.mean_s
    assert doubted.low_s < sure.low_s < sure.high_s < doubted.high_s


@pytest.mark.parametrize("scv", [0.25, 1.0, 4.0])
def test_contacts_end_at_random_in_a_short_time_and_as_their_lengths_vary_in_a_long_one(
    scv: float,
) -> None:
    assert dispersion(1e-6, scv) == pytest.approx(1.0, abs=1e-5)
    assert dispersion(1e6, scv) == pytest.approx(scv, rel=1e-5)
    between = dispersion(1.0, scv)
    assert min(1.0, scv) <= between <= max(1.0, scv)


def test_between_the_two_the_dispersion_is_that_of_hyperexponential_lengths() -> None:
    """Counted: how many contacts of 40,000 agents, busy for long, end in twice their mean."""
    chance = random.Random("agents")
    ended = [ends_within(2.0, hyperexponential, chance) for _ in range(40_000)]
    mean = statistics.fmean(ended)
    assert mean == pytest.approx(2.0, rel=0.02)
    assert statistics.variance(ended) / mean == pytest.approx(dispersion(2.0, 4.0), rel=0.04)


def ends_within(
    time: float, length: Callable[[random.Random], float], chance: random.Random
) -> int:
    """Return how many contacts an agent ends in that time, who has been busy for 20 means."""
    at, ended = -20.0, -1
    while at <= time:
        at += length(chance)
        ended += at > 0.0
    return ended
