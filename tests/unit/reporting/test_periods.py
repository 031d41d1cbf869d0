"""Local days, also those that are 23 or 25 hours long, and the period that came before."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.periods import Shift, Span, moment_of, previous

BERLIN, MOSCOW, LORD_HOWE = map(ZoneInfo, ("Europe/Berlin", "Europe/Moscow", "Australia/Lord_Howe"))
zones = st.sampled_from([BERLIN, MOSCOW, LORD_HOWE, ZoneInfo("America/St_Johns"), ZoneInfo("UTC")])
days = st.dates(date(2000, 1, 1), date(2037, 1, 1))


def length(span: Span, zone: ZoneInfo) -> timedelta:
    start, end = span.within(zone)
    return end - start


def test_the_day_on_which_the_clocks_change_is_23_or_25_hours_long() -> None:
    spring = Span(date(2026, 3, 29), date(2026, 3, 30))
    autumn = Span(date(2026, 10, 25), date(2026, 10, 26))
    assert length(spring, BERLIN) == timedelta(hours=23)
    assert length(autumn, BERLIN) == timedelta(hours=25)
    assert length(spring, MOSCOW) == timedelta(hours=24)


def test_the_week_before_is_as_many_local_days_whatever_the_clocks_did() -> None:
    span = Span(date(2026, 3, 30), date(2026, 4, 6))
    shift = previous(span, BERLIN)
    assert shift == Shift(days=7)
    assert span.shifted(shift, BERLIN) == Span(date(2026, 3, 23), date(2026, 3, 30)).within(BERLIN)


def test_before_whole_months_come_as_many_whole_months() -> None:
    span = Span(date(2026, 3, 1), date(2026, 4, 1))
    shift = previous(span, MOSCOW)
    assert shift == Shift(months=1)
    assert span.shifted(shift, MOSCOW) == Span(date(2026, 2, 1), date(2026, 3, 1)).within(MOSCOW)


def test_before_hours_come_as_many_hours() -> None:
    nine = datetime(2026, 3, 29, 9, tzinfo=UTC)
    span = Span(nine, nine + timedelta(hours=6))
    shift = previous(span, BERLIN)
    assert span.shifted(shift, BERLIN) == (nine - timedelta(hours=6), nine)


@given(days, st.integers(1, 400), zones)
def test_the_period_before_ends_where_this_one_begins(
    start: date, length: int, zone: ZoneInfo
) -> None:
    span = Span(start, start + timedelta(days=length))
    _, end = span.shifted(previous(span, zone), zone)
    assert end == moment_of(start, zone)


@given(days, zones)
def test_days_that_adjoin_leave_no_moment_out(day: date, zone: ZoneInfo) -> None:
    after = day + timedelta(days=1)
    _, end = Span(day, after).within(zone)
    start, _ = Span(after, after + timedelta(days=1)).within(zone)
    assert end == start
