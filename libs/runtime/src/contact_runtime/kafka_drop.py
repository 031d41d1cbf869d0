"""Letting go of aiokafka's clients at once, in whatever state the broker is.

aiokafka's own `stop()` hangs while the broker is down and then delivers what nobody waits for any
more; on the way it may raise or leave tasks behind. These functions reach into private attributes
of the pinned version 0.14.0: a test holds each.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

STEP_S = 0.1
STEPS = 10


async def drop_producer(producer: AIOKafkaProducer) -> None:
    """Close the connections and end the sender; what was under way fails, sent or not."""
    producer._closed = True  # else its finaliser complains
    reading = _abort_connections(producer.client)
    sender = producer._sender.sender_task
    if sender is not None:
        await _end_tasks([sender])
    await _end_tasks(reading)
    await _drop_client(producer.client)
    _fail_batches(producer._message_accumulator)


async def drop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Close the connections and end the fetching tasks."""
    consumer._closed = True
    coordinator, fetcher = consumer._coordinator, consumer._fetcher
    if coordinator is not None:
        await _end_tasks([coordinator._reset_committed_task])
    if fetcher is not None:
        fetcher._closed = True
        await _end_tasks([fetcher._fetch_task])
        await _end_tasks(fetcher._pending_tasks)
        for waiter in list(fetcher._fetch_waiters):
            fetcher._notify(waiter)
    await _drop_client(consumer._client)


async def drop_admin(admin: AIOKafkaAdminClient) -> None:
    """Close the connections."""
    admin._closed = True
    await _drop_client(admin._client)


def _abort_connections(client: Any) -> list[asyncio.Task[Any]]:
    """Cut every connection without sending what is in its buffer; return what read them."""
    reading = []
    for connection in list(client._conns.values()):
        if connection._writer is not None:
            connection._writer.transport.abort()
            reading.append(connection._read_task)
        connection.close()
    client._conns.clear()
    return reading


async def _drop_client(client: Any) -> None:
    if client._sync_task is not None:
        await _end_tasks([client._sync_task])
        client._sync_task = None
    waited_for = client._md_update_fut
    if waited_for is not None and not waited_for.done():
        waited_for.set_result(False)  # nobody else would wake those who wait for metadata
    await _end_tasks(_abort_connections(client))


async def _end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` until they have ended: some swallow the first cancellation."""
    left = set(tasks)
    for _ in range(STEPS):
        for task in left:
            task.cancel()
        if not left:
            return
        done, left = await asyncio.wait(left, timeout=STEP_S)
        for task in done:
            with contextlib.suppress(asyncio.CancelledError):
                task.exception()  # looked at, so that nobody logs it as forgotten


def _fail_batches(accumulator: Any) -> None:
    for batches in accumulator._batches.values():
        # One that waits for another try would be looked for there when it fails.
        accumulator._pending_batches.update(batches)
    accumulator.fail_all(KafkaConnectionError("the producer was dropped"))
    for batches in accumulator._batches.values():
        for batch in batches:
            for future in (batch.future, batch._drain_waiter):
                if future.done() and not future.cancelled():
                    future.exception()
