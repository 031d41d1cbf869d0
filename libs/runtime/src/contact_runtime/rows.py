"""What every store offers: rows, numbered facts and readers' progress in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_events.validity import Leadership
from contact_runtime.log import Entry, Record, TopicPartition
from contact_runtime.wakeups import Alarm, Bell, Watch

S = TypeVar("S")


STREAM = "stream"
"""The kind under which a stream's last number is kept: its version is the number."""


def never_due(_state: Any) -> datetime | None:
    """Return None: states of this kind wait for no time."""
    return None


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A kind of state row: one row a key, of type `type`, `initial(key)` before anything happened.

    `due(state)` is the business time at which the row wants a tick, or None.
    """

    name: str
    type: Any  # type[S] or a union of Structs, which is no type to mypy
    initial: Callable[[str], S]
    due: Callable[[S], datetime | None] = never_due
    _decoder: msgspec.json.Decoder[S] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.name == STREAM:
            raise ValueError(f"the kind {STREAM} keeps the numbers of streams")
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(self.type))

    def encode(self, state: S) -> str:
        """Return `state` as the JSON text that the row keeps."""
        return _ENCODER.encode(state).decode()

    def decode(self, text: str) -> S:
        """Return the state kept as `text`."""
        return self._decoder.decode(text)


_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event that happened, with what its envelope says about it besides the number."""

    event: Event
    time: datetime
    pool: str
    client: str | None = None
    project: str | None = None
    causation: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one reader has come in one batch; written with the effects of the batch.

    `positions` maps to (offset expected now, next offset to read). `sequences`, by topic and
    stream, and `leaderships`, by pool, name only what changed.
    """

    positions: Mapping[TopicPartition, tuple[int, int]]
    sequences: Mapping[tuple[str, str], int]
    leaderships: Mapping[str, Leadership]


Mark = tuple[int, int]
"""A place in a unit's work to return to."""


class Unit(Protocol):
    """One open transaction. Commits when its block ends, rolls back on any exception."""

    async def load_many(self, kind: Kind[S], keys: Iterable[str]) -> None:
        """Lock and fetch the rows and the stream numbers of `keys` with one statement."""

    async def load_streams(self, streams: Iterable[str]) -> None:
        """Lock and fetch the last numbers of `streams` that have no row of their own."""

    async def load(self, kind: Kind[S], key: str) -> S:
        """Return the locked state of `key`, this unit's own puts included; `initial` if no row."""

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the state of `key` without locking it, this unit's own puts included."""

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        """Return what `peek` returns of each of `keys`, with one statement."""

    def put(self, kind: Kind[S], key: str, state: S) -> None:
        """Keep `state`, written at commit.

        Raises:
            NotLoaded: `key` was not loaded in this unit, so nobody knows what it would overwrite.
        """

    def publish(self, facts: Sequence[Fact], *, stream: str) -> list[Envelope]:
        """Number `facts` from the stream's last number on and return their envelopes.

        Raises:
            NotLoaded: neither a row with the stream's key nor the stream was loaded in this unit.
        """

    def record_poison(self, record: Record, reason: str, reader: str) -> None:
        """Send `record` to the dead letters of `reader`, with `reason` and origin as headers."""

    async def sequences(
        self, reader: str, streams: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """Return the last sequence `reader` took of each known (topic, stream)."""

    def advance(self, reader: str, progress: Progress) -> None:
        """Keep `progress`, written at commit, where PositionMoved tells of another reader."""

    def mark(self) -> Mark:
        """Return a mark of what was put and published so far."""

    def revert(self, mark: Mark) -> None:
        """Forget what was put and published since `mark`; locks stay."""


class NotLoaded(Exception):
    """A row or stream was written without having been loaded in the unit: a bug of the caller."""


class Store(Protocol):
    """The rows, event table and readers' progress of one service.

    `committed` rings after each commit that published something.
    """

    committed: Bell

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """Open a transaction.

        Raises:
            StreamMoved: another transaction wrote to a row or stream of this one first.
            Transient: deadlock, lost connection, time-out: nothing was written.
        """

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the committed state of `key`; `initial` if there is no row."""

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        """Return the committed states of those of `keys` that have a row, with one statement."""

    async def page(self, kind: Kind[S], after: str, limit: int) -> dict[str, S]:
        """Return the next `limit` committed rows of `kind` after the key `after`, by key."""

    async def scan(self, kind: Kind[S]) -> dict[str, S]:
        """Return all committed rows of `kind` by key."""

    def watch(self, kind: Kind[S], key: str) -> Watch[S]:
        """Return a watch on one row, open within a `with` block; see `Watch`."""

    def alarm(self, kind: Kind[Any]) -> Alarm:
        """Return the alarm that hears each due time written for `kind`."""

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        """Return the next `limit` (due time, key) of `kind`, the earliest first."""

    async def positions(self, reader: str) -> dict[TopicPartition, int]:
        """Return the next offset to read of each partition `reader` has read."""

    async def start_positions(self, reader: str, positions: Mapping[TopicPartition, int]) -> None:
        """Keep `positions` for partitions `reader` has never read; the others stay."""

    async def leaderships(self, reader: str) -> dict[str, Leadership]:
        """Return who leads each pool, as far as `reader` has read."""

    async def unpublished(self, limit: int) -> list[Outgoing]:
        """Return the first `limit` committed events not marked as published, in order of id."""

    async def mark_published(self, ids: Sequence[int]) -> None:
        """Mark events as published."""

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        """Return whether `owner` now holds the lease `name` for `ttl_s` seconds of machine time."""

    async def drop_lease(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""

    def listening(self) -> AbstractAsyncContextManager[None]:
        """Hear of other processes' commits while the block is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One row of the event table, as it goes to the log."""

    id: int
    tp: TopicPartition
    entry: Entry
    recorded_at: datetime
