"""The store's double in memory: same rules, no waiting; its coroutines never suspend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from contact_events.envelope import Envelope
from contact_events.validity import Leadership
from contact_runtime.errors import PositionMoved, StreamMoved
from contact_runtime.log import TopicPartition
from contact_runtime.rows import STREAM, Kind, Outgoing, Progress
from contact_runtime.unit import BufferedUnit, EventWrite, RowWrite
from contact_runtime.wakeups import Alarm, Bell, Signals, Watch

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class _Row:
    version: int
    text: str | None
    due_at: datetime | None


class MemoryUnit(BufferedUnit):
    """A unit of work on a `MemoryStore`. Locks nobody: who commits second gets `StreamMoved`."""

    def __init__(self, store: MemoryStore, source: str, partitions: int) -> None:
        super().__init__(source, partitions)
        self._store = store

    async def _lock(
        self, kind: str, keys: Sequence[str]
    ) -> Iterable[tuple[str, str, int, str | None]]:
        rows = self._store.rows
        kinds = (STREAM,) if kind == STREAM else (kind, STREAM)
        return [
            (name, key, row.version, row.text)
            for name in kinds
            for key in keys
            if (row := rows.get((name, key))) is not None
        ]

    async def _read(self, kind: str, keys: Sequence[str]) -> Iterable[tuple[str, str | None]]:
        rows = ((key, self._store.rows.get((kind, key))) for key in keys)
        return [(key, row.text) for key, row in rows if row is not None]

    async def sequences(
        self, reader: str, streams: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """Return the last sequence `reader` took of each known (topic, stream)."""
        known = self._store.known_sequences
        return {stream: known[reader, *stream] for stream in streams if (reader, *stream) in known}


class MemoryStore:
    """Rows, events and readers' progress in dictionaries; `snapshot` copies them cheaply."""

    def __init__(self, *, source: str = "/polycentre/memory", partitions: int = 4) -> None:
        self._source = source
        self._partitions = partitions
        self._signals = Signals()
        self.committed: Bell = self._signals.committed
        self.rows: dict[tuple[str, str], _Row] = {}
        self.events: list[tuple[datetime, EventWrite]] = []
        self.published: set[int] = set()
        self.known_sequences: dict[tuple[str, str, str], int] = {}
        self._due: dict[tuple[str, str], datetime] = {}
        self._positions: dict[str, dict[TopicPartition, int]] = {}
        self._leaderships: dict[tuple[str, str], Leadership] = {}
        self._leases: dict[str, tuple[str, float]] = {}

    @property
    def outbox(self) -> list[Envelope]:
        """Return every event committed so far, in order."""
        return [event.envelope for _, event in self.events if event.envelope is not None]

    @property
    def dead_letters(self) -> list[EventWrite]:
        """Return what was set aside so far, in order."""
        return [event for _, event in self.events if event.envelope is None]

    def snapshot(self) -> MemoryStore:
        """Return a copy that goes its own way; what is kept is immutable, so that is cheap."""
        other = MemoryStore(source=self._source, partitions=self._partitions)
        other.rows = dict(self.rows)
        other.events = list(self.events)
        other.published = set(self.published)
        other.known_sequences = dict(self.known_sequences)
        other._due = dict(self._due)
        other._positions = {reader: dict(known) for reader, known in self._positions.items()}
        other._leaderships = dict(self._leaderships)
        other._leases = dict(self._leases)
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> MemoryStore:
        """Copy as `snapshot` does."""
        return self.snapshot()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[MemoryUnit]:
        """Open a transaction.

        Raises:
            StreamMoved: another transaction wrote to a row or stream of this one first.
        """
        unit = MemoryUnit(self, self._source, self._partitions)
        yield unit
        self._commit(unit, unit.rows())

    def _commit(self, unit: MemoryUnit, rows: Sequence[RowWrite]) -> None:
        for row in rows:
            held = self.rows.get((row.kind, row.key))
            if (0 if held is None else held.version) != row.expected:
                raise StreamMoved(f"{row.kind} {row.key} was written by another")
        for reader, progress in unit.progress:
            self._expect(reader, progress)
        now = datetime.now(UTC)
        for row in rows:
            self._write(row)
        self.events.extend((now, event) for event in unit.events)
        for reader, progress in unit.progress:
            self._advance(reader, progress)
        if unit.events:
            self.committed.ring()

    def _write(self, row: RowWrite) -> None:
        self.rows[row.kind, row.key] = _Row(row.version, row.text, row.due_at)
        self._due.pop((row.kind, row.key), None)
        if row.due_at is not None:
            self._due[row.kind, row.key] = row.due_at
            self._signals.due(row.kind, row.due_at)
        self._signals.written(row.kind, row.key, row.state)

    def _expect(self, reader: str, progress: Progress) -> None:
        held = self._positions.get(reader, {})
        for tp, (expected, _) in progress.positions.items():
            if held.get(tp) != expected:
                raise PositionMoved(f"another reader {reader} has moved the positions")

    def _advance(self, reader: str, progress: Progress) -> None:
        for tp, (_, next_offset) in progress.positions.items():
            self._positions[reader][tp] = next_offset
        for (topic, stream), sequence in progress.sequences.items():
            self.known_sequences[reader, topic, stream] = sequence
        for pool, leadership in progress.leaderships.items():
            self._leaderships[reader, pool] = leadership

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the committed state of `key`; `initial` if there is no row."""
        row = self.rows.get((kind.name, key))
        return kind.initial(key) if row is None or row.text is None else kind.decode(row.text)

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        """Return the committed states of those of `keys` that have a row, with one statement."""
        wanted = sorted(set(keys))
        found = ((key, self.rows.get((kind.name, key))) for key in wanted)
        return {key: kind.decode(row.text) for key, row in found if row and row.text is not None}

    async def page(self, kind: Kind[S], after: str, limit: int) -> dict[str, S]:
        """Return the next `limit` committed rows of `kind` after the key `after`, by key."""
        later = [key for key in await self.scan(kind) if key > after]
        return await self.peek_many(kind, later[:limit])

    async def scan(self, kind: Kind[S]) -> dict[str, S]:
        """Return all committed rows of `kind` by key."""
        return {
            key: kind.decode(row.text)
            for (name, key), row in sorted(self.rows.items(), key=lambda item: item[0])
            if name == kind.name and row.text is not None
        }

    def watch(self, kind: Kind[S], key: str) -> Watch[S]:
        """Return a watch on one row, open within a `with` block; see `Watch`."""
        return self._signals.watch(kind.name, key, lambda: self.peek(kind, key))

    def alarm(self, kind: Kind[Any]) -> Alarm:
        """Return the alarm that hears each due time written for `kind`."""
        return self._signals.alarm(kind.name)

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        """Return the next `limit` (due time, key) of `kind`, the earliest first."""
        due = ((at, key) for (name, key), at in self._due.items() if name == kind.name)
        return sorted(due)[:limit]

    async def positions(self, reader: str) -> dict[TopicPartition, int]:
        """Return the next offset to read of each partition `reader` has read."""
        return dict(self._positions.get(reader, {}))

    async def start_positions(self, reader: str, positions: Mapping[TopicPartition, int]) -> None:
        """Keep `positions` for partitions `reader` has never read; the others stay."""
        self._positions[reader] = {**positions, **self._positions.get(reader, {})}

    async def leaderships(self, reader: str) -> dict[str, Leadership]:
        """Return who leads each pool, as far as `reader` has read."""
        return {pool: held for (name, pool), held in self._leaderships.items() if name == reader}

    async def unpublished(self, limit: int) -> list[Outgoing]:
        """Return the first `limit` committed events not marked as published, in order of id."""
        waiting = [place for place in range(len(self.events)) if place not in self.published]
        return [
            Outgoing(id=place, tp=event.tp, entry=event.entry, recorded_at=at)
            for place in waiting[:limit]
            for at, event in (self.events[place],)
        ]

    async def mark_published(self, ids: Sequence[int]) -> None:
        """Mark events as published."""
        self.published.update(ids)

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        """Return whether `owner` now holds the lease `name` for `ttl_s` seconds of machine time."""
        holder, expires = self._leases.get(name, (owner, 0.0))
        now_s = asyncio.get_running_loop().time()
        if holder != owner and expires > now_s:
            return False
        self._leases[name] = (owner, now_s + ttl_s)
        return True

    async def drop_lease(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""
        if self._leases.get(name, ("", 0.0))[0] == owner:
            del self._leases[name]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear of other processes' commits: there are none."""
        yield
