"""Opening hours on real dates: holidays, moved days, nights, and clocks that change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contact_events.calls import Text
from contact_events.config import CalendarChanged, SpecialDay
from contact_events.opening import (
    COUNTRIES,
    is_public_holiday,
    is_worked_weekend,
    next_change,
    open_at,
    span_on,
)

OFFICE = {str(day): (("09:00", "18:00"),) for day in range(5)}
ALWAYS = {str(day): (("00:00", "24:00"),) for day in range(7)}


def calendar(zone: str = "Europe/Moscow", **says: Any) -> CalendarChanged:
    return CalendarChanged(
        **{
            "document_id": "calendar:office",
            "revision": 1,
            "changed_by": "admin",
            "calendar_id": "office",
            "name": Text("Офис", "Office"),
            "time_zone": zone,
            "hours": OFFICE,
            **says,
        }
    )


def at(written: str, zone: str = "Europe/Moscow") -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("country", "noon", "is_open"),
    [
        ("RU", "2026-11-23T12:00", True),
        ("RU", "2026-11-22T12:00", False),  # a Sunday
        ("RU", "2026-01-01T12:00", False),
        ("RU", "2026-01-08T12:00", False),  # still the New Year's holidays
        ("BY", "2026-01-08T12:00", True),
        ("RU", "2026-03-09T12:00", False),  # 8 March is a Sunday: the Monday is off
        ("BY", "2026-03-09T12:00", True),  # not so in Belarus
        ("BY", "2025-11-07T12:00", False),  # a Friday: the October Revolution
        ("RU", "2025-11-07T12:00", True),
        ("BY", "2026-04-21T12:00", False),  # Radunitsa, by the Orthodox Easter
        ("RU", "2025-11-01T12:00", True),  # a Saturday worked for Monday 3 November
        ("RU", "2025-11-03T12:00", False),
        ("RU", "2025-10-25T12:00", False),  # any other Saturday
        ("BY", "2026-04-25T12:00", True),  # a Saturday worked for Monday 20 April
        ("BY", "2026-04-20T12:00", False),
        (None, "2026-01-01T12:00", True),  # nobody asked for holidays
    ],
)
def test_a_day_is_open_as_its_country_lives(country: str | None, noon: str, is_open: bool) -> None:
    assert open_at(calendar(holidays=country), at(noon)) is is_open


def test_a_special_day_overrules_weekday_and_holiday() -> None:
    short = SpecialDay(date="2026-01-01", hours=(("12:00", "15:00"),))
    stocktaking = SpecialDay(date="2026-11-24")
    office = calendar(holidays="RU", exceptions=(short, stocktaking))
    assert open_at(office, at("2026-01-01T12:00"))
    assert not open_at(office, at("2026-01-01T15:00"))
    assert not open_at(office, at("2026-11-24T12:00"))


def test_it_is_open_from_the_opening_time_until_just_before_the_closing_time() -> None:
    office = calendar()
    assert not open_at(office, at("2026-11-23T08:59:59"))
    assert open_at(office, at("2026-11-23T09:00"))
    assert open_at(office, at("2026-11-23T17:59:59"))
    assert not open_at(office, at("2026-11-23T18:00"))
    assert next_change(office, at("2026-11-23T08:00")) == at("2026-11-23T09:00")
    assert next_change(office, at("2026-11-23T09:00")) == at("2026-11-23T18:00")


def test_the_hours_are_those_of_the_calendars_place() -> None:
    siberia = calendar("Asia/Krasnoyarsk")
    assert open_at(siberia, at("2026-11-23T05:00"))  # Moscow's time
    assert not open_at(siberia, at("2026-11-23T15:00"))


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    night = calendar(hours={"4": (("22:00", "06:00"),)}, holidays="RU")
    assert open_at(night, at("2026-11-28T05:59"))  # Friday's night, on Saturday
    assert not open_at(night, at("2026-11-28T06:00"))
    assert not open_at(night, at("2026-11-28T23:00"))
    # 5 November 2027 is a day off: no night begins, and Thursday has none.
    assert not open_at(night, at("2027-11-06T05:00"))


def test_who_never_closes_or_never_opens_has_no_next_change() -> None:
    assert next_change(calendar(hours=ALWAYS), at("2026-11-23T12:00")) is None
    assert next_change(calendar(hours={}), at("2026-11-23T12:00")) is None
    assert not open_at(calendar(hours={}), at("2026-11-23T12:00"))
    round_the_clock = calendar(hours=ALWAYS, holidays="RU")
    assert next_change(round_the_clock, at("2026-11-23T12:00")) == at("2026-12-31T00:00")
    opens_once = calendar(hours={}, exceptions=(SpecialDay(date="2031-05-01", hours=OFFICE["0"]),))
    assert next_change(opens_once, at("2026-11-23T12:00")) == at("2031-05-01T09:00")
    assert next_change(opens_once, at("2031-05-01T18:00")) is None


def test_it_may_be_asked_of_any_moments_in_any_order() -> None:
    office = calendar(holidays="RU", exceptions=(SpecialDay(date="2026-11-24"),))
    hours = [at("2026-11-20T00:00") + timedelta(hours=n) for n in range(24 * 10)]
    in_order = [(open_at(office, hour), next_change(office, hour)) for hour in hours]
    afresh = [
        (open_at(replace(office), hour), next_change(replace(office), hour)) for hour in hours
    ]
    backwards = [(open_at(office, hour), next_change(office, hour)) for hour in reversed(hours)]
    assert in_order == afresh == backwards[::-1]


def test_a_changed_clock_moves_the_opening_with_the_people() -> None:
    berlin = calendar("Europe/Berlin", hours={str(day): (("02:30", "04:00"),) for day in range(7)})
    winter, summer = (
        at("2026-03-28T02:30", "Europe/Berlin"),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    )
    assert next_change(berlin, winter - timedelta(hours=1)) == winter
    # 02:30 is not on 29 March: an hour later by the wall.
    assert next_change(berlin, summer - timedelta(hours=1)) == summer
    # 02:30 is twice on 25 October: the first one.
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_change(berlin, twice - timedelta(hours=1)) == twice
    assert next_change(berlin, twice) == datetime(2026, 10, 25, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", ["9:00", "24:01", "12:60", "-1:00", "٠٩:00", "12", "ab:cd", ""])
def test_what_is_no_time_of_a_day_is_said_so(written: str) -> None:
    with pytest.raises(ValueError, match=r"time of the day|invalid literal"):
        span_on(date(2026, 1, 1), (written, "18:00"), ZoneInfo("UTC"))


def test_the_holidays_of_both_countries_are_known() -> None:
    assert sorted(COUNTRIES) == ["BY", "RU"]
    for country in COUNTRIES:
        for year in range(2020, 2061):
            for month, day in [(1, 1), (1, 7), (3, 8), (5, 1), (5, 9)]:
                assert is_public_holiday(country, date(year, month, day))
    assert is_worked_weekend("RU", date(2025, 11, 1))
    assert not is_worked_weekend("BY", date(2025, 11, 1))
    assert not is_public_holiday("FR", date(2026, 1, 1))


TIMES = st.integers(0, 24).map(lambda hour: f"{hour:02}:00")
HOURS = st.lists(st.tuples(TIMES, TIMES), max_size=3).map(tuple)
DAYS = st.builds(
    lambda day, hours: SpecialDay(
        date=(date(2026, 10, 20) + timedelta(days=day)).isoformat(), hours=hours
    ),
    st.integers(0, 20),
    HOURS,
)
CALENDARS = st.builds(
    calendar,
    zone=st.sampled_from(
        ["Europe/Moscow", "Asia/Krasnoyarsk", "Europe/Berlin", "America/New_York"]
    ),
    hours=st.dictionaries(st.sampled_from("0123456"), HOURS),
    holidays=st.sampled_from([None, "RU", "BY"]),
    exceptions=st.lists(DAYS, max_size=3, unique_by=lambda day: day.date).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(CALENDARS, st.integers(0, 24 * 14))
def test_nothing_changes_before_the_next_change_and_something_does_then(
    one: CalendarChanged, hour: int
) -> None:
    now = datetime(2026, 10, 22, tzinfo=UTC) + timedelta(hours=hour)
    hours = [now + timedelta(hours=n) for n in range(24 * 7)]
    changes = [b for a, b in pairwise(hours) if open_at(one, a) is not open_at(one, b)]
    found = next_change(one, now)
    assert open_at(one, now) is open_at(replace(one), now), "as if it were asked for the first time"
    assert (found if found and found <= hours[-1] else None) == next(iter(changes), None)
