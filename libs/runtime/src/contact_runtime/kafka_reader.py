"""Reading from Kafka: partitions assigned by hand, positions sought by hand, never a group."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import aiokafka
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError, KafkaError, OffsetOutOfRangeError

from contact_runtime.kafka_drop import drop_consumer
from contact_runtime.log import PositionGone, ReaderDead, Record, TopicPartition, Unavailable

STEPS_TO_THE_WIRE: Final = 4
"""Steps of the event loop in which a batch given to a writer reaches its socket."""


class KafkaReader:
    """A `LogReader` on Kafka."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        positions: Mapping[TopicPartition, int],
        *,
        ahead: bool = True,
    ) -> None:
        """Take a started consumer and assign it, before its first fetch."""
        self._consumer = consumer
        self._held = None if ahead else _Held(consumer)
        self._assigned = {tp: aiokafka.TopicPartition(tp.topic, tp.partition) for tp in positions}
        self._opened_ms = time.time() * 1000
        if positions:
            consumer.assign(list(self._assigned.values()))
        for tp, offset in positions.items():
            self.seek(tp, offset)

    async def read(self, *, max_records: int = 1000, timeout_s: float = 0.1) -> list[Record]:
        """Return the next records, at most `max_records`; [] when none came in `timeout_s`."""
        if not self._assigned:
            await asyncio.sleep(timeout_s)
            return []
        self._check_alive()
        if self._held is not None:
            await self._held.let_go()
        try:
            batches = await self._consumer.getmany(
                timeout_ms=timeout_s * 1000, max_records=max_records
            )
        except OffsetOutOfRangeError as error:
            raise PositionGone(str(error)) from error
        except ConsumerStoppedError as error:
            raise ReaderDead("the reader is closed") from error
        except KafkaError as error:
            raise ReaderDead(repr(error)) from error
        if not batches:
            self._check_alive()
        return [
            Record(r.topic, r.partition, r.offset, r.key, r.value, r.headers, r.timestamp)
            for batch in batches.values()
            for r in batch
        ]

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Make `offset` the next offset to be read of `tp`."""
        self._consumer.seek(self._assigned[tp], offset)

    async def ends(self) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each assigned partition."""
        try:
            found = await self._consumer.end_offsets(list(self._assigned.values()))
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"ends: {error!r}") from error
        return {tp: found[assigned] for tp, assigned in self._assigned.items()}

    def unheard_s(self, topic: str | None = None) -> float:
        """Return for how long the log has not answered, machine seconds."""
        asked = (to for tp, to in self._assigned.items() if topic in (None, tp.topic))
        polled = (self._consumer.last_poll_timestamp(to) for to in asked)
        oldest = min((at or self._opened_ms for at in polled), default=None)
        return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1000)

    async def close(self) -> None:
        """Drop the consumer."""
        await drop_consumer(self._consumer)

    def _check_alive(self) -> None:
        consumer = self._consumer
        if consumer._closed:
            raise ReaderDead("the reader is closed")
        for task in (consumer._fetcher._fetch_task, consumer._client._sync_task):
            if task.done():
                raise ReaderDead(f"{task.get_name()} ended: {_why(task)}")


class _Held:
    """The next fetch, held back: aiokafka sends it as soon as what it had fetched was taken.

    On a busy machine each request costs the process its turn on the processor, so what is decided
    from a read would wait for the next fetch to go out first. Reaches into private attributes of
    the pinned version 0.14.0: a test holds them.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._fetcher = consumer._fetcher
        self._notify = self._fetcher._notify
        self._taken: asyncio.Future[None] | None = None
        self._fetcher._notify = self._note

    async def let_go(self) -> None:
        """Let the fetch go, after what was sent before this."""
        if self._taken is not None:
            for _ in range(STEPS_TO_THE_WIRE):
                await asyncio.sleep(0)
            self._notify(self._taken)
            self._taken = None

    def _note(self, future: "asyncio.Future[None] | None") -> None:
        if future is not None and future is self._fetcher._wait_consume_future:
            self._taken = future
        else:
            self._notify(future)


def _why(task: "asyncio.Task[object]") -> str:
    return "cancelled" if task.cancelled() else repr(task.exception())
