"""Quarters of an hour: the grain of every sum. Longer spans are sums of quarters."""

from datetime import UTC, datetime, timedelta

INTERVAL = timedelta(minutes=15)


def interval_of(at: datetime) -> datetime:
    """Return the start of the quarter of an hour, in UTC, in which `at` lies."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
