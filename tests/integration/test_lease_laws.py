"""The lease on both stores: one holder at a time, another soon after the holder is gone."""

import asyncio
import time

import pytest

from contact_runtime.database import connect
from contact_runtime.errors import LeaseLost, Transient
from contact_runtime.lease import Leases, lead, lease
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.store import SqlStore
from tests.support.wait import until

TTL_S = 0.6

LONG_TTL_S = 4.0
"""Of a lease that must not be lost, however slow the machine."""


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
def leases(request: pytest.FixtureRequest) -> Leases:
    if request.param == "memory":
        return MemoryStore()
    sql_store: SqlStore = request.getfixturevalue("sql_store")
    return sql_store


class Counted:
    """Leases that know how often they were asked."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.times = 0

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        held = await self._leases.take_lease(name, owner, ttl_s)
        self.times += 1
        return held

    async def drop_lease(self, name: str, owner: str) -> None:
        await self._leases.drop_lease(name, owner)


class CutOff:
    """Leases whose database cannot be reached any more once `cut` is set."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.cut = False

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        if self.cut:
            raise Transient("cut off")
        return await self._leases.take_lease(name, owner, ttl_s)

    async def drop_lease(self, name: str, owner: str) -> None:
        if self.cut:
            raise Transient("cut off")
        await self._leases.drop_lease(name, owner)


async def test_two_never_hold_a_lease_at_once(leases: Leases) -> None:
    held: list[str] = []
    most = 0
    turns: dict[str, int] = dict.fromkeys("abcd", 0)

    async def contender(name: str) -> None:
        nonlocal most
        while turns[name] < 2:
            async with lease(leases, "work", ttl_s=LONG_TTL_S):
                held.append(name)
                most = max(most, len(held))
                await asyncio.sleep(0.05)
                held.remove(name)
                turns[name] += 1

    await asyncio.wait_for(asyncio.gather(*map(contender, turns)), 30)
    assert most == 1


async def test_a_holder_that_cannot_renew_stops_before_another_starts(leases: Leases) -> None:
    cut_off = CutOff(leases)
    stopped_at = 0.0

    async def holder(holding: asyncio.Event) -> None:
        nonlocal stopped_at
        try:
            async with lease(cut_off, "work", ttl_s=TTL_S):
                holding.set()
                await asyncio.sleep(60)
        finally:
            stopped_at = time.monotonic()

    holding = asyncio.Event()
    first = asyncio.create_task(holder(holding))
    await holding.wait()
    cut_off.cut = True
    async with lease(leases, "work", ttl_s=LONG_TTL_S):
        taken_at = time.monotonic()
        with pytest.raises(LeaseLost):
            await first
    assert 0 < stopped_at <= taken_at


async def test_a_lease_is_renewed_for_as_long_as_it_is_needed(leases: Leases) -> None:
    asked = Counted(leases)
    async with lease(asked, "work", ttl_s=LONG_TTL_S):
        lived_on = time.monotonic() + LONG_TTL_S  # longer than it would without being renewed
        while time.monotonic() < lived_on:
            known = asked.times
            await until("a renewal", lambda: asked.times > known)  # noqa: B023
            assert not await leases.take_lease("work", "another", LONG_TTL_S)


async def test_a_holder_that_ends_in_order_is_replaced_at_once(leases: Leases) -> None:
    async with lease(leases, "work", ttl_s=60):
        pass
    async with asyncio.timeout(10), lease(leases, "work", ttl_s=60):
        pass


async def test_an_error_of_the_work_is_not_taken_for_a_lost_lease(leases: Leases) -> None:
    with pytest.raises(TimeoutError):
        async with lease(leases, "work", ttl_s=60), asyncio.timeout(0.01):
            await asyncio.sleep(5)


async def test_of_two_replicas_one_leads_and_the_other_follows_it(leases: Leases) -> None:
    led: list[str] = []

    async def replica(name: str, stop: asyncio.Event, metrics: Metrics) -> None:
        async def work(told: asyncio.Event) -> None:
            led.append(name)
            await told.wait()

        await lead(leases, "work", [work], stop=stop, metrics=metrics, ttl_s=LONG_TTL_S)

    stops = {name: asyncio.Event() for name in "ab"}
    metrics = Metrics()
    running = [asyncio.create_task(replica(name, stop, metrics)) for name, stop in stops.items()]
    await until("the first leader", lambda: led)
    assert b'lease_held{lease="work"} 1.0' in metrics.text() or len(led) == 1
    stops[led[0]].set()
    await until("the second leader", lambda: len(led) == 2)
    assert sorted(led) == ["a", "b"]
    for stop in stops.values():
        stop.set()
    await asyncio.gather(*running)
    assert b'lease_held{lease="work"} 0.0' in metrics.text()


async def test_work_that_ends_by_itself_is_said_loudly(leases: Leases) -> None:
    async def short(told: asyncio.Event) -> None:
        """End at once."""

    with pytest.raises(ExceptionGroup) as raised:
        await lead(leases, "work", [short], stop=asyncio.Event(), ttl_s=LONG_TTL_S)
    assert raised.group_contains(RuntimeError)


@pytest.mark.postgres
async def test_a_database_that_is_away_gives_no_lease_and_no_error() -> None:
    store = SqlStore(connect("postgresql://nobody@127.0.0.1:1/nothing"), source="/polycentre/test")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), lease(store, "work", ttl_s=TTL_S):
            raise AssertionError("nobody gave this lease")
