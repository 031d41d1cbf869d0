"""Quarters of an hour: the grain of every sum. Longer spans are sums of quarters."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

INTERVAL = timedelta(minutes=15)


_S = 900
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def interval_of(at: datetime) -> datetime:
    """Return the start of the quarter of an hour, in UTC, in which `at` lies."""
    return _quarter(int(at.timestamp() // _S))


@lru_cache(maxsize=4_096)
def _quarter(number: int) -> datetime:
    return _EPOCH + number * INTERVAL
