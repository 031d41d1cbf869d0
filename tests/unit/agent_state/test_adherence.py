"""Adherence and conformance against plans with known figures."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_state.domain.adherence import kept, planned
from agent_state.domain.rosters import PlannedBreak, Shift
from agent_state.domain.sheets import WORK, Spell

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    return NINE + timedelta(hours=hour - 9)


SHIFT = Shift(
    site_id="moscow",
    starts_at=at(9),
    ends_at=at(17),
    breaks=(PlannedBreak("lunch", at(12), at(13)),),
)


def history(*spells: tuple[float, float, str]) -> list[Spell]:
    return [Spell(at(start), at(end), activity) for start, end, activity in spells]


def test_who_does_the_planned_thing_at_the_planned_time_adheres_wholly() -> None:
    was = history((9, 12, WORK), (12, 13, "lunch"), (13, 17, WORK))
    found = kept(SHIFT, was, at(18))
    assert (found.adherence, found.conformance) == (1.0, 1.0)
    assert (found.sign_in_late_s, found.sign_out_early_s) == (0.0, 0.0)


def test_a_lunch_at_another_time_costs_adherence_and_not_conformance() -> None:
    # Half an hour of lunch while work was planned, half an hour of work while lunch was.
    was = history((9, 11.5, WORK), (11.5, 12.5, "lunch"), (12.5, 17, WORK))
    found = kept(SHIFT, was, at(18))
    assert found.adherence == pytest.approx(7 / 8)
    assert found.conformance == 1.0


def test_who_comes_late_and_stays_longer_conforms_and_does_not_adhere() -> None:
    was = history((9.5, 12, WORK), (12, 13, "lunch"), (13, 17.5, WORK))
    found = kept(SHIFT, was, at(18))
    assert found.adherence == pytest.approx(7.5 / 8)
    assert found.conformance == 1.0
    assert (found.sign_in_late_s, found.sign_out_early_s) == (1800.0, -1800.0)


def test_a_reason_that_was_not_planned_is_out_of_adherence() -> None:
    was = history((9, 12, WORK), (12, 13, "rest"), (13, 17, WORK))
    found = kept(SHIFT, was, at(18))
    assert found.adherence == found.conformance == pytest.approx(7 / 8)


def test_who_never_came_has_no_times_and_no_adherence() -> None:
    found = kept(SHIFT, history((6, 8, WORK)), at(18))
    assert (found.signed_in_at, found.signed_out_at) == (None, None)
    assert (found.sign_in_late_s, found.sign_out_early_s) == (None, None)
    assert (found.adherence, found.conformance) == (0.0, 0.0)


def test_of_a_shift_that_is_on_only_what_has_passed_counts() -> None:
    found = kept(SHIFT, history((8.75, 10, WORK)), at(10))
    assert (found.planned_s, found.adherence) == (3600.0, 1.0)
    assert (found.sign_in_late_s, found.signed_out_at) == (-900.0, None)


def test_before_a_shift_begins_there_is_no_share() -> None:
    found = kept(SHIFT, [], at(8))
    assert (found.planned_s, found.adherence, found.conformance) == (0.0, None, None)


def test_a_short_loss_of_the_connection_is_one_attendance() -> None:
    was = history((9, 11, WORK), (11.25, 12, WORK), (12, 13, "lunch"), (13, 17, WORK))
    found = kept(SHIFT, was, at(18))
    assert (found.signed_in_at, found.signed_out_at) == (at(9), at(17))
    assert found.adherence == pytest.approx(7.75 / 8)


SPELLS = st.lists(
    st.tuples(st.integers(0, 90), st.integers(1, 90), st.sampled_from([WORK, "lunch", "rest"])),
    max_size=12,
)


@given(SPELLS, st.integers(0, 12 * 60))
def test_shares_lie_between_0_and_1_and_conformance_is_never_below_adherence(
    steps: list[tuple[int, int, str]], passed_min: int
) -> None:
    was: list[Spell] = []
    moment, until = at(7), at(7) + timedelta(minutes=passed_min)
    for gap, length, activity in steps:
        start = moment + timedelta(minutes=gap)
        moment = start + timedelta(minutes=length)
        was.append(Spell(start, moment, activity))
    found = kept(SHIFT, was, until)
    assert 0.0 <= found.adhered_s <= found.conformed_s <= found.planned_s
    passed = max(timedelta(), min(SHIFT.ends_at, until) - SHIFT.starts_at)
    assert found.planned_s == passed.total_seconds()


def test_the_plan_has_no_gaps() -> None:
    plan = list(planned(SHIFT, at(18)))
    assert plan == history((9, 12, WORK), (12, 13, "lunch"), (13, 17, WORK))
