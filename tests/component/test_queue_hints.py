"""What routers say of their queues reaches whoever tells callers, and decides nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contact_events.calls import CallQueued
from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.hints import QueueState, WaitsAt
from contact_events.routing import CallOverflowed
from contact_events.topics import QUEUE_STATE
from contact_runtime.hints import QueueHints
from contact_runtime.log import Entry, Record, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from ivr.call_views import ExpectedWait
from ivr.consumers import tick
from ivr.domain.call import INPUT_WAIT_S
from tests.support.ivr_app import SOURCE, FrontDoor
from tests.support.wait import until

AT = TopicPartition(QUEUE_STATE.name, 0)


def entry(queue_id: str, waiting: int, number: int, *, pool: str = "main") -> Entry:
    hint = QueueState(
        queue_id=queue_id,
        waiting=waiting,
        free_agents=0,
        expected_wait_s=30.0,
        expected_low_s=4.0,
        expected_high_s=70.0,
        expected_share=0.8,
    )
    envelope = Envelope(
        id=f"{queue_id}/{number}",
        source="/polycentre/router",
        subject=queue_id,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        pool=pool,
        stream=f"queue-state/{queue_id}",
        sequence=number,
        data=hint,
    )
    return Entry(key_of(envelope), encode(envelope), headers_of(envelope))


async def test_the_newest_hint_of_each_queue_and_pool_is_told() -> None:
    log = MemoryLog()
    await log.ensure_topics([QUEUE_STATE], 1)
    writer = await log.writer()
    await writer.append(AT, [entry("sales", 1, 1), entry("sales", 9, 1, pool="other")])
    hints, stop = QueueHints(log), asyncio.Event()
    following = asyncio.create_task(hints.run(stop))
    await until("the first hints", lambda: hints.get("main", "sales") is not None)
    await writer.append(AT, [Entry(b"x", b"{no json", ()), entry("sales", 3, 7)])
    await writer.append(AT, [entry("sales", 2, 6)])  # a former leader's, late
    await writer.append(AT, [entry("last", 0, 1)])
    await until("the last hint", lambda: hints.get("main", "last") is not None)
    sales, other = hints.get("main", "sales"), hints.get("other", "sales")
    assert sales is not None and other is not None
    assert (sales.waiting, other.waiting) == (3, 9)
    assert hints.get("main", "unheard") is None
    stop.set()
    await following


def test_a_caller_is_told_their_own_position_and_wait_and_beyond_those_told_the_last_ones() -> None:
    hint = QueueState(
        queue_id="sales",
        waiting=4,
        free_agents=0,
        expected_wait_s=30.0,
        expected_low_s=4.0,
        expected_high_s=70.0,
        expected_share=0.8,
        positions=(
            WaitsAt(call_id="unknown"),
            WaitsAt(call_id="second", mean_s=12.0, low_s=1.5, high_s=27.0),
        ),
    )
    joins = (None, 30.0, 4.0, 70.0, 0.8, 4)
    for call_id, told in {
        "second": (2, 12.0, 1.5, 27.0, 0.8, 4),
        "unknown": joins,
        "fourth": joins,
    }.items():
        found = ExpectedWait.of(hint, call_id)
        assert found is not None
        assert tuple(found.model_dump().values()) == told
    nothing = QueueState(queue_id="sales", waiting=4, free_agents=0)
    assert ExpectedWait.of(nothing, "second") is None
    assert ExpectedWait.of(None, "second") is None


async def test_what_a_caller_is_told_on_joining_a_queue_stands_on_the_log(tmp_path: Path) -> None:
    hints, store = QueueHints(MemoryLog()), MemoryStore(source=SOURCE)
    for queue_id in ("zeta-help", "acme-any"):
        told = entry(queue_id, 3, 1)
        hints.take(Record(QUEUE_STATE.name, 0, 0, told.key, told.value, told.headers, 0))
    door = await FrontDoor(store, tmp_path, hints).with_projects()
    at_once = await door.call("+74950000002")
    assert at_once["expected_wait"] is None  # the answer tells of the arrival alone
    unheard, silent = await door.call(), await door.call()
    async with door.as_("integrator") as caller:
        await caller.post(f"/v1/calls/{unheard['call_id']}/digits", json={"digits": "1"})
    for number in (1, 2):
        later = door.clock.now() + timedelta(seconds=number * INPUT_WAIT_S)
        async with store.unit() as unit:
            await tick(unit, silent["call_id"], later, hints=hints)
    order = CallOverflowed(
        pool="main",
        epoch=1,
        owner="x",
        number=1,
        decided_at=door.clock.now(),
        positions={},
        call_id=unheard["call_id"],
        attempt=1,
        to="queue",
        reason="max_wait",
        queue_id="acme-any",
    )
    await door.hears(order, 1, stream="router")
    queued = [e.data for e in store.outbox if isinstance(e.data, CallQueued)]
    assert [(each.queue_id, each.expected_wait_s) for each in queued] == [
        ("zeta-help", 30.0),
        ("acme-sales", None),  # nothing was said of this queue
        ("acme-any", 30.0),
        ("acme-any", 30.0),
    ]
