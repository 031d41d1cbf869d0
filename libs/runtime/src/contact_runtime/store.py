"""The store on PostgreSQL: SQLAlchemy's engine and transactions, multi-row statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_events.validity import Leadership
from contact_runtime import sql, sql_progress
from contact_runtime.database import connect, in_our_words, statements_in_our_words
from contact_runtime.errors import CommitUnknown, Transient
from contact_runtime.listener import Listener, notice
from contact_runtime.log import TopicPartition
from contact_runtime.rows import Kind, Outgoing
from contact_runtime.unit import BufferedUnit, RowWrite
from contact_runtime.wakeups import Alarm, Bell, Signals, Watch

__all__ = ["SqlStore", "SqlUnit", "connect"]

S = TypeVar("S")


class SqlUnit(BufferedUnit):
    """A unit of work on one connection."""

    def __init__(self, connection: AsyncConnection, source: str, partitions: int) -> None:
        super().__init__(source, partitions)
        self.connection = connection
        """For statements of the service's own tables in the same transaction."""

    async def _lock(
        self, kind: str, keys: Sequence[str]
    ) -> Iterable[tuple[str, str, int, str | None]]:
        with in_our_words():
            return await sql.lock_rows(self.connection, kind, keys)

    async def _read(self, kind: str, key: str) -> str | None:
        with in_our_words():
            return await sql.read_row(self.connection, kind, key)

    async def sequences(
        self, reader: str, streams: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """Return the last sequence `reader` took of each known (topic, stream)."""
        with in_our_words():
            return await sql_progress.read_sequences(self.connection, reader, streams)


class SqlStore:
    """The rows, event table and readers' progress of one service in its PostgreSQL database."""

    def __init__(self, engine: AsyncEngine, *, source: str, partitions: int = 4) -> None:
        self.engine = engine
        self._source = source
        self._partitions = partitions
        self._signals = Signals()
        self._name = uuid4().hex
        self.committed: Bell = self._signals.committed

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[SqlUnit]:
        """Open a transaction.

        Raises:
            StreamMoved: another transaction wrote to a row or stream of this one first.
            CommitUnknown: the connection was lost within the commit.
            Transient: deadlock, lost connection, time-out: nothing was written.
        """
        async with self._connection() as connection:
            unit = SqlUnit(connection, self._source, self._partitions)
            with statements_in_our_words():
                yield unit
            rows = unit.rows()
            with in_our_words():
                await self._flush(unit, rows)
            await _commit(connection)
        self._announce(unit, rows)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as opened:
            with in_our_words():
                connection = await opened.enter_async_context(self.engine.connect())
            yield connection

    async def _flush(self, unit: SqlUnit, rows: Sequence[RowWrite]) -> None:
        await sql.write_rows(unit.connection, rows)
        if rows or unit.events:
            await sql.write_events(
                unit.connection, unit.events, notice(self._name, rows, bool(unit.events))
            )
        for reader, progress in unit.progress:
            await sql_progress.write_progress(unit.connection, reader, progress)

    def _announce(self, unit: SqlUnit, rows: Sequence[RowWrite]) -> None:
        for row in rows:
            self._signals.written(row.kind, row.key, row.state)
            if row.due_at is not None:
                self._signals.due(row.kind, row.due_at)
        if unit.events:
            self.committed.ring()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with in_our_words():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with in_our_words():
            async with self.engine.begin() as connection:
                yield connection

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the committed state of `key`; `initial` if there is no row."""
        async with self._reading() as connection:
            text = await sql.read_row(connection, kind.name, key)
        return kind.initial(key) if text is None else kind.decode(text)

    async def scan(self, kind: Kind[S]) -> dict[str, S]:
        """Return all committed rows of `kind` by key."""
        async with self._reading() as connection:
            rows = await sql.read_rows(connection, kind.name)
        return {key: kind.decode(text) for key, text in rows}

    def watch(self, kind: Kind[S], key: str) -> Watch[S]:
        """Return a watch on one row, open within a `with` block; see `Watch`."""
        return self._signals.watch(kind.name, key, lambda: self.peek(kind, key))

    def alarm(self, kind: Kind[Any]) -> Alarm:
        """Return the alarm that hears each due time written for `kind`."""
        return self._signals.alarm(kind.name)

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        """Return the next `limit` (due time, key) of `kind`, the earliest first."""
        async with self._reading() as connection:
            return await sql.read_due(connection, kind.name, limit)

    async def positions(self, reader: str) -> dict[TopicPartition, int]:
        """Return the next offset to read of each partition `reader` has read."""
        async with self._reading() as connection:
            return await sql_progress.read_positions(connection, reader)

    async def start_positions(self, reader: str, positions: Mapping[TopicPartition, int]) -> None:
        """Keep `positions` for partitions `reader` has never read; the others stay."""
        async with self._writing() as connection:
            await sql_progress.start_positions(connection, reader, positions)

    async def leaderships(self, reader: str) -> dict[str, Leadership]:
        """Return who leads each pool, as far as `reader` has read."""
        async with self._reading() as connection:
            return await sql_progress.read_leaderships(connection, reader)

    async def unpublished(self, limit: int) -> list[Outgoing]:
        """Return the first `limit` committed events not marked as published, in order of id."""
        async with self._reading() as connection:
            return await sql.read_unpublished(connection, limit)

    async def mark_published(self, ids: Sequence[int]) -> None:
        """Mark events as published."""
        async with self._writing() as connection:
            await sql.mark_published(connection, ids)

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        """Return whether `owner` now holds the lease `name` for `ttl_s` seconds of machine time."""
        async with self._writing() as connection:
            return await sql.take_lease(connection, name, owner, ttl_s)

    async def drop_lease(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""
        async with self._writing() as connection:
            await sql.drop_lease(connection, name, owner)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear of other processes' commits while the block is open."""
        async with Listener(self.engine, self._signals, self._name):
            yield

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def _commit(connection: AsyncConnection) -> None:
    """Commit.

    Raises:
        CommitUnknown: nobody can tell whether it was.
    """
    try:
        with in_our_words():
            await connection.commit()
    except Transient as lost:
        raise CommitUnknown(str(lost)) from lost
