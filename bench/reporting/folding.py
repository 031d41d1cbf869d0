"""Events a second folded into PostgreSQL: with all rows, and with sums only."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bench.report import Report
from bench.reporting.events import MadeLog
from contact_runtime import embedded
from contact_runtime.clock import SystemClock
from contact_runtime.database import connect
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.migrate import migrate
from contact_runtime.reader import Received, RecordHandler, run_reader
from contact_runtime.rows import Unit
from contact_runtime.store import SqlStore, SqlUnit
from deploy.local.kafka import free_ports
from reporting import tables
from reporting.builds.building import BATCH
from reporting.consumers import READS
from reporting.domain.facts import CallFacts, call_of
from reporting.domain.folding import LONG_AGO, Folding
from reporting.main import fold
from reporting.projections import added
from reporting.tables import READER
from reporting.writing import add

EVENTS: Final = int(os.environ.get("BENCH_EVENTS", "100000"))
UNDER_WAY: Final = (50, 4_000)
AIM, AIM_SUMS = 100_000.0, 200_000.0


async def measure(report: Report, server: EmbeddedPostgres) -> None:
    """Fold the same events each way; the time that it takes to make them is left out."""
    for under_way in UNDER_WAY:
        where = f"{under_way} calls under way"
        async with empty_store(server) as store:
            rate, of_cpu = await folded(store, fold, under_way, EVENTS)
            report.add(f"with contact rows, {where}", rate, "events/s", baseline=AIM)
            report.add("the same, a second of this process's CPU", of_cpu, "events/s")
        async with empty_store(server) as store:
            rate, of_cpu = await folded(store, SumsOnly(), under_way, EVENTS)
            report.add(f"sums only, {where}", rate, "events/s", baseline=AIM_SUMS)
            report.add("the same, a second of this process's CPU", of_cpu, "events/s")


@asynccontextmanager
async def own_postgres() -> AsyncIterator[EmbeddedPostgres]:
    """Run a PostgreSQL of its own, with fsync on, that is gone afterwards."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="polycentre-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    (port,) = free_ports(1)
    server = embedded.start(folder / "pg", tied=True, port=port)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def empty_store(server: EmbeddedPostgres) -> AsyncIterator[SqlStore]:
    """Lend a database of its own, migrated; it is gone afterwards."""
    name = f"bench{time.monotonic_ns()}"
    server.command("createdb", name)
    await migrate("reporting", server.url(name))
    store = SqlStore(connect(server.url(name)), source="/polycentre/reporting")
    try:
        yield store
    finally:
        await store.close()
        server.command("dropdb", "--force", name)


async def folded(
    store: SqlStore,
    handler: RecordHandler,
    under_way: int,
    events: int,
    seen: Callable[[int], None] = lambda _: None,
    most_records: int = BATCH,
) -> tuple[float, float]:
    """Return how many events the reader takes, record to commit, a second and a CPU second."""
    stop = asyncio.Event()
    log = MadeLog(under_way, events, stop.set, seen)
    began, began_cpu = time.perf_counter(), time.process_time()
    await run_reader(
        store,
        log,
        reader=READER,
        topics=READS,
        handler=handler,
        clock=SystemClock(),
        stop=stop,
        linger_s=0.0,
        most_records=most_records,
    )
    took_s = time.perf_counter() - began - log.read_s
    cpu_s = time.process_time() - began_cpu - log.read_cpu_s
    return log.given / took_s, log.given / cpu_s


class SumsOnly:
    """A projection that keeps the facts of calls in memory and writes nothing but sums."""

    def __init__(self) -> None:
        self._facts: dict[str, CallFacts] = {}

    async def __call__(self, unit: Unit, batch: Sequence[Received], /) -> None:
        """Write what the batch adds to the quarters."""
        assert isinstance(unit, SqlUnit)
        touched = {call_of(each.envelope.data) for each in batch}
        known = (self._facts[call] for call in touched if call in self._facts)
        folding = Folding(known, (), LONG_AGO)
        for each in batch:
            folding.take(each.envelope)
        for table, rows in added(folding).items():
            if table in tables.SUMS:
                await add(unit.driver, table, rows)
        self._facts.update(folding.facts)
