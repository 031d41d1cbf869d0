"""Signs of life of a leader, on a topic of their own: said and judged in machine time."""

from typing import Final

import msgspec

from contact_events.topics import ROUTER_HEARTBEATS
from contact_events.validity import Leadership
from contact_runtime.log import Entry, Record, TopicPartition

EVERY_S: Final = 0.25
TOPIC: Final = ROUTER_HEARTBEATS.name


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The leader (epoch, owner) of the pool was alive. No event: nothing is folded from it."""

    pool: str
    epoch: int
    owner: str


def heartbeat(pool: str, leadership: Leadership) -> Entry:
    """Return the sign of life as a record to be appended."""
    beat = Heartbeat(pool=pool, epoch=leadership.epoch, owner=leadership.owner)
    return Entry(pool.encode(), msgspec.json.encode(beat))


def is_life(record: Record, pool: str, leadership: Leadership) -> bool:
    """Tell whether the record is a sign of life of this leader of the pool."""
    try:
        beat = msgspec.json.decode(record.value or b"", type=Heartbeat)
    except msgspec.MsgspecError:
        return False
    return beat == Heartbeat(pool=pool, epoch=leadership.epoch, owner=leadership.owner)


def place(partition: int) -> TopicPartition:
    """Return where the heartbeats of the pool's partition stand."""
    return TopicPartition(TOPIC, partition)
