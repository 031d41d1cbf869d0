"""The relay on real PostgreSQL: nothing skipped, at least once, each stream in its order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

import pytest

from contact_events.envelope import Decoded, Envelope, decode
from contact_events.intake import Intake
from contact_events.topics import CALL_ARRIVED, dead_letter_topic
from contact_runtime import sql
from contact_runtime.database import connect
from contact_runtime.driver import lent
from contact_runtime.errors import Transient
from contact_runtime.execute import execute
from contact_runtime.log import Ambiguous, Entry, Record, TooLarge, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.relay import MOST_BYTES, Relay, in_batches, run_relay
from contact_runtime.rows import Outgoing
from contact_runtime.store import SqlStore, SqlUnit
from tests.support.till import CONTEXT, NOON, RULES, PayIn, paid_in
from tests.support.wait import until

pytestmark = pytest.mark.postgres


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await log.ensure_topics([CALL_ARRIVED], 4)
    await log.ensure_topics([dead_letter_topic("test")], 1)
    return log


@pytest.fixture
async def other_process(sql_store: SqlStore, postgres_url: str) -> AsyncIterator[SqlStore]:
    """A store of another process on the same database: its commits are heard by NOTIFY only."""
    store = SqlStore(connect(postgres_url), source="/polycentre/test", partitions=4)
    yield store
    await store.close()


async def pay(store: SqlStore, key: str, amount: int) -> None:
    async with store.unit() as unit:
        await execute(unit, RULES, key, PayIn(amount), CONTEXT)


def on_log(log: MemoryLog) -> list[Envelope]:
    """Every event on the log, partition by partition."""
    found = [decode(record.value) for tp in sorted(log.records) for record in log.records[tp]]
    return [event.envelope for event in found if isinstance(event, Decoded)]


def taken(log: MemoryLog) -> dict[str, list[int]]:
    """The numbers of each stream that a reader takes, in its order."""
    intake = Intake()
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for envelope in on_log(log):
        if intake.takes(CALL_ARRIVED.name, envelope):
            numbers[envelope.stream].append(envelope.sequence)
    return numbers


async def test_an_event_whose_id_is_older_but_commits_later_is_not_skipped(
    sql_store: SqlStore, log: MemoryLog
) -> None:
    relay = Relay(sql_store, log, Metrics())
    autocommit = sql_store.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with lent(autocommit) as slow, slow.transaction():
        unit = SqlUnit(slow, "/polycentre/test", 4)
        await unit.load_streams(["slow"])
        unit.publish([CONTEXT.fact(paid_in("slow", 1))], stream="slow")
        await sql.write_events(slow, unit.events, '{"by": "slow"}')
        await pay(sql_store, "fast", 2)
        await relay.publish()
        assert taken(log) == {"fast": [1]}
        await slow.commit()
    await relay.publish()
    assert taken(log) == {"fast": [1], "slow": [1]}
    assert await sql_store.unpublished(10) == []


class DiesBeforeMarking(SqlStore):
    """Its process is killed between the acknowledgement and the mark."""

    async def mark_published(self, ids: Sequence[int]) -> None:
        raise ProcessLookupError


async def test_a_relay_killed_between_send_and_mark_publishes_again_and_nothing_counts_twice(
    sql_store: SqlStore, log: MemoryLog
) -> None:
    for amount in (1, 2, 3):
        await pay(sql_store, "a", amount)
    killed = Relay(DiesBeforeMarking(sql_store.engine, source="/polycentre/test"), log, Metrics())
    with pytest.raises(ProcessLookupError):
        await killed.publish()
    await pay(sql_store, "a", 4)
    await Relay(sql_store, log, Metrics()).publish()
    assert [e.sequence for e in on_log(log)] == [1, 2, 3, 1, 2, 3, 4]
    assert taken(log) == {"a": [1, 2, 3, 4]}


@pytest.mark.parametrize("landed", [True, False])
async def test_what_may_have_landed_is_published_again(
    sql_store: SqlStore, log: MemoryLog, landed: bool
) -> None:
    await pay(sql_store, "a", 1)
    relay = Relay(sql_store, log, Metrics())
    log.doubt_next_append(landed=landed)
    with pytest.raises(Ambiguous):
        await relay.publish()
    await relay.publish()
    assert len(on_log(log)) == (2 if landed else 1)
    assert taken(log) == {"a": [1]}


async def test_every_stream_arrives_whole_and_in_order_however_writers_and_doubts_interleave(
    sql_store: SqlStore, log: MemoryLog
) -> None:
    chance = random.Random(7)
    stop = asyncio.Event()
    relaying = asyncio.create_task(run_relay(sql_store, log, stop=stop))

    async def writer() -> None:
        written = 0
        while written < 15:
            keys = chance.sample("abcdef", 2)
            try:
                async with sql_store.unit() as unit:
                    for key in keys:
                        await execute(unit, RULES, key, PayIn(1), CONTEXT)
                        await asyncio.sleep(0)
            except Transient:  # another was first, or both waited for each other
                continue
            written += 1
            if chance.random() < 0.2:
                log.doubt_next_append(landed=chance.random() < 0.5)

    async def all_published() -> bool:
        return not await sql_store.unpublished(1)

    await asyncio.gather(*(writer() for _ in range(5)))
    await until("all events published", all_published, limit_s=30)
    stop.set()
    await relaying
    numbers = taken(log)
    last = {key: till.paid for key, till in (await sql_store.scan(RULES.kind)).items()}
    assert numbers == {key: list(range(1, paid + 1)) for key, paid in last.items()}
    assert sum(last.values()) == 5 * 15 * 2


async def test_a_commit_of_another_process_wakes_the_relay(
    sql_store: SqlStore, other_process: SqlStore, log: MemoryLog
) -> None:
    stop = asyncio.Event()
    relaying = asyncio.create_task(run_relay(sql_store, log, stop=stop, look_every_s=120))
    await pay(sql_store, "own", 1)
    await until("the first event", lambda: len(on_log(log)) == 1)
    await pay(other_process, "a", 1)
    await until("the event of the other process", lambda: len(on_log(log)) == 2)
    stop.set()
    sql_store.committed.ring()
    await relaying


async def test_a_dead_letter_goes_the_same_way(sql_store: SqlStore, log: MemoryLog) -> None:
    async with sql_store.unit() as unit:
        poison = Record("call-arrived", 3, 9, None, b"{", (), 0)
        unit.record_poison(poison, "no envelope", "test")
    await Relay(sql_store, log, Metrics()).publish()
    [record] = log.records[TopicPartition("test.dead-letter", 0)]
    assert record.value == b"{"
    assert ("dead_letter_offset", b"9") in record.headers


async def test_an_event_too_large_for_the_log_is_said_loudly(
    sql_store: SqlStore, log: MemoryLog
) -> None:
    async with sql_store.unit() as unit:
        await unit.load_streams(["a"])
        unit.publish([CONTEXT.fact(paid_in("x" * 1_100_000, 1))], stream="a")
    with pytest.raises(TooLarge):
        await Relay(sql_store, log, Metrics()).publish()


def test_batches_stay_below_the_limit_and_keep_the_order() -> None:
    tp = TopicPartition("t", 0)
    sizes = [10, MOST_BYTES * 2, 10, MOST_BYTES // 2, MOST_BYTES // 2, 10]
    events = [
        Outgoing(id=n, tp=tp, entry=Entry(None, b"x" * size), recorded_at=NOON)
        for n, size in enumerate(sizes)
    ]
    batches = [[out.id for out in batch] for batch in in_batches(events)]
    assert batches == [[0], [1], [2, 3], [4, 5]]
