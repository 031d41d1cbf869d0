"""Connections that are lent come back as they went, and a burst opens no more than it needs."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text

from contact_runtime.database import CONNECTIONS, connect
from contact_runtime.driver import lent
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from ivr.tables import CALL

APPLICATION = "bursts"
AT_ONCE = 4 * CONNECTIONS
LASTS_S = 0.05
BACKENDS = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")


@pytest.mark.postgres
async def test_burst_upon_burst_is_served_by_the_same_few_connections(postgres_url: str) -> None:
    await migrate("ivr", postgres_url)
    store = SqlStore(
        connect(postgres_url, application=APPLICATION), source="/polycentre/ivr", partitions=4
    )
    opened: list[Any] = []
    event.listen(store.engine.sync_engine, "connect", lambda *one: opened.append(one))

    async def work(key: str) -> None:
        async with store.unit() as unit:
            await unit.load(CALL, key)
            await asyncio.sleep(LASTS_S)

    for _ in range(3):
        await asyncio.gather(*(work(f"k{number}") for number in range(AT_ONCE)))
    async with store.engine.connect() as connection:
        backends = await connection.scalar(BACKENDS, {"name": APPLICATION})
    assert backends == len(opened) == CONNECTIONS
    await store.close()


@pytest.mark.postgres
async def test_who_is_cut_off_leaves_no_transaction_to_the_next(postgres_url: str) -> None:
    engine = connect(postgres_url, pool_size=1, application=APPLICATION)
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def work() -> None:
        async with lent(autocommit) as driver, driver.transaction():
            await driver.fetch("SELECT pg_sleep(10)", ())

    for turns in range(60):
        cut = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        cut.cancel()
        await asyncio.wait([cut])
        async with lent(autocommit) as driver:
            await driver.fetch("SELECT 1", ())  # fails in a transaction that was broken off
            (now,) = await driver.fetch("SELECT txid_current() AS one", ())
            (then,) = await driver.fetch("SELECT txid_current() AS one", ())
        assert now["one"] != then["one"], f"cut off after {turns} turns, a transaction stayed open"
    await engine.dispose()
