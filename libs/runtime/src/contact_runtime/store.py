"""The store on PostgreSQL: SQLAlchemy's engine and transactions, multi-row statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from contact_events.validity import Leadership
from contact_runtime import sql, sql_progress
from contact_runtime.database import connect, statements_in_our_words
from contact_runtime.driver import Driver, lent
from contact_runtime.errors import CommitUnknown, Transient
from contact_runtime.listener import Listener, notice
from contact_runtime.log import TopicPartition
from contact_runtime.peeks import Peeks
from contact_runtime.rows import Kind, Outgoing
from contact_runtime.unit import BufferedUnit, RowWrite
from contact_runtime.wakeups import Alarm, Bell, Signals, Watch

__all__ = ["SqlStore", "SqlUnit", "connect"]

S = TypeVar("S")


class SqlUnit(BufferedUnit):
    """A unit of work on one connection."""

    def __init__(self, driver: Driver, source: str, partitions: int) -> None:
        super().__init__(source, partitions)
        self.driver = driver
        """For statements of the service's own tables in the same transaction."""
        self.connection = driver.connection
        """The same for SQLAlchemy's statements."""

    async def _lock(
        self, kind: str, keys: Sequence[str]
    ) -> Iterable[tuple[str, str, int, str | None]]:
        return await sql.lock_rows(self.driver, kind, keys)

    async def _read(self, kind: str, keys: Sequence[str]) -> Iterable[tuple[str, str | None]]:
        return await sql.read_rows_of(self.driver, kind, keys)

    async def sequences(
        self, reader: str, streams: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """Return the last sequence `reader` took of each known (topic, stream)."""
        return await sql_progress.read_sequences(self.driver, reader, streams)


class SqlStore:
    """The rows, event table and readers' progress of one service in its PostgreSQL database."""

    def __init__(self, engine: AsyncEngine, *, source: str, partitions: int = 4) -> None:
        self.engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._source = source
        self._partitions = partitions
        self._signals = Signals()
        self._name = uuid4().hex
        self._listener = Listener(engine, self._signals, self._name)
        self._listening = 0
        self._peeks: dict[str, Peeks[Any]] = {}
        self.committed: Bell = self._signals.committed

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[SqlUnit]:
        """Open a transaction.

        Raises:
            StreamMoved: another transaction wrote to a row or stream of this one first.
            CommitUnknown: the connection was lost within the commit.
            Transient: deadlock, lost connection, time-out: nothing was written.
        """
        async with lent(self._autocommit) as driver, driver.transaction():
            unit = SqlUnit(driver, self._source, self._partitions)
            with statements_in_our_words():
                yield unit
            rows = unit.rows()
            await self._flush(driver, unit, rows)
            await _commit(driver)
        self._announce(unit, rows)

    async def _flush(self, driver: Driver, unit: SqlUnit, rows: Sequence[RowWrite]) -> None:
        await sql.write_rows(driver, rows)
        if rows or unit.events:
            said = notice(self._name, rows, bool(unit.events))
            await sql.write_events(driver, unit.events, said)
        for reader, progress in unit.progress:
            await sql_progress.write_progress(driver, reader, progress)

    def _announce(self, unit: SqlUnit, rows: Sequence[RowWrite]) -> None:
        for row in rows:
            self._signals.written(row.kind, row.key, row.state)
            if row.due_at is not None:
                self._signals.due(row.kind, row.due_at)
        if unit.events:
            self.committed.ring()

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the committed state of `key`; `initial` if there is no row."""
        async with lent(self._autocommit) as driver:
            text = await sql.read_row(driver, kind.name, key)
        return kind.initial(key) if text is None else kind.decode(text)

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        """Return the committed states of those of `keys` that have a row, with one statement."""
        async with lent(self._autocommit) as driver:
            rows = await sql.read_rows_of(driver, kind.name, list(keys))
        return {key: kind.decode(text) for key, text in rows}

    async def page(self, kind: Kind[S], after: str, limit: int) -> dict[str, S]:
        """Return the next `limit` committed rows of `kind` after the key `after`, by key."""
        async with lent(self._autocommit) as driver:
            rows = await sql.read_page(driver, kind.name, after, limit)
        return {key: kind.decode(text) for key, text in rows}

    async def scan(self, kind: Kind[S]) -> dict[str, S]:
        """Return all committed rows of `kind` by key."""
        async with lent(self._autocommit) as driver:
            rows = await sql.read_rows(driver, kind.name)
        return {key: kind.decode(text) for key, text in rows}

    def watch(self, kind: Kind[S], key: str) -> Watch[S]:
        """Return a watch on one row, open within a `with` block; see `Watch`."""
        peeks = self._peeks.setdefault(kind.name, Peeks(kind, self.peek_many))
        return self._signals.watch(kind.name, key, lambda: peeks.peek(key))

    def alarm(self, kind: Kind[Any]) -> Alarm:
        """Return the alarm that hears each due time written for `kind`."""
        return self._signals.alarm(kind.name)

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        """Return the next `limit` (due time, key) of `kind`, the earliest first."""
        async with lent(self._autocommit) as driver:
            return await sql.read_due(driver, kind.name, limit)

    async def positions(self, reader: str) -> dict[TopicPartition, int]:
        """Return the next offset to read of each partition `reader` has read."""
        async with lent(self._autocommit) as driver:
            return await sql_progress.read_positions(driver, reader)

    async def start_positions(self, reader: str, positions: Mapping[TopicPartition, int]) -> None:
        """Keep `positions` for partitions `reader` has never read; the others stay."""
        async with lent(self._autocommit) as driver:
            await sql_progress.start_positions(driver, reader, positions)

    async def leaderships(self, reader: str) -> dict[str, Leadership]:
        """Return who leads each pool, as far as `reader` has read."""
        async with lent(self._autocommit) as driver:
            return await sql_progress.read_leaderships(driver, reader)

    async def unpublished(self, limit: int) -> list[Outgoing]:
        """Return the first `limit` committed events not marked as published, in order of id."""
        async with lent(self._autocommit) as driver:
            return await sql.read_unpublished(driver, limit)

    async def mark_published(self, ids: Sequence[int]) -> None:
        """Mark events as published."""
        async with lent(self._autocommit) as driver:
            await sql.mark_published(driver, ids)

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        """Return whether `owner` now holds the lease `name` for `ttl_s` seconds of machine time."""
        async with lent(self._autocommit) as driver:
            return await sql.take_lease(driver, name, owner, ttl_s)

    async def drop_lease(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""
        async with lent(self._autocommit) as driver:
            await sql.drop_lease(driver, name, owner)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear of other processes' commits while the block is open; one connection for all."""
        self._listening += 1
        try:
            if self._listening == 1:
                self._listener.start()
            yield
        finally:
            self._listening -= 1
            if self._listening == 0:
                await self._listener.stop()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def _commit(driver: Driver) -> None:
    """Commit.

    Raises:
        CommitUnknown: nobody can tell whether it was.
    """
    try:
        await driver.commit()
    except Transient as lost:
        raise CommitUnknown(str(lost)) from lost
