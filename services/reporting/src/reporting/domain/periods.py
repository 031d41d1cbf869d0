"""Spans of local days and hours: where they begin in a time zone, and which one came before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Interval = Literal["whole", "15m", "hour", "day", "week", "month"]
Bound = date | datetime
"""A local day, or a moment with a zone."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far back another period lies: in local months and days, or in seconds."""

    months: int = 0
    days: int = 0
    seconds: float = 0.0

    @property
    def is_local(self) -> bool:
        """Tell whether it is counted by the calendar, whatever the clocks did in between."""
        return bool(self.months or self.days)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` (inclusive) to `end` (exclusive), as they were asked for."""

    start: Bound
    end: Bound

    def within(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return both ends in UTC; days begin at the zone's midnight."""
        return moment_of(self.start, zone), moment_of(self.end, zone)

    def shifted(self, shift: Shift | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return both ends of the period that lies so far back, in UTC; None: of this one."""
        start, end = self.within(zone)
        if shift is None:
            return start, end
        return _back(start, shift, zone), _back(end, shift, zone)


def moment_of(bound: Bound, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC; a day's is its midnight in the zone."""
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return datetime.combine(bound, time(), zone).astimezone(UTC)


def is_empty(span: Span, zone: ZoneInfo) -> bool:
    """Tell whether nothing can lie in the span."""
    start, end = span.within(zone)
    return start >= end


def previous(span: Span, zone: ZoneInfo) -> Shift:
    """Return how far back the period of the same length lies that ends where this one begins.

    Whole months give way to as many months, whole days to as many days.
    """
    start, end = (moment.astimezone(zone) for moment in span.within(zone))
    months = (end.year - start.year) * 12 + end.month - start.month
    if start.day == end.day == 1 and _midnight(start) and _midnight(end) and months:
        return Shift(months=months)
    return since(end, start)


def since(start: datetime, other: datetime) -> Shift:
    """Return how far `other` lies before `start`, both by the clock of their zone."""
    apart = start.replace(tzinfo=None) - other.replace(tzinfo=None)
    if apart.seconds or apart.microseconds:
        return Shift(seconds=(start.astimezone(UTC) - other.astimezone(UTC)).total_seconds())
    return Shift(days=apart.days)


def _midnight(at: datetime) -> bool:
    return at.time() == time()


def _back(at: datetime, shift: Shift, zone: ZoneInfo) -> datetime:
    if not shift.is_local:
        return at - timedelta(seconds=shift.seconds)
    local = at.astimezone(zone)
    month = local.year * 12 + local.month - 1 - shift.months
    moved = local.replace(year=month // 12, month=month % 12 + 1) - timedelta(days=shift.days)
    return moved.astimezone(UTC)
