"""Every part of geo, in the order in which they start."""

import asyncio

from contact_events.topics import TOPICS
from contact_runtime.clock import Clock, clock_from_log
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.kafka import KafkaLog
from contact_runtime.lease import lead
from contact_runtime.log import Log
from contact_runtime.logs import configure_logs
from contact_runtime.metrics import Metrics
from contact_runtime.reader import run_reader
from contact_runtime.relay import run_relay
from contact_runtime.rows import Store
from contact_runtime.serve import Background, serve
from contact_runtime.store import SqlStore, connect
from geo import http
from geo.consumers import READER, READS, handler
from geo.settings import Settings

DESCRIPTION = "Where callers are, as far as the numbering plans tell."
SOURCE = "/polycentre/geo"


def background(store: Store, log: Log, clock: Clock, metrics: Metrics) -> list[Background]:
    """Return what runs beside the API: on one replica its reader and relay."""

    async def read(stop: asyncio.Event) -> None:
        await run_reader(
            store,
            log,
            reader=READER,
            topics=READS,
            handler=handler(clock),
            clock=clock,
            stop=stop,
            metrics=metrics,
        )

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, log, stop=stop, metrics=metrics)

    async def under_lease(stop: asyncio.Event) -> None:
        await lead(store, "geo", [read, publish], stop=stop, metrics=metrics)

    return [Background("consumers", under_lease)]


async def main(settings: Settings) -> int:
    """Run geo until it is told to stop; return the exit code."""
    configure_logs("geo", settings.log_level)
    metrics, health = Metrics(), Health()
    log = KafkaLog(settings.kafka_bootstrap)
    await log.ensure_topics(TOPICS, settings.partitions)
    clock = await clock_from_log(log)
    engine = connect(settings.database_url, application="geo")
    store = SqlStore(engine, source=SOURCE, partitions=settings.partitions)
    app = create_app(
        "geo",
        routes=[http.routes],
        auth=Auth(settings.jwks, settings.jwt_issuer, settings.jwt_audience),
        refusals=http.REFUSALS,
        description=DESCRIPTION,
        metrics=metrics,
        cors_origins=settings.allowed_origins,
    )
    try:
        return await serve(
            app,
            create_ops_app(health, metrics),
            health=health,
            host=settings.host,
            http_port=settings.http_port,
            ops_port=settings.ops_port,
            tasks=background(store, log, clock, metrics),
        )
    finally:
        await store.close()
