"""The router as a process: every part, in the order it starts."""

import gc
import secrets
import sys
from collections.abc import Callable
from typing import Final

from fastapi import FastAPI

from contact_events.partitions import partition_of
from contact_events.topics import ROUTING_CONFIG
from contact_runtime.clock import Clock
from contact_runtime.ground import Ground, app_of
from contact_runtime.log import Log, TopicPartition
from contact_runtime.metrics import Metrics
from contact_runtime.serve import Background
from router.http import REFUSALS, Desk, routes
from router.loop import FOREIGN_WAIT_S, Loop
from router.orders import Orders
from router.replica import SNAPSHOT_EVERY, Replica
from router.settings import Settings
from router.version import code_version

DESCRIPTION = "One queue over all sites: who is offered what, and what people order of it."

CYCLES_SOUGHT: Final = (5_000, 5, 1_000)
"""How seldom Python looks for cycles among what is new, older and old. What is old is the pool's
state, which has none: to walk through it holds a large pool's decisions up for a tenth of a second.
"""

THREADS_TAKE_TURNS_S: Final = 0.001
"""Machine seconds that a thread which writes a snapshot may hold the loop up at a time."""


async def main(settings: Settings) -> int:
    """Run the router until it is told to stop; return the exit code."""
    gc.set_threshold(*CYCLES_SOUGHT)
    sys.setswitchinterval(THREADS_TAKE_TURNS_S)
    ground = await Ground.of("router", settings)
    health = ground.health
    loop = build(
        *(ground.log, ground.clock, settings.pool, settings.partitions, ground.metrics),
        snapshot_every=settings.snapshot_every,
        foreign_wait_s=settings.foreign_wait_s,
        leaving=lambda: health.stopping,
    )
    health.add("caught_up", lambda: None if loop.caught_up else "still reading the log")
    health.note("refuses_to_lead", lambda: loop.refusal)
    health.note("folds_otherwise", lambda: loop.snapshotting.diverged)
    app = create_router_app(settings, loop, ground.metrics)
    return await ground.serve(app, tasks=[Background("router", loop.run)])


def build(
    log: Log,
    clock: Clock,
    pool: str,
    partitions: int,
    metrics: Metrics,
    *,
    version: str | None = None,
    snapshot_every: int = SNAPSHOT_EVERY,
    foreign_wait_s: float = FOREIGN_WAIT_S,
    leaving: Callable[[], bool] = lambda: False,
) -> Loop:
    """Return one replica of the pool's router, with a name that no other start of it has."""
    partition = partition_of(pool, partitions)
    orders = Orders(log, TopicPartition(ROUTING_CONFIG.name, partition), pool, clock)
    return Loop(
        replica=Replica(pool, secrets.token_hex(6), version or code_version(), snapshot_every),
        log=log,
        partition=partition,
        clock=clock,
        orders=orders,
        metrics=metrics,
        leaving=leaving,
        foreign_wait_s=foreign_wait_s,
    )


def create_router_app(settings: Settings, loop: Loop, metrics: Metrics) -> FastAPI:
    """Return the router's HTTP application."""
    return app_of(
        "router",
        settings,
        metrics,
        routes=[routes],
        refusals=REFUSALS,
        description=DESCRIPTION,
        context=Desk(loop.orders, loop),
    )
