"""A broker of its own, one router process on it, and a floor that writes what others would."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from bench.routing.floor import POOL
from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import Event
from contact_events.routing import RouterEpochStarted
from contact_events.topics import ROUTED, TOPICS, Topic
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogWriter, Record, TopicPartition
from deploy.local.kafka import LocalKafka, free_ports

PARTITIONS: Final = 4
PARTITION: Final = partition_of(POOL, PARTITIONS)
OFFERS: Final = TopicPartition(ROUTED.name, PARTITION)
BATCH: Final = 500
LEADS_LIMIT_S: Final = 600.0


@dataclass
class Outbox:
    """The facts of a floor on their way to Kafka, in the order of each topic."""

    writer: LogWriter
    pending: dict[str, list[Entry]] = field(default_factory=dict)

    def take(self, topic: Topic, envelope: Envelope) -> None:
        """Take a fact."""
        self.pending.setdefault(topic.name, []).append(entry(envelope))

    async def flush(self) -> None:
        """Append all that was taken until now."""
        pending, self.pending = self.pending, {}
        await asyncio.gather(*(self._append(topic, some) for topic, some in pending.items()))

    async def _append(self, topic: str, entries: list[Entry]) -> None:
        at = TopicPartition(topic, PARTITION)
        for start in range(0, len(entries), BATCH):
            await self.writer.append(at, entries[start : start + BATCH])


@asynccontextmanager
async def broker() -> AsyncIterator[LocalKafka]:
    """Start an empty broker with all topics, stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="polycentre-decisions-") as folder:
        port, controller_port = free_ports(2)
        kafka = LocalKafka(Path(folder), port=port, controller_port=controller_port)
        await asyncio.to_thread(kafka.start)
        try:
            await KafkaLog(kafka.bootstrap).ensure_topics(TOPICS, PARTITIONS)
            yield kafka
        finally:
            await asyncio.to_thread(kafka.stop)


@asynccontextmanager
async def outbox(kafka: LocalKafka) -> AsyncIterator[Outbox]:
    """Open a way to Kafka, closed afterwards."""
    writer = await KafkaLog(kafka.bootstrap).writer()
    try:
        yield Outbox(writer)
    finally:
        await writer.close()


@dataclass(frozen=True)
class Leading:
    """A router's process that leads, and the offset after its claim."""

    after: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return the CPU seconds that it has spent so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def router(kafka: LocalKafka) -> AsyncIterator[Leading]:
    """Start the router's process and wait until it leads."""
    keys = kafka.folder / "keys"
    mint(keys, "administrator")
    environment = os.environ | {
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "PARTITIONS": str(PARTITIONS),
        "HTTP_PORT": "0",
        "OPS_PORT": "0",
        "JWKS": str(keys / JWKS_FILE),
        "LOG_LEVEL": "WARNING",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "router", env=environment)
    try:
        after = await asyncio.wait_for(_claimed(kafka), LEADS_LIMIT_S)
        yield Leading(after, psutil.Process(process.pid))
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _claimed(kafka: LocalKafka) -> int:
    reader = await KafkaLog(kafka.bootstrap).reader({OFFERS: 0})
    try:
        while True:
            for record in await reader.read():
                if isinstance(event_of(record), RouterEpochStarted):
                    return record.offset + 1
    finally:
        await reader.close()


def entry(envelope: Envelope) -> Entry:
    """Return the envelope as a record to be appended."""
    return Entry(key_of(envelope), encode(envelope), headers_of(envelope))


def event_of(record: Record) -> Event | None:
    """Return the event that the record holds, None where it is of an unknown type."""
    decoded = decode(record.value)
    return decoded.envelope.data if isinstance(decoded, Decoded) else None
