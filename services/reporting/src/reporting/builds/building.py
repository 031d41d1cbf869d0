"""Folds the log beside the live tables, by the same reader, whose connections see other tables.

A build that was left unfinished goes on where its own positions are. Machine time only.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema, DropSchema

from contact_runtime.clock import Clock
from contact_runtime.database import connect
from contact_runtime.errors import Transient
from contact_runtime.log import Log, TopicPartition, Unavailable
from contact_runtime.reader import RecordHandler, run_reader
from contact_runtime.store import SqlStore
from contact_runtime.tables import runtime_metadata
from reporting.builds import asked
from reporting.builds.bounded import BoundedLog
from reporting.builds.orders import Build, Builds
from reporting.builds.swapping import hold, swap
from reporting.consumers import READS
from reporting.tables import OUTBOXES, PROJECTED, READER, metadata

STATEMENT_LIMIT_S = 3_600.0
"""A swap compares every row with the one it replaces."""

BATCH = 2_000
"""Records in one transaction of a fold that is behind and shares its process with live boards."""

TABLES = (*PROJECTED, *OUTBOXES.values())
"""What a build has of its own. Its outboxes are dropped with it: nobody publishes from there."""

LOOK_S = 0.2
IDLE_LOOK_S = 1.0
"""Between two looks for an order: each costs as much as the fold of some hundred events."""

SWAP_BEHIND = 5_000
"""Records behind the log's end at which a rebuild holds the live fold, and catches up."""

CATCH_UP_LIMIT_S = 20.0
CATCH_UP_LOOK_S = 0.02
SOURCE = "/polycentre/reporting"

TOPICS = [topic.name for topic in READS]

_DONE = (
    "UPDATE builds SET state = 'done', done = $2, total = $2, finished_at = now() "
    "WHERE build_id = $1"
)

log = logging.getLogger(__name__)


def builds_in(engine: AsyncEngine, log_: Log) -> Builds:
    """Return the builds of what reporting folds of `log_`, kept in the database of `engine`."""
    return Builds(engine, log_, TOPICS)


