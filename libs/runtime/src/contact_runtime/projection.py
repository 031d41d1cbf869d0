"""The reader's loop for plain SQL rows: the fold gets the connection of the batch's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.topics import Topic
from contact_runtime.clock import Clock
from contact_runtime.lease import lead
from contact_runtime.log import Log
from contact_runtime.metrics import Metrics
from contact_runtime.reader import LINGER_S, Received, run_reader
from contact_runtime.relay import run_relay
from contact_runtime.rows import Unit
from contact_runtime.serve import Background
from contact_runtime.store import SqlStore, SqlUnit


class Fold(Protocol):
    """What a projection does with a batch: row changes, by multi-row statements."""

    def __call__(self, conn: AsyncConnection, batch: Sequence[Received], /) -> Awaitable[None]:
        """Write what `batch` changes."""
        ...


async def run_projection(
    store: SqlStore,
    log: Log,
    *,
    reader: str,
    topics: Iterable[Topic],
    fold: Fold,
    clock: Clock,
    stop: asyncio.Event,
    metrics: Metrics | None = None,
    linger_s: float = LINGER_S,
) -> None:
    """Fold `topics` into rows as `reader` until `stop` is set; see `run_reader`."""

    async def handle(unit: Unit, batch: Sequence[Received]) -> None:
        assert isinstance(unit, SqlUnit)
        await fold(unit.connection, batch)

    await run_reader(
        store,
        log,
        reader=reader,
        topics=topics,
        handler=handle,
        clock=clock,
        stop=stop,
        metrics=metrics,
        linger_s=linger_s,
    )


def projecting(
    lease: str,
    store: SqlStore,
    log: Log,
    *,
    reader: str,
    topics: Iterable[Topic],
    fold: Fold,
    clock: Clock,
    metrics: Metrics,
    linger_s: float = LINGER_S,
) -> Background:
    """Return the work of one replica, who holds the lease: the projection, and its relay."""
    names = tuple(topics)

    async def project(stop: asyncio.Event) -> None:
        await run_projection(
            store,
            log,
            reader=reader,
            topics=names,
            fold=fold,
            clock=clock,
            stop=stop,
            metrics=metrics,
            linger_s=linger_s,
        )

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, log, stop=stop, metrics=metrics)

    async def under_lease(stop: asyncio.Event) -> None:
        await lead(store, lease, [project, publish], stop=stop, metrics=metrics)

    return Background(lease, under_lease)
