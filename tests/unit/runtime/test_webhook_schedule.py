"""When a webhook that failed is sent again, and when no more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_runtime.webhooks.schedule import (
    DEAD_AFTER_S,
    JITTER,
    PAUSES_S,
    is_dead,
    pause_s,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHANCE = st.floats(min_value=0, max_value=1, exclude_max=True)
FAILURES = st.integers(min_value=1, max_value=1000)


@given(failures=FAILURES, chance=CHANCE)
def test_a_pause_is_the_schedules_or_longer_by_at_most_the_jitter(
    failures: int, chance: float
) -> None:
    least = PAUSES_S[min(failures, len(PAUSES_S)) - 1]
    assert least <= pause_s(failures, chance) <= least * (1 + JITTER)


@given(failures=FAILURES, before=CHANCE, after=CHANCE)
def test_a_pause_is_longer_than_the_one_before_until_it_is_a_day(
    failures: int, before: float, after: float
) -> None:
    if failures < len(PAUSES_S):
        assert pause_s(failures, 0) < pause_s(failures + 1, 0)
    assert pause_s(failures, before) <= pause_s(failures + 1, after) * (1 + JITTER)
    assert pause_s(failures, before) <= 24 * 3600 * (1 + JITTER)


@given(chances=st.lists(CHANCE, min_size=30, max_size=30))
def test_within_the_week_a_message_is_tried_at_least_twelve_times(chances: list[float]) -> None:
    at, tries = 0.0, 1
    while (at := at + pause_s(tries, chances[tries - 1])) < DEAD_AFTER_S:
        tries += 1
    assert 12 <= tries <= 16


def test_what_failed_for_a_week_is_dead_and_not_a_moment_before() -> None:
    week = timedelta(days=7)
    assert is_dead(NOW - week, NOW)
    assert not is_dead(NOW - week + timedelta(microseconds=1), NOW)


def test_nothing_is_paused_for_that_has_not_failed() -> None:
    with pytest.raises(ValueError, match="no pause"):
        pause_s(0, 0.5)
