"""Appending to Kafka: one idempotent producer, dropped at the first doubt."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from contact_runtime.kafka_drop import drop_producer
from contact_runtime.log import (
    Ambiguous,
    Entry,
    LogError,
    TooLarge,
    TopicPartition,
    WrongPartitions,
)

MAX_BATCH_BYTES = 1 << 20
WORN_OUT_RECORDS = 1 << 30
"""aiokafka wraps a partition's sequence number wrongly at 2^31; a writer ends well before."""


class KafkaWriter:
    """A `LogWriter` on Kafka."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        another: Callable[[], Awaitable[AIOKafkaProducer]],
        *,
        append_timeout_s: float,
        worn_out_records: int = WORN_OUT_RECORDS,
    ) -> None:
        """Take a started producer and the way to start another one."""
        self._producer = producer
        self._another = another
        self._append_timeout_s = append_timeout_s
        self._records_left = worn_out_records
        self._dead: str | None = None
        self._dropping: asyncio.Task[None] | None = None
        self._turns: dict[TopicPartition, asyncio.Lock] = {}

    async def append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        """Append `entries` as one atomic batch and return the offset of the first."""
        batch = _batch_of(self._producer, tp, entries)
        # aiokafka's own waiting for a free place in a partition counts the time twice over.
        async with self._turns.setdefault(tp, asyncio.Lock()):
            return await self._append_now(tp, batch)

    async def _append_now(self, tp: TopicPartition, batch: BatchBuilder) -> int:
        self._wear(batch.record_count())
        if self._dead is not None:
            raise Ambiguous(f"{tp}: this writer is dead: {self._dead}")
        try:
            return await self._send(self._producer, batch, tp)
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            # The refusal poisons the producer: each later send of it would be out of order.
            await self._renew()
            raise TooLarge(f"{tp}: {batch.record_count()} records: {error}") from error
        except (KafkaError, TimeoutError) as error:
            await asyncio.shield(self._drop(f"{tp}: {error!r}"))
            raise Ambiguous(f"{tp}: {error!r}") from error
        except asyncio.CancelledError:
            # Not taken back by that: the sender would go on trying as long as it lives.
            self._drop(f"{tp}: an append was cancelled")
            raise

    async def close(self) -> None:
        """Drop the producer; an append under way ends as `Ambiguous`."""
        await asyncio.shield(self._drop("closed"))

    async def _send(
        self, producer: AIOKafkaProducer, batch: BatchBuilder, tp: TopicPartition
    ) -> int:
        async with asyncio.timeout(self._append_timeout_s):
            if tp.partition not in await producer.partitions_for(tp.topic):
                raise WrongPartitions(f"{tp.topic} has no partition {tp.partition}")
            delivery = await producer.send_batch(batch, tp.topic, partition=tp.partition)
            offset: int = (await delivery).offset
        if offset < 0:
            raise KafkaError(f"{tp}: acknowledged at offset {offset}")
        return offset

    def _wear(self, records: int) -> None:
        self._records_left -= records
        if self._records_left < 0 and self._dead is None:
            self._dead = "it has appended as much as one producer should"

    def _drop(self, why: str) -> asyncio.Task[None]:
        self._dead = self._dead or why
        if self._dropping is None:
            self._dropping = asyncio.create_task(drop_producer(self._producer))
        return self._dropping

    async def _renew(self) -> None:
        poisoned = self._producer
        try:
            self._producer = await self._another()
        except LogError as error:
            self._dead = f"no other producer: {error}"
        finally:
            await drop_producer(poisoned)
        if self._dropping is not None:  # closed meanwhile, which dropped the poisoned one only
            await drop_producer(self._producer)


def _batch_of(
    producer: AIOKafkaProducer, tp: TopicPartition, entries: Sequence[Entry]
) -> BatchBuilder:
    if not entries:
        raise ValueError(f"{tp}: an append of nothing")
    batch = producer.create_batch()
    for entry in entries:
        # A full batch says so by returning None only, and takes a first record of any size.
        added = batch.append(
            timestamp=None, key=entry.key, value=entry.value, headers=list(entry.headers)
        )
        if added is None or batch.size() > MAX_BATCH_BYTES:
            raise TooLarge(f"{tp}: {len(entries)} records are above {MAX_BATCH_BYTES} bytes")
    batch.close()
    return batch
