"""Every part of ivr, in the order in which they start."""

import asyncio
from datetime import datetime

from contact_events.topics import TOPICS
from contact_runtime.clock import Clock, clock_from_log
from contact_runtime.hints import QueueHints
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
from contact_runtime.rows import Store, Unit
from contact_runtime.serve import Background, serve
from contact_runtime.store import SqlStore, connect
from contact_runtime.timers import run_timers
from ivr import http
from ivr.consumers import READER, READS, handler, tick
from ivr.desk import Desk
from ivr.people import People
from ivr.settings import Settings
from ivr.tables import CALL

DESCRIPTION = "The front door: calls arrive, choose, wait, are joined with agents and end."
SOURCE = "/polycentre/ivr"


def background(store: Store, log: Log, clock: Clock, metrics: Metrics) -> list[Background]:
    """Return what runs beside the API: on one replica its reader, timers and relay."""

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

    async def time_out(stop: asyncio.Event) -> None:
        tick_call = tick(clock)

        async def tick_due(unit: Unit, key: str, now: datetime) -> None:
            await tick_call(unit, key)

        await run_timers(store, CALL, tick_due, clock, stop=stop, metrics=metrics)

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, log, stop=stop, metrics=metrics)

    async def under_lease(stop: asyncio.Event) -> None:
        await lead(store, "ivr", [read, time_out, publish], stop=stop, metrics=metrics)

    async def listen(stop: asyncio.Event) -> None:
        async with store.listening():  # so that long polls here hear of commits elsewhere
            await stop.wait()

    return [Background("listener", listen), Background("consumers", under_lease)]


async def main(settings: Settings) -> int:
    """Run ivr until it is told to stop; return the exit code."""
    configure_logs("ivr", settings.log_level)
    metrics, health = Metrics(), Health()
    log = KafkaLog(settings.kafka_bootstrap)
    await log.ensure_topics(TOPICS, settings.partitions)
    clock = await clock_from_log(log)
    engine = connect(
        settings.database_url, pool_size=settings.database_connections, application="ivr"
    )
    store = SqlStore(engine, source=SOURCE, partitions=settings.partitions)
    hints = QueueHints(log)
    people = People.of_file(settings.client_keys_file)
    app = create_app(
        "ivr",
        routes=[http.routes],
        auth=Auth(settings.jwks, settings.jwt_issuer, settings.jwt_audience),
        refusals=http.REFUSALS,
        context=Desk(store, clock, people, metrics, hints),
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
            tasks=[*background(store, log, clock, metrics), Background("hints", hints.run)],
        )
    finally:
        await store.close()
