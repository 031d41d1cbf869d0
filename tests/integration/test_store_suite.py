"""One suite for the store and its double: SqlStore on real PostgreSQL, MemoryStore in memory."""

import asyncio
from datetime import timedelta

import pytest

from contact_events.envelope import Decoded, decode
from contact_events.validity import Leadership
from contact_runtime.errors import PositionMoved, StreamMoved, Transient
from contact_runtime.execute import execute
from contact_runtime.log import Record, TopicPartition
from contact_runtime.memory_store import MemoryStore
from contact_runtime.rows import NotLoaded, Progress, Store
from contact_runtime.store import SqlStore
from tests.support.till import (
    CONTEXT,
    NOON,
    OTHER,
    RULES,
    TILL,
    NothingToPay,
    PayIn,
    Till,
    amounts,
    paid_in,
)

TP = TopicPartition("call-arrived", 0)


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(source="/polycentre/test", partitions=4)
    sql_store: SqlStore = request.getfixturevalue("sql_store")
    return sql_store


async def pay(store: Store, key: str, amount: int) -> None:
    async with store.unit() as unit:
        await execute(unit, RULES, key, PayIn(amount), CONTEXT)


async def published(store: Store) -> list[Decoded]:
    found = [decode(out.entry.value) for out in await store.unpublished(1000)]
    assert all(isinstance(event, Decoded) for event in found)
    return [event for event in found if isinstance(event, Decoded)]


async def test_a_row_nobody_wrote_is_in_its_initial_state(store: Store) -> None:
    async with store.unit() as unit:
        assert await unit.load(TILL, "a") == Till()
    assert await store.peek(TILL, "a") == Till()
    assert await store.scan(TILL) == {}


async def test_what_was_put_is_there_after_the_commit(store: Store) -> None:
    async with store.unit() as unit:
        await unit.load(TILL, "a")
        unit.put(TILL, "a", Till(paid=7))
        assert await unit.load(TILL, "a") == Till(paid=7)
        assert await unit.peek(TILL, "a") == Till(paid=7)
    assert await store.peek(TILL, "a") == Till(paid=7)
    assert await store.scan(TILL) == {"a": Till(paid=7)}


async def test_of_many_rows_looked_at_those_are_found_that_are_there(store: Store) -> None:
    for key in ("a", "b", "c"):
        await pay(store, key, 5)
    found = await store.peek_many(TILL, ["a", "c", "nobody"])
    assert found == {"a": Till(paid=5), "c": Till(paid=5)}
    assert await store.peek_many(TILL, []) == {}


async def test_a_unit_looks_at_many_rows_at_once_its_own_puts_included(store: Store) -> None:
    for key in ("a", "b"):
        await pay(store, key, 5)
    async with store.unit() as unit:
        await unit.load(TILL, "b")
        unit.put(TILL, "b", Till(paid=7))
        found = await unit.peek_many(TILL, ["a", "b", "nobody", "a"])
        assert found == {"a": Till(paid=5), "b": Till(paid=7), "nobody": Till()}
        assert await unit.peek(TILL, "a") == Till(paid=5)
        assert await unit.peek_many(TILL, []) == {}


async def test_rows_are_read_page_by_page_in_the_order_of_their_keys(store: Store) -> None:
    keys = ["b", "a", "d", "c"]
    async with store.unit() as unit:
        await unit.load_many(TILL, keys)
        await unit.load(OTHER, "e")
        unit.put(OTHER, "e", Till(paid=9))
        for paid, key in enumerate(keys):
            unit.put(TILL, key, Till(paid=paid))
    first = await store.page(TILL, "", 3)
    assert list(first.items()) == [("a", Till(paid=1)), ("b", Till(paid=0)), ("c", Till(paid=3))]
    assert await store.page(TILL, "c", 3) == {"d": Till(paid=2)}
    assert await store.page(TILL, "d", 3) == {}


async def test_a_unit_that_raises_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.unit() as unit:
            await unit.load(TILL, "a")
            unit.put(TILL, "a", Till(paid=7))
            unit.publish([CONTEXT.fact(paid_in("a", 7))], stream="a")
            raise ZeroDivisionError
    assert await store.peek(TILL, "a") == Till()
    assert await published(store) == []


async def test_rows_of_two_kinds_with_one_key_are_two_rows(store: Store) -> None:
    async with store.unit() as unit:
        await unit.load(TILL, "a")
        await unit.load(OTHER, "a")
        unit.put(TILL, "a", Till(paid=1))
        unit.put(OTHER, "a", Till(paid=2))
    assert await store.peek(TILL, "a") == Till(paid=1)
    assert await store.peek(OTHER, "a") == Till(paid=2)


