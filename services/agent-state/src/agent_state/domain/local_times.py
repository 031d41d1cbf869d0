"""Times as people write them, by a site's clock; a clock that is put on or back is no trap."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class TimeWrong(ValueError):
    """What was written names no one moment; `code` is one of the faults of a plan."""

    def __init__(self, code: str) -> None:
        """Keep which fault it is."""
        super().__init__(code)
        self.code = code


def moment(written: str, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, that `2026-03-02T09:00` means there, or with its own offset.

    Raises:
        TimeWrong: it is no time, or the clock there shows it never or twice that day.
    """
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        raise TimeWrong("time-wrong") from None
    if "T" not in written.upper() and " " not in written.strip():
        raise TimeWrong("time-wrong")  # a date alone
    return found.astimezone(UTC) if found.tzinfo else there(found, zone)


def next_time(written: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first moment at `after` or later at which the clock there shows `12:30`.

    Raises:
        TimeWrong: it is no time of day, or the clock there shows it never or twice that day.
    """
    try:
        shown = time.fromisoformat(written.strip())
    except ValueError:
        raise TimeWrong("time-wrong") from None
    if shown.tzinfo is not None:
        raise TimeWrong("time-wrong")
    day = after.astimezone(zone).date()
    found = there(datetime.combine(day, shown), zone)
    if found >= after:
        return found
    return there(datetime.combine(day + timedelta(days=1), shown), zone)


def there(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return the one moment, in UTC, at which the clock in `zone` shows this.

    Raises:
        TimeWrong: it never does, or twice.
    """
    moments = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    meant = [each for each in moments if each.astimezone(zone).replace(tzinfo=None) == shown]
    if len(meant) != 1:
        raise TimeWrong("time-twice" if meant else "time-skipped")
    return meant[0]


def day_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends, in UTC: 23 to 25 hours."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins, in UTC; where midnight is skipped, the moment after."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
