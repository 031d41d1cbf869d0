"""Opening hours: whether a calendar says "open" at a moment, and when that changes next.

Pure and shared, so that the caller who hears "we are closed" and the router never disagree.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from contact_events.config import CalendarChanged
from contact_events.public_holidays import CLOSED, WORKED

COUNTRIES: Final = frozenset(CLOSED)
"""Whose public holidays are known (ISO 3166-1)."""

FRIDAY: Final = "4"
_DAY: Final = timedelta(days=1)
_YEAR_DAYS: Final = 366
_WEEK_DAYS: Final = 8

Span = tuple[datetime, datetime]


def open_at(calendar: CalendarChanged, at: datetime) -> bool:
    """Return whether the calendar is open at `at`; at the closing time it is closed.

    A special day overrules all; then a public holiday is closed; then a day of a weekend that
    the country has made a working day has Friday's hours; then the weekday's hours hold. Hours
    that end at or before their beginning end on the next day, whatever that day is.
    """
    return _spell(calendar, at).is_open


def next_change(calendar: CalendarChanged, at: datetime) -> datetime | None:
    """Return the first moment (UTC) after `at` at which it opens or closes; None: it never does.

    Hours that touch are one: who is open day and night does not close at midnight.
    """
    spell = _spell(calendar, at)
    return spell.ends if spell.changes else None


def is_public_holiday(country: str, day: date) -> bool:
    """Return whether `day` is a public holiday there, or a day off that was moved to it."""
    return day in _days(CLOSED.get(country, ""))


def is_worked_weekend(country: str, day: date) -> bool:
    """Return whether `day` is of a weekend and worked there, for a day off elsewhere."""
    return day in _days(WORKED.get(country, ""))


def span_on(day: date, hours: tuple[str, str], zone: ZoneInfo) -> Span:
    """Return hours (`HH:MM`, up to `24:00`) that begin on `day` as moments in UTC.

    A time that a change of the clocks has twice is the first one.

    Raises:
        ValueError: they are not times of a day.
    """
    start, end = (_minutes(text) for text in hours)
    return _moment(day, start, zone), _moment(day, end if end > start else end + 24 * 60, zone)


class _Spell(NamedTuple):
    """A time in which a calendar stays as it is; it may be longer where nothing `changes`."""

    calendar: CalendarChanged
    begins: datetime
    ends: datetime
    is_open: bool
    changes: bool


_MOST_KEPT: Final = 256
_kept: dict[int, _Spell] = {}
"""The last spell of each calendar that was asked: routers ask again and again for the same one."""


def _spell(calendar: CalendarChanged, at: datetime) -> _Spell:
    kept = _kept.get(id(calendar))
    if kept is not None and kept.calendar is calendar and kept.begins <= at < kept.ends:
        return kept
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[id(calendar)] = found = _found_spell(calendar, at)
    return found


def _found_spell(calendar: CalendarChanged, at: datetime) -> _Spell:
    today = _local_day(calendar, at)
    last = _last_that_differs(calendar, today)
    for start, end in _merged(_spans(calendar, today - _DAY, last)):
        if start > at:
            return _Spell(calendar, at, start, is_open=False, changes=True)
        if end > at:
            changes = _local_day(calendar, end) <= last
            return _Spell(calendar, at, end if changes else at + _DAY, True, changes)
    return _Spell(calendar, at, at + _DAY, is_open=False, changes=False)


def _local_day(calendar: CalendarChanged, at: datetime) -> date:
    return at.astimezone(ZoneInfo(calendar.time_zone)).date()


def _last_that_differs(calendar: CalendarChanged, today: date) -> date:
    """Return a day after which nothing is new: a week, or a year of holidays, has gone round."""
    regular = today + _DAY * (_YEAR_DAYS if calendar.holidays else _WEEK_DAYS)
    special = (date.fromisoformat(day.date) + _DAY * _WEEK_DAYS for day in calendar.exceptions)
    return max([regular, *special])


def _spans(calendar: CalendarChanged, first: date, last: date) -> Iterator[Span]:
    zone = ZoneInfo(calendar.time_zone)
    special = {day.date: day.hours for day in calendar.exceptions}
    day = first
    while day <= last:
        hours = special.get(day.isoformat())
        for one in sorted(_regular(calendar, day) if hours is None else hours):
            yield span_on(day, one, zone)
        day += _DAY


def _regular(calendar: CalendarChanged, day: date) -> tuple[tuple[str, str], ...]:
    weekday = str(day.weekday())
    if calendar.holidays is not None:
        if is_public_holiday(calendar.holidays, day):
            return ()
        if is_worked_weekend(calendar.holidays, day):
            weekday = FRIDAY
    return calendar.hours.get(weekday, ())


def _merged(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield spans, given by their beginnings, with those that touch or overlap made one."""
    start, end = next(spans, (None, None))
    if start is None or end is None:
        return
    for begins, ends in spans:
        if begins > end:
            yield start, end
            start = begins
        end = max(end, ends)
    yield start, end


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    on = day + _DAY * (minutes // (24 * 60))
    wall = time(minutes // 60 % 24, minutes % 60)
    return datetime.combine(on, wall, zone).astimezone(UTC)


def _minutes(text: str) -> int:
    hours, colon, minutes = text.partition(":")
    if not colon or not text.isascii() or len(hours) != 2 or len(minutes) != 2:
        raise ValueError(f"not a time of the day: {text}")
    found = int(hours) * 60 + int(minutes)
    if not (0 <= found <= 24 * 60 and int(minutes) < 60):
        raise ValueError(f"not a time of the day: {text}")
    return found


@cache
def _days(table: str) -> frozenset[date]:
    """Return the days of a table: a year and a colon, then its days as month and day."""
    found, year = set(), 0
    for word in table.split():
        if word.endswith(":"):
            year = int(word[:-1])
        else:
            found.add(date(year, int(word[:2]), int(word[2:])))
    return frozenset(found)
