"""When to look again though nothing was read."""

from datetime import datetime

from router.domain.indexes import Indexes
from router.domain.rules import AT_ONCE


def due(indexes: Indexes) -> datetime | None:
    """Return the next moment at which `decide` may say something new; None for never.

    What was read since the last turn, or left over from a full one, is due at once.
    """
    if indexes.stirred or indexes.doubtful_sites:
        return AT_ONCE
    firsts = (
        indexes.first_due_offer(),
        indexes.due_calls.first(),
        indexes.due_steps.first(),
        indexes.due_sites.first(),
    )
    return min((first[0] for first in firsts if first), default=None)
