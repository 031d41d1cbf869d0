"""As of when a report is asked for: a position of the log, or a wall time."""

from collections.abc import Mapping
from datetime import UTC, datetime

from contact_runtime.log import TopicPartition

Positions = Mapping[TopicPartition, int]
AsOf = datetime | Positions


class AsOfUnreadable(Exception):
    """`as_of` is neither a moment with a zone nor a log position as this service tells it."""

    code = "as-of-unreadable"


class AsOfAhead(Exception):
    """`as_of` lies beyond what the log holds: what will be known then cannot be told yet."""

    code = "as-of-ahead"


def read(said: str) -> AsOf:
    """Return what `as_of` says: `topic/partition@offset ..`, or ISO 8601.

    Raises:
        AsOfUnreadable: it says neither.
    """
    try:
        if "@" in said:
            return dict(_part(part) for part in said.split())
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AsOfUnreadable(f"{said!r} is neither a moment nor a log position") from error
    raise AsOfUnreadable(f"{said!r} has no time zone")


def _part(part: str) -> tuple[TopicPartition, int]:
    place, _, offset = part.partition("@")
    topic, _, partition = place.rpartition("/")
    if not topic or not offset.isdecimal():
        raise ValueError(part)
    return TopicPartition(topic, int(partition)), int(offset)


def write(as_of: AsOf) -> str:
    """Return `as_of` in the one way in which it is kept and compared."""
    if isinstance(as_of, datetime):
        return as_of.isoformat()
    return " ".join(f"{tp.topic}/{tp.partition}@{at}" for tp, at in sorted(as_of.items()))
