"""Every part of reporting, in the order in which they start."""

import asyncio
from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from contact_runtime.administration.office import Office
from contact_runtime.clock import BusinessClock
from contact_runtime.consuming import consuming
from contact_runtime.ground import Ground, app_of
from contact_runtime.lease import Led, lead
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.reader import Received
from contact_runtime.rows import Unit
from contact_runtime.serve import Background
from contact_runtime.store import SqlStore, SqlUnit
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender
from reporting import http
from reporting.alerting import Alerting
from reporting.bi import BI_TOPICS
from reporting.bi_relay import run_bi
from reporting.billing.invoices import Books
from reporting.boards import Boards
from reporting.builds.building import BATCH, Builder, builds_in
from reporting.consumers import READS, SHOWN
from reporting.domain.live import LiveBoard
from reporting.projections import project
from reporting.reports.cursors import Cursors
from reporting.reports.desk import Reports
from reporting.settings import Settings
from reporting.tables import READER
from reporting.webhooks.telling import TELLING

DESCRIPTION = "Contact records, intervals, the live board and invoices: folds of the log."

BUILDS_LEASE = "builds"

ROWS = tuple(rows.topic for rows in BI_TOPICS)

PROJECTION_LINGER_S = 0.25
"""Reports may be so far behind, in machine seconds: large batches cost far less than small ones."""


async def fold(unit: Unit, batch: Sequence[Received]) -> None:
    """Write what a batch changes, in the reader's transaction."""
    assert isinstance(unit, SqlUnit)
    await project(unit.driver, [received.envelope for received in batch])


def background(
    store: SqlStore,
    log: Log,
    clock: BusinessClock,
    boards: Boards,
    metrics: Metrics,
    beside: Sequence[Led],
) -> list[Background]:
    """Return what runs beside the API: boards everywhere, all that writes under a lease."""
    projection = consuming(
        "projection",
        store,
        log,
        reader=READER,
        topics=READS,
        handler=fold,
        clock=clock,
        metrics=metrics,
        beside=[*beside, Alerting(store, boards, clock).run],
        linger_s=PROJECTION_LINGER_S,
        most_records=BATCH,
    )
    topics = [topic.name for topic in SHOWN]
    return [projection, Background("boards", partial(boards.follow, log, topics))]


def building(store: SqlStore, builder: Builder, metrics: Metrics) -> Background:
    """Return what carries out builds, in one of the replicas."""

    async def build(stop: asyncio.Event) -> None:
        await lead(store, BUILDS_LEASE, [builder.run], stop=stop, metrics=metrics)

    return Background("builds", build)


def publishing(store: SqlStore, log: Log, settings: Settings, metrics: Metrics) -> Led:
    """Return what publishes the rows that the projection changed."""

    async def publish(stop: asyncio.Event) -> None:
        written = (settings.value_format, settings.partitions)
        await run_bi(store.engine, log, *written, stop=stop, metrics=metrics)

    return publish


async def main(settings: Settings) -> int:
    """Run reporting until it is told to stop; return the exit code."""
    ground = await Ground.of("reporting", settings, (*SHOWN, *ROWS))
    store = ground.store()
    office = Office(store, ground.clock, ground.metrics)
    boards = Boards(ground.clock, LiveBoard(settings.time_zone))
    reports = Reports(
        store, store.engine, Cursors(settings.cursor_key), ZoneInfo(settings.time_zone)
    )
    ground.health.add("boards", lambda: None if boards.caught_up() else "still folding the log")
    app = app_of(
        "reporting",
        settings,
        ground.metrics,
        routes=http.ROUTES,
        refusals=http.REFUSALS,
        description=DESCRIPTION,
        context=http.Context(
            store.engine,
            boards,
            store,
            office,
            Books(store, store.engine, ground.log),
            builds_in(store.engine, ground.log),
            reports,
        ),
    )
    sender = Sender(settings.named_networks)
    webhooks = Webhooks(TELLING, store, ground.clock, ground.metrics, sender)
    with_webhooks(app, webhooks)
    if settings.board_dir is not None:
        http.serve_board(app, settings.board_dir)
    builder = Builder(settings.database_url, ground.log, ground.clock, fold)
    try:
        rows = publishing(store, ground.log, settings, ground.metrics)
        work = [rows, *webhooks.work(ground.log)]
        tasks = background(store, ground.log, ground.clock, boards, ground.metrics, work)
        return await ground.serve(app, [*tasks, building(store, builder, ground.metrics)])
    finally:
        await webhooks.close()
        await builder.close()
        await office.close()
        await store.close()
