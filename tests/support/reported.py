"""reporting on a real database that holds what was told, and its reports as people ask for them."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from contact_events.envelope import encode
from contact_runtime.clock import SystemClock
from contact_runtime.database import connect
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from contact_runtime.tables import positions
from reporting.builds.building import Builder
from reporting.consumers import READS
from reporting.main import fold
from reporting.projections import project
from reporting.tables import READER
from tests.support.random_days import Teller, envelopes, random_day
from tests.support.reporting_app import SOURCE, Reporting, reporting_app

Row = dict[str, Any]
WEEK = {"from": "2026-03-25", "to": "2026-04-05"}


class Reported:
    """The application on tables that hold a told week."""

    def __init__(self, teller: Teller, app: Reporting, url: str, log: MemoryLog) -> None:
        self.teller = teller
        self.app = app
        self.log = log
        self._url = url

    @asynccontextmanager
    async def building(self) -> AsyncIterator[None]:
        """Carry out what is ordered of earlier moments while the block is open."""
        builder = Builder(self._url, self.log, SystemClock(), fold)
        stop = asyncio.Event()
        working = asyncio.create_task(builder.run(stop))
        yield
        stop.set()
        await working
        await builder.close()

    async def ask(
        self, path: str, role: str = "supervisor", client: str | None = None, **asked: Any
    ) -> httpx.Response:
        """Ask as somebody; without a span, for the whole week."""
        claims = {"client": client} if client else {}
        async with self.app.client("client" if client else role, **claims) as asker:
            return await asker.get(path, params={**WEEK, **asked})

    async def report(self, name: str, **asked: Any) -> dict[str, Any]:
        """Return a report."""
        answer = await self.ask(f"/v1/reports/{name}", **asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, name: str, **asked: Any) -> list[Row]:
        """Return all rows of a report, page by page."""
        rows: list[Row] = []
        after: dict[str, str] = {}
        while True:
            page = await self.report(name, **asked, **after)
            rows += page["rows"]
            if page["next"] is None:
                return rows
            after = {"after": page["next"]}


@asynccontextmanager
async def reported(
    url: str, folder: Path, seed: int = 1, calls: int = 60, days: float = 6
) -> AsyncIterator[Reported]:
    """Tell some days by random, fold them into the tables, and serve them."""
    teller = random_day(random.Random(seed), calls=calls, days=days)
    await migrate("reporting", url)
    store = SqlStore(connect(url), source=SOURCE, partitions=4)
    async with store.unit() as unit:
        await project(unit.driver, envelopes(teller))
    log = MemoryLog()
    await log.ensure_topics(READS, 1)
    writer = await log.writer()
    for seen in teller.story.log:
        at = TopicPartition(seen.place.topic, 0)
        await writer.append(at, [Entry(b"k", encode(seen.envelope))])
    place = {"reader": READER, "topic": "call-arrived", "partition": 0, "next_offset": 7}
    async with store.engine.begin() as connection:
        await connection.execute(insert(positions).values(place))
    try:
        async with reporting_app(folder, store, log) as app:
            yield Reported(teller, app, url, log)
    finally:
        await store.close()
