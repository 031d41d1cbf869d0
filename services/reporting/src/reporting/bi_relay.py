"""Publishes the rows that changed to `bi.*`, at least once, as they are when they are read.

The transaction that changes a row puts its key into the table's outbox; what is published is the
row as it is by now, or a tombstone where it is no more. So a row that changes often is published
once, and the last record of a key is always the row.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_events.partitions import partition_of
from contact_runtime.catalogue import RELAY_PUBLISHED
from contact_runtime.driver import Driver, lent
from contact_runtime.errors import Transient
from contact_runtime.log import Ambiguous, Entry, Log, LogWriter, TopicPartition, Unavailable
from contact_runtime.metrics import Metrics
from contact_runtime.relay import by_partition, in_batches
from contact_runtime.rows import Outgoing
from reporting.bi import BI_TOPICS, BiTopic, RowFormat, ValueFormat

LOOK_EVERY_S: Final = 0.5
RETRY_S: Final = 0.5
MOST_ROWS: Final = 2_000

log = logging.getLogger(__name__)


async def run_bi(
    engine: AsyncEngine,
    log_: Log,
    value_format: ValueFormat,
    partitions: int,
    *,
    stop: asyncio.Event,
    metrics: Metrics,
) -> None:
    """Publish until `stop` is set; at most one process should."""
    relays = [
        _Relay(engine, log_, topic, RowFormat(topic, value_format), partitions, metrics)
        for topic in BI_TOPICS
    ]
    try:
        while not stop.is_set():
            found = [await _published(relay) for relay in relays]
            if max(found) < MOST_ROWS:
                await asyncio.sleep(LOOK_EVERY_S)
    finally:
        for relay in relays:
            await relay.close()


async def _published(relay: "_Relay") -> int:
    try:
        return await relay.publish()
    except (Ambiguous, Unavailable, Transient) as why:
        log.warning("rows not published, will be tried again", extra={"why": str(why)})
        await relay.close()
        await asyncio.sleep(RETRY_S)
        return 0


class _Relay:
    """Publishes the changed rows of one table."""

    def __init__(
        self,
        engine: AsyncEngine,
        log_: Log,
        rows: BiTopic,
        row_format: RowFormat,
        partitions: int,
        metrics: Metrics,
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._log = log_
        self._rows = rows
        self._format = row_format
        self._partitions = partitions
        self._metrics = metrics
        self._statements = _Statements(rows)
        self._writer: LogWriter | None = None

    async def publish(self) -> int:
        """Publish up to `MOST_ROWS` rows that wait; return how many waited.

        Raises:
            Ambiguous: some may have landed; they are published again by the next turn.
            Unavailable: the log could not be reached.
            Transient: the database could not be reached.
        """
        async with lent(self._engine) as driver:
            waiting = await driver.fetch(self._statements.waiting, (MOST_ROWS,))
            if waiting:
                await self._send(waiting)
                await self._mark(driver, waiting)
        return len(waiting)

    async def _send(self, waiting: Sequence[Any]) -> None:
        if self._writer is None:
            self._writer = await self._log.writer()
        last = {entry.key: entry for entry in map(self._entry, waiting)}
        now = datetime.now(UTC)
        outgoing = [
            Outgoing(id=0, tp=self._place(entry), entry=entry, recorded_at=now)
            for entry in last.values()
        ]
        for tp, of_partition in by_partition(outgoing):
            for batch in in_batches(of_partition):
                await self._writer.append(tp, [out.entry for out in batch])
        self._metrics.add(RELAY_PUBLISHED, self._rows.topic.name, amount=len(outgoing))

    def _entry(self, row: Any) -> Entry:
        gone = row["is_gone"]
        return Entry(self._format.key(row), None if gone else self._format.value(row))

    def _place(self, entry: Entry) -> TopicPartition:
        key = (entry.key or b"").decode()
        return TopicPartition(self._rows.topic.name, partition_of(key, self._partitions))

    async def _mark(self, driver: Driver, waiting: Sequence[Any]) -> None:
        """Forget the keys that were published.

        Those that another process has published meanwhile are published once more: it may have
        written a newer row before this process wrote an older one.
        """
        ids = [row["id"] for row in waiting]
        mine = {row["id"] for row in await driver.fetch(self._statements.published, (ids,))}
        others = [row for row in waiting if row["id"] not in mine]
        if others:
            arrays = tuple([row[key] for row in others] for key in self._rows.keys)
            await driver.execute(self._statements.again, arrays)

    async def close(self) -> None:
        """Let go of the log."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.close()


class _Statements:
    """The statements over one table and its outbox."""

    def __init__(self, rows: BiTopic) -> None:
        table, outbox, keys = rows.table.name, rows.outbox.name, ", ".join(rows.keys)
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        names = ", ".join(column.name for column in rows.columns)
        arrays = ", ".join(
            f"${n}::{rows.table.c[key].type.compile(dialect=dialect)}[]"
            for n, key in enumerate(rows.keys, 1)
        )
        self.waiting = (
            f"SELECT id, {names}, row_version IS NULL AS is_gone "
            f"FROM (SELECT * FROM {outbox} ORDER BY id LIMIT $1) AS changed "
            f"LEFT JOIN {table} USING ({keys}) ORDER BY id"
        )
        self.published = f"DELETE FROM {outbox} WHERE id = ANY($1::bigint[]) RETURNING id"
        self.again = f"INSERT INTO {outbox} ({keys}) SELECT * FROM unnest({arrays})"
