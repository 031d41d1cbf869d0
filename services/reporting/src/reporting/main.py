"""Every part of reporting, in the order in which they start."""

import asyncio
from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime.clock import BusinessClock, clock_from_log
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.kafka import KafkaLog
from contact_runtime.lease import lead
from contact_runtime.log import Log
from contact_runtime.logs import configure_logs
from contact_runtime.metrics import Metrics
from contact_runtime.projection import run_projection
from contact_runtime.reader import Received
from contact_runtime.relay import run_relay
from contact_runtime.serve import Background, serve
from contact_runtime.store import SqlStore, connect
from reporting import http
from reporting.boards import Boards
from reporting.consumers import READS
from reporting.domain.live import LiveBoard
from reporting.projections import project
from reporting.settings import Settings
from reporting.tables import READER

DESCRIPTION = "Contact records, intervals and the live board: folds of the log, nothing else."

PROJECTION_LINGER_S = 0.25
"""Reports may be so far behind, in machine seconds: large batches cost far less than small ones."""


async def fold(conn: AsyncConnection, batch: Sequence[Received]) -> None:
    """Write what a batch changes."""
    await project(conn, [received.envelope for received in batch])


def background(
    store: SqlStore, log: Log, clock: BusinessClock, boards: Boards, metrics: Metrics
) -> list[Background]:
    """Return what runs beside the API: the boards everywhere, the projection under a lease."""

    async def under_lease(stop: asyncio.Event) -> None:
        work = [
            lambda stop: run_projection(
                store,
                log,
                reader=READER,
                topics=READS,
                fold=fold,
                clock=clock,
                metrics=metrics,
                stop=stop,
                linger_s=PROJECTION_LINGER_S,
            ),
            lambda stop: run_relay(store, log, metrics=metrics, stop=stop),
        ]
        await lead(store, "projection", work, stop=stop, metrics=metrics)

    topics = [topic.name for topic in READS]
    return [
        Background("projection", under_lease),
        Background("boards", partial(boards.follow, log, topics)),
    ]


async def main(settings: Settings) -> int:
    """Run reporting until it is told to stop; return the exit code."""
    configure_logs("reporting", settings.log_level)
    metrics, health = Metrics(), Health()
    log = KafkaLog(settings.kafka_bootstrap)
    await log.ensure_topics(READS, settings.partitions)
    clock = await clock_from_log(log)
    engine = connect(settings.database_url, application="reporting")
    store = SqlStore(engine, source="/polycentre/reporting", partitions=settings.partitions)
    boards = Boards(clock, LiveBoard(settings.time_zone))
    health.add("boards", lambda: None if boards.caught_up() else "still folding the log")
    app = create_app(
        "reporting",
        routes=[http.routes],
        auth=Auth(settings.jwks, settings.jwt_issuer, settings.jwt_audience),
        refusals=http.REFUSALS,
        context=http.Context(engine, boards),
        description=DESCRIPTION,
        metrics=metrics,
        cors_origins=settings.allowed_origins,
    )
    if settings.board_dir is not None:
        http.serve_board(app, settings.board_dir)
    try:
        return await serve(
            app,
            create_ops_app(health, metrics),
            health=health,
            host=settings.host,
            http_port=settings.http_port,
            ops_port=settings.ops_port,
            tasks=background(store, log, clock, boards, metrics),
        )
    finally:
        await store.close()
