"""When a webhook that failed is sent again, and when it is given up. Machine time, seconds.

Source: Standard Webhooks, "Deliverability and reliability": the suggested schedule.
"""

from datetime import datetime

PAUSES_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""The pause after each failure; after the last of them, that one again."""

JITTER = 0.2
"""Share of a pause by which it may be longer, so that a receiver's return is no rush."""

DEAD_AFTER_S = 7 * 24 * 3600
"""A message, or an endpoint, that failed for so long is given up."""


def pause_s(failures: int, chance: float) -> float:
    """Return the pause after the message's `failures`th failure; `chance` is from 0 to below 1.

    Raises:
        ValueError: nothing failed yet.
    """
    if failures < 1:
        raise ValueError("there is no pause before the first failure")
    return PAUSES_S[min(failures, len(PAUSES_S)) - 1] * (1 + JITTER * chance)


def is_dead(since: datetime, now: datetime) -> bool:
    """Return whether what has not succeeded `since` is to be given up `now`."""
    return (now - since).total_seconds() >= DEAD_AFTER_S
