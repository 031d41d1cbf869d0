"""Rows leave with the projection: what is last on `bi.*` for a key is the row of the table."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from contact_events.envelope import Envelope
from contact_runtime.database import connect
from contact_runtime.driver import lent
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from reporting import bi_relay
from reporting.bi import BI_TOPICS, BiTopic, RowFormat
from reporting.bi_relay import run_bi
from reporting.projections import project
from tests.support.histories import plain_call
from tests.support.wait import until

pytestmark = pytest.mark.postgres

PARTITIONS = 4
CONTACTS, QUEUES, AGENTS = BI_TOPICS
TABLES = [rows.table.name for rows in BI_TOPICS]


class Rows:
    """Tables, the log that their rows go to, and what is written there."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.log = MemoryLog()

    async def fold(self, envelopes: Sequence[Envelope]) -> None:
        async with self.store.unit() as unit:
            await project(unit.driver, envelopes)

    async def change(self, statement: str) -> None:
        async with self.store.engine.begin() as connection:
            assert (await connection.execute(text(statement))).rowcount

    async def waiting(self) -> int:
        async with self.store.engine.connect() as connection:
            counts = " + ".join(f"(SELECT count(*) FROM {name}_changed)" for name in TABLES)
            return int((await connection.execute(text(f"SELECT {counts}"))).scalar_one())

    async def in_table(self, rows: BiTopic) -> list[dict[str, Any]]:
        """Return the table's rows as JSON has them, in order of their keys."""
        names = ", ".join(column.name for column in rows.columns)
        asked = text(f"SELECT {names} FROM {rows.table.name} ORDER BY {', '.join(rows.keys)}")
        async with self.store.engine.connect() as connection:
            found = (await connection.execute(asked)).mappings().all()
        return [json.loads(json.dumps(dict(row), default=_iso)) for row in found]

    def records(self, rows: BiTopic) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Return all keys and values of the topic, each partition in order."""
        return [
            (json.loads(record.key or b""), json.loads(record.value) if record.value else None)
            for tp, records in self.log.records.items()
            if tp.topic == rows.topic.name
            for record in records
        ]

    def last(self, rows: BiTopic) -> list[dict[str, Any]]:
        """Return the rows that the topic holds once it is compacted, in order of their keys."""
        held = {tuple(key.values()): value for key, value in self.records(rows)}
        return [value for _, value in sorted(held.items()) if value is not None]

    async def published(self) -> None:
        async def nothing_waits() -> bool:
            return await self.waiting() == 0

        await until("no row to wait", nothing_waits, limit_s=30)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        engine = self.store.engine
        running = run_bi(engine, self.log, "json", PARTITIONS, stop=stop, metrics=Metrics())
        task = asyncio.create_task(running)
        try:
            yield
            await self.published()
        finally:
            stop.set()
            await task


def _iso(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


@pytest.fixture
async def rows(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rows]:
    monkeypatch.setattr(bi_relay, "LOOK_EVERY_S", 0.01)
    await migrate("reporting", postgres_url)
    store = SqlStore(connect(postgres_url), source="/polycentre/reporting", partitions=PARTITIONS)
    found = Rows(store)
    await found.log.ensure_topics([each.topic for each in BI_TOPICS], PARTITIONS)
    yield found
    await store.close()


def story() -> list[Envelope]:
    return [seen.envelope for seen in plain_call().log]


async def test_what_is_last_of_each_key_is_the_row_of_the_table(rows: Rows) -> None:
    async with rows.publishing():
        for envelope in story():
            await rows.fold([envelope])
    for topic in BI_TOPICS:
        assert rows.last(topic) == await rows.in_table(topic) != []


async def test_rows_that_wait_together_are_published_once_as_they_are_by_then(rows: Rows) -> None:
    for envelope in story():
        await rows.fold([envelope])
    async with rows.publishing():
        pass
    ((key, contact),) = rows.records(CONTACTS)
    assert key == {"call_id": "c1"}
    assert contact is not None
    assert contact["outcome"] == "answered"
    assert contact["row_version"] > 1


async def test_a_transaction_that_is_rolled_back_publishes_nothing(rows: Rows) -> None:
    with pytest.raises(RuntimeError, match="after the rows"):
        async with rows.store.unit() as unit:
            await project(unit.driver, story())
            raise RuntimeError("after the rows")
    assert await rows.waiting() == 0


async def test_a_row_that_stays_the_same_is_not_published_again(rows: Rows) -> None:
    whole = story()
    async with rows.publishing():
        await rows.fold(whole)
    before = rows.records(CONTACTS)
    async with rows.store.unit() as unit:
        await unit.driver.execute("DELETE FROM contacts_changed")
        await project(unit.driver, whole[-1:])
    assert await rows.waiting() == 0
    assert rows.records(CONTACTS) == before


async def test_a_row_that_is_gone_leaves_a_tombstone(rows: Rows) -> None:
    async with rows.publishing():
        await rows.fold(story())
    async with rows.publishing():
        await rows.change("DELETE FROM contacts")
        await rows.change("INSERT INTO contacts_changed (call_id) VALUES ('c1')")
    assert rows.records(CONTACTS)[-1] == ({"call_id": "c1"}, None)
    assert rows.last(CONTACTS) == []


async def test_a_process_that_writes_late_writes_the_row_once_more(rows: Rows) -> None:
    await rows.fold(story())
    late = bi_relay._Relay(
        rows.store.engine,
        rows.log,
        CONTACTS,
        RowFormat(CONTACTS, "json"),
        PARTITIONS,
        Metrics(),
    )
    async with lent(late._engine) as driver:
        waiting = await driver.fetch(late._statements.waiting, (10,))
        await rows.change("UPDATE contacts SET dnis = 'newer', row_version = 99")
        async with rows.publishing():
            pass
        await late._send(waiting)
        assert rows.last(CONTACTS) != await rows.in_table(CONTACTS)
        await late._mark(driver, waiting)
    await late.close()
    async with rows.publishing():
        pass
    assert rows.last(CONTACTS) == await rows.in_table(CONTACTS)


async def test_a_log_that_fails_for_a_while_loses_no_row(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bi_relay, "RETRY_S", 0.01)
    rows.log.doubt_next_append(landed=False)
    rows.log.doubt_next_append(landed=True)
    await rows.fold(story())
    async with rows.publishing():
        pass
    for topic in BI_TOPICS:
        assert rows.last(topic) == await rows.in_table(topic)
