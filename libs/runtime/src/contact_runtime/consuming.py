"""What one replica of a service does, who holds the lease: reads, keeps time, publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from contact_events.topics import Topic
from contact_runtime.clock import Clock
from contact_runtime.lease import Led, lead
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.reader import LINGER_S, RecordHandler, run_reader
from contact_runtime.relay import run_relay
from contact_runtime.rows import Kind, Store
from contact_runtime.serve import Background
from contact_runtime.timers import Tick, run_timers


def consuming(
    lease: str,
    store: Store,
    log: Log,
    *,
    reader: str,
    topics: Iterable[Topic],
    handler: RecordHandler,
    clock: Clock,
    metrics: Metrics,
    timer: tuple[Kind[Any], Tick] | None = None,
    linger_s: float = LINGER_S,
) -> Background:
    """Return the reader, the relay and, of a kind of rows, the timers, under the lease."""
    names = tuple(topics)

    async def read(stop: asyncio.Event) -> None:
        await run_reader(
            store,
            log,
            reader=reader,
            topics=names,
            handler=handler,
            clock=clock,
            stop=stop,
            metrics=metrics,
            linger_s=linger_s,
        )

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, log, stop=stop, metrics=metrics)

    work: list[Led] = [read, publish]
    if timer is not None:
        work.append(lambda stop: run_timers(store, *timer, clock, stop=stop, metrics=metrics))

    async def under_lease(stop: asyncio.Event) -> None:
        await lead(store, lease, work, stop=stop, metrics=metrics)

    return Background("consumers", under_lease)
