"""Every part of geo, in the order in which they start."""

from contact_runtime.clock import Clock
from contact_runtime.consuming import consuming
from contact_runtime.ground import Ground, app_of
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Store
from contact_runtime.serve import Background
from geo import http
from geo.consumers import READER, READS, handler
from geo.settings import Settings

DESCRIPTION = "Where callers are, as far as the numbering plans tell."


def background(store: Store, log: Log, clock: Clock, metrics: Metrics) -> list[Background]:
    """Return what runs beside the API: on one replica its reader and relay."""
    consumers = consuming(
        "geo",
        store,
        log,
        reader=READER,
        topics=READS,
        handler=handler(clock),
        clock=clock,
        metrics=metrics,
    )
    return [consumers]


async def main(settings: Settings) -> int:
    """Run geo until it is told to stop; return the exit code."""
    ground = await Ground.of("geo", settings)
    store = ground.store()
    app = app_of(
        "geo",
        settings,
        ground.metrics,
        routes=[http.routes],
        refusals=http.REFUSALS,
        description=DESCRIPTION,
    )
    try:
        tasks = background(store, ground.log, ground.clock, ground.metrics)
        return await ground.serve(app, tasks)
    finally:
        await store.close()
