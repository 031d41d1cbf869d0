"""The closed forms agree with what is known exactly, and the plain simulations with them."""

import math

import pytest

from bench.routing.comparators import overflow_after, pooled, split
from bench.routing.demand import SECOND, SIZES, day, rate_of
from bench.routing.erlang import erlang_a, erlang_b, erlang_c, mean_wait_s
from bench.routing.measures import abandoned, asa_s, mean_with_error_s

HANDLE_S = 240.0
CALLS = 200_000


def poisson(load: float, count: int) -> float:
    return math.exp(count * math.log(load) - load - math.lgamma(count + 1))


def test_erlang_b_is_the_share_of_the_full_state() -> None:
    states = [poisson(5.0, busy) for busy in range(11)]
    assert erlang_b(10, 5.0) == pytest.approx(states[10] / sum(states))
    assert erlang_b(10, 5.0) == pytest.approx(0.018385, abs=1e-6)  # as the trade's tables have it


def test_one_agent_is_the_queue_of_every_textbook() -> None:
    assert erlang_c(1, 0.8) == pytest.approx(0.8)
    assert mean_wait_s(1, 0.8, HANDLE_S) == pytest.approx(HANDLE_S * 0.8 / 0.2)


def test_too_much_load_has_no_mean_wait() -> None:
    assert erlang_c(10, 10.0) == 1.0
    with pytest.raises(ValueError, match="too many"):
        mean_wait_s(10, 10.0, HANDLE_S)


def test_callers_as_patient_as_agents_are_slow_are_a_poisson_crowd() -> None:
    said = erlang_a(8, 8.0, HANDLE_S, patience_s=HANDLE_S)
    crowd = {present: poisson(8.0, present) for present in range(8, 200)}
    assert said.waits == pytest.approx(sum(crowd.values()))
    waiting = sum((present - 8) * chance for present, chance in crowd.items())
    assert said.mean_wait_s == pytest.approx(waiting / (8.0 / HANDLE_S))
    assert said.abandons == pytest.approx(waiting / 8.0)


def test_callers_who_never_leave_wait_as_erlang_c_says() -> None:
    patient = erlang_a(12, 10.0, HANDLE_S, patience_s=1e12)
    assert patient.waits == pytest.approx(erlang_c(12, 10.0))
    assert patient.mean_wait_s == pytest.approx(mean_wait_s(12, 10.0, HANDLE_S))


@pytest.mark.parametrize("load", [0.8, 0.9])
def test_the_pooled_queue_waits_as_erlang_c_says(load: float) -> None:
    calls = day(CALLS, rate_of(load, 20), seed=3)
    mean_s, error_s = mean_with_error_s(pooled(calls, 20))
    assert error_s < mean_s / 8, "too short a day to say anything"
    assert abs(mean_s - mean_wait_s(20, load * 20, HANDLE_S)) < 3 * error_s


def test_the_pooled_queue_loses_as_many_as_erlang_a_says() -> None:
    calls = day(CALLS, rate_of(1.05, 100), patience_s=120.0, seed=3)
    lost = abandoned(pooled(calls, 100))
    assert lost == pytest.approx(erlang_a(100, 105.0, HANDLE_S, 120.0).abandons, rel=0.05)


def test_overflow_is_between_one_queue_and_one_for_each_site() -> None:
    calls = day(20_000, rate_of(0.95, sum(SIZES)))
    at_once, at_last = 0, 10**9 * SECOND
    assert overflow_after(calls, SIZES, at_once) == pooled(calls, sum(SIZES))
    assert overflow_after(calls, SIZES, at_last) == split(calls, SIZES)
    later = asa_s(overflow_after(calls, SIZES, 20 * SECOND))
    assert asa_s(pooled(calls, sum(SIZES))) < later < asa_s(split(calls, SIZES))
