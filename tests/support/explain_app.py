"""Explaining with all its parts, on a log and a database, in this process."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from contact_runtime.clock import Clock, SystemClock
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.log import Log, TopicPartition
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore, connect
from router.explain.answers import Answer, Answers
from router.explain.consumers import READS
from router.explain.jobs import Jobs
from router.explain.main import background, create_explain_app, folds_of
from router.explain.settings import Settings
from router.explain.tables import READER
from tests.support.router_app import PARTITIONS
from tests.support.wait import until


class RunningExplain:
    """The index is kept up and questions are answered, until it is stopped."""

    def __init__(
        self, log: Log, url: str, folder: Path, clock: Clock | None = None, **settings: Any
    ) -> None:
        self.log, self.url, self.folder = log, url, folder
        self.clock = clock or SystemClock()
        mint(folder, "supervisor")  # makes the keys
        self.settings = Settings(
            kafka_bootstrap="none:1",
            database_url=url,
            http_port=0,
            ops_port=0,
            jwks=str(folder / JWKS_FILE),
            partitions=PARTITIONS,
            **settings,
        )
        self.metrics = Metrics()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Future[None]] = []

    async def start(self) -> "RunningExplain":
        await migrate("router", self.url)
        engine = connect(self.url)
        self.store = SqlStore(engine, source="/polycentre/explain", partitions=PARTITIONS)
        self.folds = folds_of(self.settings, self.log, self.metrics)
        self.jobs: Jobs[Answer] = Jobs(self.settings.patience_s)
        answers = Answers(engine, self.folds, self.clock)
        self.app = create_explain_app(self.settings, answers, self.jobs, self.metrics)
        for task in background(self.store, self.log, self.clock, self.metrics):
            self._tasks.append(asyncio.ensure_future(_awaited(task.run, self._stop)))
        return self

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)
        self.folds.close()
        await self.jobs.close()
        await self.store.close()

    async def caught_up(self) -> None:
        """Wait until the index holds all that is in the log now."""
        ends = await self.log.ends([topic.name for topic in READS])

        async def there() -> bool:
            held: dict[TopicPartition, int] = await self.store.positions(READER)
            return all(held.get(tp, 0) >= end for tp, end in ends.items())

        await until("the index", there, limit_s=30)

    def client(self, role: str = "supervisor", **claims: Any) -> httpx.AsyncClient:
        """Return a client of the API with a token of the role."""
        token = mint(self.folder, role, **claims)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://explain", headers=headers)


async def _awaited(run: Any, stop: asyncio.Event) -> None:
    await run(stop)
