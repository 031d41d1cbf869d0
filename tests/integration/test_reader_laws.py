"""The reader on both stores: once, in order, only what is valid, with its position."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.calls import Text
from contact_events.config import QueueChanged
from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.registry import Event, event_type_of
from contact_events.routing import RouterEpochStarted, RouterProgress
from contact_events.topics import CALL_ARRIVED, ROUTED, ROUTING_CONFIG
from contact_runtime.clock import StoppedClock
from contact_runtime.errors import Transient
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.projection import folded
from contact_runtime.reader import Received, run_reader
from contact_runtime.rows import Store, Unit
from contact_runtime.store import SqlStore
from tests.support.till import NOON, TILL, Till, paid_in
from tests.support.wait import until

TOPICS = (CALL_ARRIVED, ROUTED, ROUTING_CONFIG)
ARRIVED = TopicPartition("call-arrived", 0)


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(source="/polycentre/test", partitions=4)
    sql_store: SqlStore = request.getfixturevalue("sql_store")
    return sql_store


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await log.ensure_topics(TOPICS, 2)
    return log


async def say(log: MemoryLog, data: Event, stream: str, sequence: int) -> None:
    """Put an event on partition 0 of its topic."""
    envelope = Envelope(
        id=f"{stream}/{sequence}",
        source="/polycentre/other",
        subject=stream,
        time=NOON,
        pool="main",
        stream=stream,
        sequence=sequence,
        data=data,
    )
    tp = TopicPartition(event_type_of(type(data)).topic.name, 0)
    entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
    await (await log.writer()).append(tp, [entry])


async def garbage(log: MemoryLog) -> None:
    await (await log.writer()).append(ARRIVED, [Entry(b"k", b"\xff not JSON")])


async def pay_in(unit: Unit, batch: Sequence[Received]) -> None:
    """Pay each event into the till of its call."""
    for received in batch:
        data = received.envelope.data
        till = await unit.load(TILL, received.envelope.stream)
        amount = int(getattr(data, "step", 1))
        unit.put(TILL, received.envelope.stream, Till(paid=till.paid + amount))


Handler = Callable[[Unit, Sequence[Received]], Awaitable[None]]


@asynccontextmanager
async def reading(
    store: Store, log: MemoryLog, handler: Handler = pay_in, metrics: Metrics | None = None
) -> AsyncIterator[None]:
    """A reader that runs while the block is open."""
    stop = asyncio.Event()
    clock = StoppedClock(NOON + timedelta(seconds=3))
    running = asyncio.create_task(
        run_reader(
            store,
            log,
            reader="test",
            topics=TOPICS,
            handler=handler,
            clock=clock,
            stop=stop,
            metrics=metrics,
            linger_s=0,
        )
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def caught_up(store: Store, log: MemoryLog) -> None:
    async def at_the_end() -> bool:
        ends = await log.ends(topic.name for topic in TOPICS)
        return await store.positions("test") == ends

    await until("the reader at the end", at_the_end)


async def test_a_record_delivered_twice_counts_once(store: Store, log: MemoryLog) -> None:
    for sequence in (1, 2, 1, 2, 3):
        await say(log, paid_in("a", 10**sequence), "a", sequence)
    async with reading(store, log):
        await caught_up(store, log)
        await say(log, paid_in("a", 1000), "a", 3)
        await say(log, paid_in("a", 5), "a", 4)
        await caught_up(store, log)
    assert await store.peek(TILL, "a") == Till(paid=1115)


async def test_a_reader_started_again_goes_on_where_its_rows_are(
    store: Store, log: MemoryLog
) -> None:
    await say(log, paid_in("a", 1), "a", 1)
    async with reading(store, log):
        await caught_up(store, log)
    await say(log, paid_in("a", 10), "a", 2)
    seen: list[int] = []

    async def handler(unit: Unit, batch: Sequence[Received]) -> None:
        seen.extend(received.record.offset for received in batch)
        await pay_in(unit, batch)

    async with reading(store, log, handler):
        await caught_up(store, log)
    assert seen == [1]
    assert await store.peek(TILL, "a") == Till(paid=11)


def progress(owner: str, epoch: int, number: int) -> RouterProgress:
    return RouterProgress(
        pool="main", epoch=epoch, owner=owner, number=number, decided_at=NOON, positions={}
    )


def claim(owner: str, epoch: int) -> RouterEpochStarted:
    return RouterEpochStarted(pool="main", epoch=epoch, owner=owner, code_version="1")


async def test_decisions_of_a_router_that_does_not_lead_are_void(
    store: Store, log: MemoryLog
) -> None:
    await say(log, claim("x", 1), "x", 1)
    await say(log, claim("y", 1), "y", 1)
    await say(log, progress("x", 1, 1), "x", 2)
    await say(log, progress("y", 1, 1), "y", 2)
    async with reading(store, log):
        await caught_up(store, log)
    await say(log, claim("z", 2), "z", 1)
    await say(log, progress("x", 1, 2), "x", 3)
    await say(log, progress("z", 2, 1), "z", 2)
    await say(log, progress("z", 2, 1), "z", 2)
    metrics = Metrics()
    async with reading(store, log, metrics=metrics):
        await caught_up(store, log)
    assert await store.scan(TILL) == {"x": Till(paid=2), "z": Till(paid=2)}
    voided = b'reader_records_total{fate="void",reader="test",topic="routed"} 2.0'
    assert voided in metrics.text()


async def test_of_a_document_only_the_next_revision_counts(store: Store, log: MemoryLog) -> None:
    for number, revision in enumerate((1, 3, 2, 2, 3), 1):
        queue = QueueChanged(
            document_id="q",
            revision=revision,
            changed_by="x",
            queue_id="q",
            name=Text("q", "q"),
        )
        await say(log, queue, f"by/{number}", 1)
    seen: list[int] = []

    async def handler(unit: Unit, batch: Sequence[Received]) -> None:
        for received in batch:
            assert isinstance(received.envelope.data, QueueChanged)
            seen.append(received.envelope.data.revision)

    async with reading(store, log, handler):
        await caught_up(store, log)
    assert seen == [1, 2, 3]


async def test_poison_is_set_aside_and_the_partition_goes_on(store: Store, log: MemoryLog) -> None:
    await say(log, paid_in("a", 1), "a", 1)
    await garbage(log)
    await say(log, paid_in("a", 2), "a", 2)
    async with reading(store, log):
        await caught_up(store, log)
    assert await store.peek(TILL, "a") == Till(paid=3)
    [out] = await store.unpublished(10)
    assert out.tp.topic == "test.dead-letter"
    assert out.entry.value == b"\xff not JSON"
    headers = dict(out.entry.headers)
    assert headers["dead_letter_topic"] == b"call-arrived"
    assert headers["dead_letter_offset"] == b"1"
    assert headers["dead_letter_reason"].startswith(b"no envelope")


async def test_an_unknown_type_is_passed_over_and_counted(store: Store, log: MemoryLog) -> None:
    await say(log, paid_in("a", 1), "a", 1)
    value = log.records[ARRIVED][0].value
    assert value is not None
    newer = msgspec.json.decode(value) | {"type": "call.teleported", "sequence": 2}
    await (await log.writer()).append(ARRIVED, [Entry(b"a", msgspec.json.encode(newer))])
    metrics = Metrics()
    async with reading(store, log, metrics=metrics):
        await caught_up(store, log)
    assert await store.peek(TILL, "a") == Till(paid=1)
    assert b'fate="unknown_type",reader="test",topic="call-arrived"} 1.0' in metrics.text()


async def test_after_a_transient_failure_the_same_records_come_again(
    store: Store, log: MemoryLog
) -> None:
    await say(log, paid_in("a", 1), "a", 1)
    tries: list[int] = []

    async def handler(unit: Unit, batch: Sequence[Received]) -> None:
        tries.append(len(batch))
        await pay_in(unit, batch)
        if len(tries) < 3:
            raise Transient("not yet")

    async with reading(store, log, handler):
        await caught_up(store, log)
    assert tries == [1, 1, 1]
    assert await store.peek(TILL, "a") == Till(paid=1)


async def test_a_bug_stops_the_reader_with_nothing_written(store: Store, log: MemoryLog) -> None:
    await say(log, paid_in("a", 1), "a", 1)
    tries: list[int] = []

    async def handler(unit: Unit, batch: Sequence[Received]) -> None:
        await pay_in(unit, batch)
        tries.append(len(batch))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with reading(store, log, handler):
            await until("the bug", lambda: tries)
    assert tries == [1]
    assert await store.peek(TILL, "a") == Till()
    assert (await store.positions("test"))[ARRIVED] == 0


async def test_two_readers_of_one_name_take_each_record_once(store: Store, log: MemoryLog) -> None:
    async with reading(store, log), reading(store, log):
        for sequence in range(1, 41):
            await say(log, paid_in("a", 1), "a", sequence)
            await asyncio.sleep(0)
        await caught_up(store, log)
    assert await store.peek(TILL, "a") == Till(paid=40)


@pytest.mark.postgres
async def test_a_projection_writes_rows_and_positions_together(
    sql_store: SqlStore, log: MemoryLog
) -> None:
    async with sql_store.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE sums (stream text PRIMARY KEY, sum int)"))
    failures = [ZeroDivisionError()]

    async def fold(conn: AsyncConnection, batch: Sequence[Received]) -> None:
        upsert = text(
            "INSERT INTO sums VALUES (:stream, :sum)"
            " ON CONFLICT (stream) DO UPDATE SET sum = sums.sum + excluded.sum"
        )
        rows = [{"stream": r.envelope.stream, "sum": r.envelope.sequence} for r in batch]
        await conn.execute(upsert, rows)
        if failures:
            raise failures.pop()

    for sequence in (1, 2, 3):
        await say(log, paid_in("a", 1), "a", sequence)

    async def run(stop: asyncio.Event) -> None:
        await run_reader(
            sql_store,
            log,
            reader="test",
            topics=TOPICS,
            handler=folded(fold),
            clock=StoppedClock(NOON),
            stop=stop,
        )

    with pytest.raises(ZeroDivisionError):
        await run(asyncio.Event())
    stop = asyncio.Event()
    running = asyncio.create_task(run(stop))
    await caught_up(sql_store, log)
    stop.set()
    await running
    async with sql_store.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT stream, sum FROM sums"))).all()
    assert [tuple(row) for row in rows] == [("a", 6)]
