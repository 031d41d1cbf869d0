"""Timers on both stores: in time by the business clock, once, without polling."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from contact_runtime.clock import BusinessClock, StoppedClock, machine_now
from contact_runtime.database import connect
from contact_runtime.memory_store import MemoryStore
from contact_runtime.rows import Kind, Store, Unit
from contact_runtime.store import SqlStore
from contact_runtime.timers import run_timers
from tests.support.till import NOON, TILL, Till
from tests.support.wait import until


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(source="/polycentre/test", partitions=4)
    sql_store: SqlStore = request.getfixturevalue("sql_store")
    return sql_store


async def set_timer(store: Store, key: str, due_in_s: float | None) -> None:
    async with store.unit() as unit:
        till = await unit.load(TILL, key)
        unit.put(TILL, key, Till(paid=till.paid, due_in_s=due_in_s))


async def ring_once(unit: Unit, key: str, now: datetime) -> None:
    """A tick that counts itself in the row and wants no other."""
    till = await unit.load(TILL, key)
    unit.put(TILL, key, Till(paid=till.paid + 1))


@asynccontextmanager
async def timers(
    store: Store, clock: StoppedClock | BusinessClock, look_every_s: float = 120, tick: Any = None
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_timers(store, TILL, tick or ring_once, clock, stop=stop, look_every_s=look_every_s)
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def rung(store: Store) -> dict[str, int]:
    return {key: till.paid for key, till in (await store.scan(TILL)).items()}


async def test_a_row_gets_its_tick_when_it_is_due_and_not_before(store: Store) -> None:
    clock = StoppedClock(NOON)
    await set_timer(store, "soon", 10)
    await set_timer(store, "late", 60)
    await set_timer(store, "never", None)
    async with timers(store, clock):
        clock.advance(9)
        await set_timer(store, "at once", 5)

        async def first() -> bool:
            return (await rung(store))["at once"] == 1

        await until("the tick that was due at once", first)
        assert await rung(store) == {"soon": 0, "late": 0, "never": 0, "at once": 1}
        clock.advance(1)

        async def second() -> bool:
            return (await rung(store))["soon"] == 1

        await until("the tick at its second", second)
        assert (await rung(store))["late"] == 0


async def test_many_rows_due_at_once_all_get_one_tick(store: Store) -> None:
    clock = StoppedClock(NOON + timedelta(minutes=1))
    async with store.unit() as unit:
        await unit.load_many(TILL, [str(n) for n in range(450)])
        for n in range(450):
            unit.put(TILL, str(n), Till(due_in_s=n / 10))
    async with timers(store, clock), timers(store, clock):

        async def all_rung() -> bool:
            return not await store.due(TILL, 1)

        await until("all ticks", all_rung)
    assert set((await rung(store)).values()) == {1}


class Counted(MemoryStore):
    """Counts how often somebody looks for due rows."""

    looks = 0

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        self.looks += 1
        return await super().due(kind, limit)


async def test_waiting_costs_nothing_and_neither_do_later_timers_or_a_tick_without_effect() -> None:
    store = Counted()
    clock = StoppedClock(NOON)
    await set_timer(store, "stuck", 0)
    await set_timer(store, "far", 3600)
    ticks: list[str] = []

    async def nothing(unit: Unit, key: str, now: datetime) -> None:
        ticks.append(key)

    async with timers(store, clock, tick=nothing):
        await until("the first tick", lambda: ticks)
        for n in range(20):
            await set_timer(store, f"later {n}", 4000 + n)
            await asyncio.sleep(0.005)
        assert store.looks <= 2
    assert set(ticks) == {"stuck"}


async def test_a_fast_clock_is_kept_up_with(store: Store) -> None:
    clock = BusinessClock(NOON, machine_now(), 600.0)
    await set_timer(store, "a", 60)
    async with timers(store, clock):

        async def once() -> bool:
            return (await rung(store))["a"] == 1

        await until("a business minute", once, limit_s=10)
        assert clock.now() >= NOON + timedelta(seconds=60)


@pytest.mark.postgres
async def test_a_timer_set_by_another_process_is_heard_of(
    sql_store: SqlStore, postgres_url: str
) -> None:
    other = SqlStore(connect(postgres_url), source="/polycentre/test", partitions=4)
    async with sql_store.listening(), timers(sql_store, StoppedClock(NOON + timedelta(hours=1))):
        before = sql_store.committed.count
        await until("the listening", lambda: sql_store.committed.count > before)
        await set_timer(other, "a", 5)

        async def once() -> bool:
            return (await rung(sql_store))["a"] == 1

        await until("the tick", once)
    await other.close()