class Builder:
    """Carries out what `Builds` orders, one build after another."""

    def __init__(
        self,
        url: str,
        log_: Log,
        clock: Clock,
        handler: RecordHandler,
        *,
        batch: int = BATCH,
    ) -> None:
        """Build in the database at `url`, from `log_`, with the handler of the live tables."""
        self._url = url
        self._log = log_
        self._clock = clock
        self._handler = handler
        self._batch = batch
        self._live = SqlStore(
            connect(url, pool_size=2, statement_limit_s=STATEMENT_LIMIT_S), source=SOURCE
        )
        self._builds = builds_in(self._live.engine, log_)

    async def close(self) -> None:
        """Close all connections."""
        await self._live.close()

    async def run(self, stop: asyncio.Event) -> None:
        """Build until `stop` is set: what is unfinished, what is ordered; drop what is old."""
        while not stop.is_set():
            with suppress(Transient, Unavailable):
                if (build := await self._builds.next()) is not None:
                    await self.build(build, stop)
                elif (old := await self._builds.outdated()) is not None:
                    await self._drop(old, state="dropped")
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_LOOK_S):
                    await stop.wait()

    async def build(self, build: Build, stop: asyncio.Event) -> None:
        """Go on with one build until it is done, or `stop` is set.

        Raises:
            Transient, Unavailable: go on with it after a pause.
        """
        try:
            await self._fold(build, stop)
        except (Transient, Unavailable) as why:
            log.warning("build goes on later", extra={"build": build.build_id, "why": str(why)})
            raise
        except Exception as why:
            await self._drop(build, state="failed", error=repr(why), finished_at=func.now())
            raise  # a bug, or a log that no longer holds its beginning

    async def _fold(self, build: Build, stop: asyncio.Event) -> None:
        store = await self._store(build)
        bounded = _bounded(self._log, build)
        await self._builds.note(build, state="folding", total=await self._total(bounded))
        ended = asyncio.Event()
        reading = asyncio.create_task(
            run_reader(
                store,
                bounded or self._log,
                reader=READER,
                topics=READS,
                handler=self._handler,
                clock=self._clock,
                stop=ended,
                linger_s=0.0,
                most_records=self._batch,
            )
        )
        try:
            while not stop.is_set() and not reading.done():
                if await self._finished(build, store, bounded, reading, ended):
                    break
                await asyncio.sleep(LOOK_S)
            ended.set()
            await reading
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            await store.close()

    async def _finished(
        self,
        build: Build,
        store: SqlStore,
        bounded: BoundedLog | None,
        reading: asyncio.Task[None],
        ended: asyncio.Event,
    ) -> bool:
        positions = await store.positions(READER)
        done, total = await self._count(positions), await self._total(bounded)
        await self._builds.note(build, done=done, total=total)
        if bounded is None:
            return total - done <= SWAP_BEHIND and await self._swapped(build, store, reading, ended)
        if not positions or not _reached(positions, bounded.until):
            return False
        until = {tp: positions[tp] for tp in bounded.until}
        done = await self._count(until)
        await self._builds.note(
            build, state="done", until=until, done=done, total=done, finished_at=func.now()
        )
        return True

    async def _swapped(
        self, build: Build, store: SqlStore, reading: asyncio.Task[None], ended: asyncio.Event
    ) -> bool:
        async with self._live.unit() as unit:
            await hold(unit.driver)
            await self._catch_up(store, await self._log.ends(TOPICS))
            ended.set()
            await reading
            folded = await self._count(await store.positions(READER))
            await swap(unit.driver, build.schema)
            await unit.driver.execute(_DONE, (build.build_id, folded))
        return True

    async def _catch_up(self, store: SqlStore, ends: Mapping[TopicPartition, int]) -> None:
        """Wait until the build is where the log ended when the live tables were held.

        They may be behind it, or hold nothing yet: they go on from where the build is.
        """
        for _ in range(int(CATCH_UP_LIMIT_S / CATCH_UP_LOOK_S)):
            if _reached(await store.positions(READER), ends):
                return
            await asyncio.sleep(CATCH_UP_LOOK_S)
        raise Transient("the rebuild did not come up to the end of the log in time")

    async def _store(self, build: Build) -> SqlStore:
        """Return a store on the tables of the build, which are made if they are not there."""
        engine = connect(
            self._url, pool_size=2, schema=build.schema, statement_limit_s=STATEMENT_LIMIT_S
        )
        async with engine.begin() as connection:
            await connection.execute(CreateSchema(build.schema, if_not_exists=True))
            await connection.run_sync(runtime_metadata.create_all)
            await connection.run_sync(metadata.create_all, tables=TABLES)
        return SqlStore(engine, source=SOURCE)

    async def _drop(self, build: Build, **values: object) -> None:
        async with self._live.engine.begin() as connection:
            await connection.execute(DropSchema(build.schema, cascade=True, if_exists=True))
        await self._builds.note(build, **values)

    async def _count(self, positions: Mapping[TopicPartition, int]) -> int:
        starts = await self._log.starts(TOPICS)
        return sum(at - starts[tp] for tp, at in positions.items())

    async def _total(self, bounded: BoundedLog | None) -> int:
        return await self._count(bounded.until if bounded else await self._log.ends(TOPICS))


def _bounded(log_: Log, build: Build) -> BoundedLog | None:
    """Return the log up to where the build ends; None: it follows the live tables."""
    if build.until is None or build.asked is None:
        return None
    wanted = asked.read(build.asked)
    return BoundedLog(log_, build.until, wanted if isinstance(wanted, datetime) else None)


def _reached(positions: Mapping[TopicPartition, int], target: Mapping[TopicPartition, int]) -> bool:
    return all(positions.get(tp, 0) >= at for tp, at in target.items())