async def test_a_stream_numbers_its_events_without_a_gap_over_units(store: Store) -> None:
    for amount in (1, 2):
        await pay(store, "a", amount)
    async with store.unit() as unit:
        await unit.load_many(TILL, ["a", "b"])
        for amount in (3, 4):
            await execute(unit, RULES, "a", PayIn(amount), CONTEXT)
        await execute(unit, RULES, "b", PayIn(5), CONTEXT)
    events = [event.envelope for event in await published(store)]
    assert [(e.stream, e.sequence) for e in events] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("a", 4),
        ("b", 1),
    ]
    assert amounts(events) == [1, 2, 3, 4, 5]
    assert len({e.id for e in events}) == 5
    assert await store.peek(TILL, "a") == Till(paid=10)


async def test_a_stream_without_a_row_is_numbered_too(store: Store) -> None:
    for amount in (1, 2):
        async with store.unit() as unit:
            await unit.load_streams(["s"])
            [envelope] = unit.publish([CONTEXT.fact(paid_in("c", amount))], stream="s")
            assert envelope.sequence == amount
    assert [event.envelope.sequence for event in await published(store)] == [1, 2]


async def test_an_event_goes_to_its_topic_and_the_partition_of_its_pool(store: Store) -> None:
    await pay(store, "a", 1)
    [out] = await store.unpublished(10)
    assert out.tp.topic == "call-arrived"
    assert 0 <= out.tp.partition < 4
    assert out.entry.key == b"a"
    assert out.entry.headers == (("ce_type", b"call.flow_step"),)
    [event] = await published(store)
    assert event.envelope.source == "/polycentre/test"
    assert (event.envelope.pool, event.envelope.client) == ("main", "acme")
    assert event.envelope.time == NOON


async def test_a_refusal_writes_nothing(store: Store) -> None:
    with pytest.raises(NothingToPay):
        await pay(store, "a", 0)
    assert await published(store) == []


async def test_nobody_puts_or_publishes_what_was_not_loaded(store: Store) -> None:
    with pytest.raises(NotLoaded):
        async with store.unit() as unit:
            unit.put(TILL, "a", Till(paid=1))
    with pytest.raises(NotLoaded):
        async with store.unit() as unit:
            unit.publish([CONTEXT.fact(paid_in("a", 1))], stream="a")


async def test_what_is_reverted_was_never_there(store: Store) -> None:
    async with store.unit() as unit:
        await execute(unit, RULES, "a", PayIn(1), CONTEXT)
        mark = unit.mark()
        await execute(unit, RULES, "a", PayIn(10), CONTEXT)
        await execute(unit, RULES, "b", PayIn(100), CONTEXT)
        unit.revert(mark)
        assert await unit.load(TILL, "b") == Till()
        await execute(unit, RULES, "a", PayIn(2), CONTEXT)
    events = [event.envelope for event in await published(store)]
    assert [(e.stream, e.sequence) for e in events] == [("a", 1), ("a", 2)]
    assert await store.scan(TILL) == {"a": Till(paid=3)}


async def test_of_many_who_write_one_row_at_once_none_is_lost(store: Store) -> None:
    async def patiently(amount: int) -> None:
        while True:
            try:
                async with store.unit() as unit:
                    await unit.load(TILL, "a")
                    await asyncio.sleep(0)
                    await execute(unit, RULES, "a", PayIn(amount), CONTEXT)
                return
            except StreamMoved:
                continue

    await asyncio.gather(*(patiently(amount) for amount in range(1, 9)))
    assert await store.peek(TILL, "a") == Till(paid=36)
    events = [event.envelope for event in await published(store)]
    assert [e.sequence for e in events] == list(range(1, 9))


async def test_of_two_who_write_a_new_row_at_once_the_second_is_told(store: Store) -> None:
    with pytest.raises(StreamMoved):
        async with store.unit() as slow:
            await slow.load(TILL, "a")
            await pay(store, "a", 1)
            slow.put(TILL, "a", Till(paid=100))
    assert await store.peek(TILL, "a") == Till(paid=1)


async def test_readers_keep_positions_sequences_and_leaderships(store: Store) -> None:
    await store.start_positions("r", {TP: 5})
    await store.start_positions("r", {TP: 0})
    assert await store.positions("r") == {TP: 5}
    progress = Progress(
        positions={TP: (5, 8)},
        sequences={("call-arrived", "a"): 3},
        leaderships={"main": Leadership(1, "x", 4)},
    )
    async with store.unit() as unit:
        unit.advance("r", progress)
    assert await store.positions("r") == {TP: 8}
    assert await store.leaderships("r") == {"main": Leadership(1, "x", 4)}
    async with store.unit() as unit:
        wanted = [("call-arrived", "a"), ("call-arrived", "b")]
        assert await unit.sequences("r", wanted) == {("call-arrived", "a"): 3}
        assert await unit.sequences("other", wanted) == {}


