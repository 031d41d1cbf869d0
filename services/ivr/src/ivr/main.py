"""Every part of ivr, in the order in which they start."""

import asyncio
from functools import partial

from contact_runtime.clock import Clock
from contact_runtime.consuming import consuming
from contact_runtime.ground import Ground, app_of
from contact_runtime.hints import QueueHints
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Store
from contact_runtime.serve import Background
from ivr import http
from ivr.consumers import READER, READS, handler, tick
from ivr.desk import Desk
from ivr.people import People
from ivr.settings import Settings
from ivr.tables import CALL

DESCRIPTION = "The front door: calls arrive, choose, wait, are joined with agents and end."


def background(
    store: Store, log: Log, clock: Clock, metrics: Metrics, hints: QueueHints
) -> list[Background]:
    """Return what runs beside the API: hints, and on one replica its reader, timers and relay."""
    consumers = consuming(
        "ivr",
        store,
        log,
        reader=READER,
        topics=READS,
        handler=handler(clock, hints),
        clock=clock,
        metrics=metrics,
        timers=[(CALL, partial(tick, hints=hints))],
    )

    async def listen(stop: asyncio.Event) -> None:
        async with store.listening():  # so that long polls here hear of commits elsewhere
            await stop.wait()

    return [Background("listener", listen), Background("hints", hints.run), consumers]


async def main(settings: Settings) -> int:
    """Run ivr until it is told to stop; return the exit code."""
    ground = await Ground.of("ivr", settings)
    store = ground.store(connections=settings.database_connections)
    people = People.of_file(settings.client_keys_file)
    hints = QueueHints(ground.log)
    app = app_of(
        "ivr",
        settings,
        ground.metrics,
        routes=[http.routes],
        refusals=http.REFUSALS,
        description=DESCRIPTION,
        context=Desk(store, ground.clock, people, ground.metrics, hints),
    )
    try:
        tasks = background(store, ground.log, ground.clock, ground.metrics, hints)
        return await ground.serve(app, tasks)
    finally:
        await store.close()
