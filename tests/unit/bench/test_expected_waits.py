"""What the router states of a wait is as true as it says, on real days of real callers."""

import math
from functools import cache
from pathlib import Path

import pytest

from bench.routing.real_days import demand, read_days
from bench.routing.stated import Kept, kept
from router.domain.expected import SHARE, estimate

FILE = Path(__file__).parents[4] / "shared/data/bank_calls_1999_02.csv"
BUSY = ("1999-02-02", "1999-02-07", "1999-02-11", "1999-02-16", "1999-02-21", "1999-02-25")


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


def test_so_do_the_waits_that_are_left_at_each_position_in_the_queue() -> None:
    waited = [held for position, held in found().items() if position > 0]
    together = sum(waited, Kept())
    assert together.calls > 2000
    assert together.share == pytest.approx(SHARE, abs=0.03)
    assert together.below == pytest.approx(together.above, rel=0.35)
    often = [held for held in waited if held.calls > 200]
    assert len(often) >= 4, "nobody stood far back"
    for held in often:
        assert held.share == pytest.approx(SHARE, abs=0.05)


def test_one_call_ahead_of_nobody_waits_for_one_agent_of_all() -> None:
    found = estimate(ahead=0, agents=10, handle_s=200.0, leave_rate=0.0)
    assert found.mean_s == 20.0
    # of an exponential wait: -ln(0.9) and -ln(0.1) of the mean; Wilson and Hilferty come near
    assert found.low_s == pytest.approx(-20.0 * math.log(0.9), rel=0.08)
    assert found.high_s == pytest.approx(-20.0 * math.log(0.1), rel=0.02)


def test_each_call_ahead_adds_a_step_and_those_who_leave_make_it_shorter() -> None:
    patient = estimate(ahead=4, agents=10, handle_s=200.0, leave_rate=0.0)
    leaving = estimate(ahead=4, agents=10, handle_s=200.0, leave_rate=0.01)
    assert patient.mean_s == pytest.approx(100.0)
    assert leaving.mean_s == pytest.approx(sum(1 / (0.05 + i * 0.01) for i in range(5)))


def test_far_back_in_a_queue_the_steps_are_taken_together() -> None:
    near, far = (estimate(n, agents=10, handle_s=200.0, leave_rate=0.0) for n in (1999, 3999))
    assert far.mean_s == pytest.approx(2 * near.mean_s)
    assert (far.high_s - far.mean_s) / far.mean_s < (near.high_s - near.mean_s) / near.mean_s