async def test_of_two_readers_of_one_name_the_second_writes_nothing(store: Store) -> None:
    await store.start_positions("r", {TP: 0})
    for attempt in range(2):
        try:
            async with store.unit() as unit:
                await execute(unit, RULES, "a", PayIn(1), CONTEXT)
                unit.advance("r", Progress(positions={TP: (0, 1)}, sequences={}, leaderships={}))
        except PositionMoved:
            assert attempt == 1
    assert await store.peek(TILL, "a") == Till(paid=1)
    assert await store.positions("r") == {TP: 1}


async def test_poison_waits_in_the_outbox_with_reason_and_origin(store: Store) -> None:
    record = Record("routed", 2, 41, b"k", b"\xff", (("h", b"1"),), 0)
    async with store.unit() as unit:
        unit.record_poison(record, "no envelope", "ivr")
    [out] = await store.unpublished(10)
    assert out.tp == TopicPartition("ivr.dead-letter", 0)
    assert (out.entry.key, out.entry.value) == (b"k", b"\xff")
    assert dict(out.entry.headers) == {
        "h": b"1",
        "dead_letter_reason": b"no envelope",
        "dead_letter_topic": b"routed",
        "dead_letter_partition": b"2",
        "dead_letter_offset": b"41",
    }


async def test_what_is_marked_as_published_waits_no_more(store: Store) -> None:
    for amount in (1, 2, 3):
        await pay(store, "a", amount)
    waiting = await store.unpublished(2)
    assert len(waiting) == 2
    await store.mark_published([waiting[0].id])
    assert next(out.id for out in await store.unpublished(10)) == waiting[1].id


async def test_due_rows_come_in_order_of_time(store: Store) -> None:
    async with store.unit() as unit:
        await unit.load_many(TILL, ["a", "b", "c"])
        unit.put(TILL, "a", Till(due_in_s=20))
        unit.put(TILL, "b", Till(due_in_s=10))
        unit.put(TILL, "c", Till())
    expected = [(NOON + timedelta(seconds=10), "b"), (NOON + timedelta(seconds=20), "a")]
    assert await store.due(TILL, 10) == expected
    assert await store.due(TILL, 1) == expected[:1]
    async with store.unit() as unit:
        await unit.load(TILL, "b")
        unit.put(TILL, "b", Till())
    assert await store.due(TILL, 10) == expected[1:]


async def test_a_commit_rings_for_the_relay_and_for_who_watches_the_row(store: Store) -> None:
    before = store.committed.count
    with store.watch(TILL, "a") as watch:
        assert await watch.next(0.01) is None
        await pay(store, "b", 1)
        assert await watch.next(0.01) is None
        await pay(store, "a", 1)
        await pay(store, "a", 2)
        assert await watch.next(5) == Till(paid=3)
        assert await watch.peek() == Till(paid=3)
    assert store.committed.count == before + 3


async def test_a_lease_has_one_owner(store: Store) -> None:
    assert await store.take_lease("main", "x", 60)
    assert await store.take_lease("main", "x", 60)
    assert not await store.take_lease("main", "y", 60)
    await store.drop_lease("main", "y")
    assert not await store.take_lease("main", "y", 60)
    await store.drop_lease("main", "x")
    assert await store.take_lease("main", "y", 0.001)
    await asyncio.sleep(0.01)
    assert await store.take_lease("main", "x", 60)


async def test_a_snapshot_goes_its_own_way() -> None:
    store = MemoryStore()
    await pay(store, "a", 1)
    other = store.snapshot()
    await pay(other, "a", 1)
    assert (await store.peek(TILL, "a"), await other.peek(TILL, "a")) == (Till(1), Till(2))
    assert (len(store.outbox), len(other.outbox)) == (1, 2)


def test_the_double_never_suspends() -> None:
    store = MemoryStore()
    with pytest.raises(StopIteration):
        pay(store, "a", 1).send(None)
    assert amounts(store.outbox) == [1]


@pytest.mark.postgres
async def test_a_lost_connection_is_transient(sql_store: SqlStore) -> None:
    with pytest.raises(Transient):
        async with sql_store.unit() as unit:
            pid = (await unit.connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar()
            async with sql_store.engine.connect() as other:
                await other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            await unit.load(TILL, "a")
    await pay(sql_store, "a", 1)
    assert await sql_store.peek(TILL, "a") == Till(paid=1)


@pytest.mark.postgres
async def test_a_unit_cancelled_while_its_connection_is_lost_is_cancelled(
    sql_store: SqlStore,
) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with sql_store.unit() as unit:
            raw = (await unit.connection.get_raw_connection()).driver_connection
            assert raw is not None
            raw.terminate()
            raise asyncio.CancelledError
    await pay(sql_store, "a", 1)
    assert await sql_store.peek(TILL, "a") == Till(paid=1)
