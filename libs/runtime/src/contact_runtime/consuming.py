"""What one replica of a service does, who holds the lease: reads, keeps time, publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from contact_events.topics import Topic
from contact_runtime.clock import Clock
from contact_runtime.lease import Led, lead
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.reader import LINGER_S, MOST_RECORDS, RecordHandler, run_reader
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
    timers: Sequence[tuple[Kind[Any], Tick]] = (),
    beside: Sequence[Led] = (),
    linger_s: float = LINGER_S,
    most_records: int = MOST_RECORDS,
) -> Background:
    """Return, all under the lease: the reader, the relay, timers of these kinds, what is beside."""
    read = reading(
        store,
        log,
        reader=reader,
        topics=topics,
        handler=handler,
        clock=clock,
        metrics=metrics,
        linger_s=linger_s,
        most_records=most_records,
    )

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, log, stop=stop, metrics=metrics)

    def ticking(kind: Kind[Any], tick: Tick) -> Led:
        return lambda stop: run_timers(store, kind, tick, clock, stop=stop, metrics=metrics)

    work: list[Led] = [read, publish, *(ticking(*timer) for timer in timers), *beside]

    async def under_lease(stop: asyncio.Event) -> None:
        await lead(store, lease, work, stop=stop, metrics=metrics)

    return Background("consumers", under_lease)


def reading(
    store: Store,
    log: Log,
    *,
    reader: str,
    topics: Iterable[Topic],
    handler: RecordHandler,
    clock: Clock,
    metrics: Metrics,
    linger_s: float = LINGER_S,
    most_records: int = MOST_RECORDS,
) -> Led:
    """Return one reader as work under a lease; a service has one for each pace it reads at."""
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
            most_records=most_records,
        )

    return read
