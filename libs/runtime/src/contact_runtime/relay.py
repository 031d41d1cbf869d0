"""The relay: publishes committed events to the log, in the order of each stream, at least once.

It asks for what is not marked as published, never for what is above some id: ids are given before
commits, so a smaller one may appear after a larger one. What is marked was acknowledged; a relay
that dies between the two publishes again, and readers know a stream's numbers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from contact_runtime.catalogue import RELAY_DELAY_SECONDS, RELAY_PUBLISHED, RELAY_WAITING
from contact_runtime.errors import Transient
from contact_runtime.log import Ambiguous, Log, LogWriter, TopicPartition, Unavailable
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Outgoing, Store

LOOK_EVERY_S = 1.0
"""A wake-up may be lost with its connection, so the relay looks by itself, too."""

LINGER_S = 0.004
"""Waited after a wake-up that follows another closely, so that such commits become one batch."""

CLOSELY_S = 0.02

RETRY_S = 0.5
MOST_EVENTS = 1_000
MOST_BYTES = 900_000
"""In one batch of a partition; the log takes a little more."""

OVERHEAD_BYTES = 100
"""Of a record in a batch, headers included, generously."""

log = logging.getLogger(__name__)


async def run_relay(
    store: Store,
    log_: Log,
    *,
    stop: asyncio.Event,
    metrics: Metrics | None = None,
    look_every_s: float = LOOK_EVERY_S,
) -> None:
    """Publish until `stop` is set; at most one process should, but two only repeat each other."""
    relay = Relay(store, log_, metrics or Metrics())
    try:
        async with store.listening():
            while not stop.is_set():
                heard, began = store.committed.count, time.monotonic()
                if await _published(relay) < MOST_EVENTS:
                    await store.committed.after(heard, look_every_s)
                    if time.monotonic() - began < CLOSELY_S:
                        await asyncio.sleep(LINGER_S)
    finally:
        await relay.close()


async def _published(relay: Relay) -> int:
    try:
        return await relay.publish()
    except (Ambiguous, Unavailable, Transient) as why:
        log.warning("not published, will be tried again", extra={"why": str(why)})
        await asyncio.sleep(RETRY_S)
        return MOST_EVENTS


class Relay:
    """Publishes what waits, one batch for each partition, and marks what was acknowledged."""

    def __init__(self, store: Store, log_: Log, metrics: Metrics) -> None:
        self._store = store
        self._log = log_
        self._metrics = metrics
        self._writer: LogWriter | None = None

    async def publish(self) -> int:
        """Publish what waits, up to `MOST_EVENTS`, and return how many events were waiting.

        Raises:
            Ambiguous: some may have landed; they are published again by the next turn.
            Unavailable: the log could not be reached.
            Transient: the database could not be reached.
            TooLarge: one event is larger than the log takes.
        """
        waiting = await self._store.unpublished(MOST_EVENTS)
        self._metrics.set(RELAY_WAITING, to=len(waiting))
        if waiting:
            await self._send(waiting)
        return len(waiting)

    async def _send(self, waiting: Sequence[Outgoing]) -> None:
        if self._writer is None:
            self._writer = await self._log.writer()
        landed: list[Outgoing] = []
        ends = await asyncio.gather(
            *(self._append(tp, events, landed) for tp, events in by_partition(waiting)),
            return_exceptions=True,
        )
        if landed:
            await self._store.mark_published([out.id for out in landed])
            self._count(landed)
        failed = [end for end in ends if end is not None]
        if failed:
            await self.close()
            raise failed[0]

    async def _append(
        self, tp: TopicPartition, events: Sequence[Outgoing], landed: list[Outgoing]
    ) -> None:
        assert self._writer is not None
        for batch in in_batches(events):
            await self._writer.append(tp, [out.entry for out in batch])
            landed.extend(batch)

    def _count(self, landed: Sequence[Outgoing]) -> None:
        now = datetime.now(UTC)
        for out in landed:
            self._metrics.add(RELAY_PUBLISHED, out.tp.topic)
            delay_s = max(0.0, (now - out.recorded_at).total_seconds())
            self._metrics.observe(RELAY_DELAY_SECONDS, value=delay_s)

    async def close(self) -> None:
        """Let go of the log."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.close()


def by_partition(
    waiting: Sequence[Outgoing],
) -> Iterator[tuple[TopicPartition, list[Outgoing]]]:
    """Return the events of each partition, in their order."""
    for tp, events in groupby(sorted(waiting, key=lambda out: out.tp), key=lambda out: out.tp):
        yield tp, list(events)  # the sort is stable: the order of ids stays


def in_batches(events: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Return the events in batches that the log takes at once; at least one event in each."""
    batch: list[Outgoing] = []
    size = 0
    for out in events:
        entry = out.entry
        headers = sum(len(name) + len(value) for name, value in entry.headers)
        bytes_ = OVERHEAD_BYTES + len(entry.key or b"") + len(entry.value or b"") + headers
        if batch and size + bytes_ > MOST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(out)
        size += bytes_
    if batch:
        yield batch
