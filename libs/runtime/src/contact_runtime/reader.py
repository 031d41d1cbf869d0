"""The reader: takes the log's records into the database, each counted once, with its position.

One batch is one transaction: rows, events, positions, sequences and leaderships. So a record
delivered twice changes nothing, and a reader that dies goes on where its rows are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from contact_events.config import Document
from contact_events.envelope import Envelope, Undecodable, UnknownType, decode
from contact_events.intake import Intake
from contact_events.topics import ROUTED, ROUTING_CONFIG, Topic, dead_letter_topic
from contact_events.validity import Leadership, Revisions
from contact_runtime.catalogue import (
    READER_BATCH_SECONDS,
    READER_DELAY_SECONDS,
    READER_LAG,
    READER_RECORDS,
    READER_RETRIES,
    READER_UNKNOWN_FIELDS,
)
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.log import Log, LogReader, Record, TopicPartition, Unavailable
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Progress, Store, Unit

MOST_RECORDS = 1_000
READ_LIMIT_S = 0.2
LINGER_S = 0.005
"""The least time from the start of one batch to the next: small batches cost as much as large."""

RETRY_S = 0.2
LAG_EVERY_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A record that counts: decoded, new, and, if it is a decision, valid."""

    record: Record
    envelope: Envelope


class RecordHandler(Protocol):
    """What a service does with a batch of records, in the open transaction."""

    def __call__(self, unit: Unit, batch: Sequence[Received], /) -> Awaitable[None]:
        """Carry out `batch`, in its order."""
        ...


async def run_reader(
    store: Store,
    log_: Log,
    *,
    reader: str,
    topics: Iterable[Topic],
    handler: RecordHandler,
    clock: Clock,
    stop: asyncio.Event,
    metrics: Metrics | None = None,
    linger_s: float = LINGER_S,
    most_records: int = MOST_RECORDS,
) -> None:
    """Read `topics` as `reader` until `stop` is set, at most `most_records` in one transaction.

    What cannot be decoded is set aside on the reader's dead-letter topic. `Transient` from the
    handler or the database: the same records again after a pause. Any other error is raised.
    """
    loop = _Reader(store, log_, reader, topics, handler, clock, metrics or Metrics())
    try:
        while not stop.is_set():
            try:
                await loop.follow(stop, linger_s, most_records)
            except (Transient, Unavailable) as why:
                await loop.pause(why)
    finally:
        await loop.close()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records as they came: decoded, or with the reason why they cannot be."""

    records: Sequence[Record]
    decoded: list[Received]
    poison: list[tuple[Record, str]]


class _Reader:
    def __init__(
        self,
        store: Store,
        log_: Log,
        name: str,
        topics: Iterable[Topic],
        handler: RecordHandler,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._log = log_
        self._name = name
        self._topics = [topic.name for topic in topics]
        self._handler = handler
        self._clock = clock
        self._metrics = metrics
        self._log_reader: LogReader | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._leaderships: dict[str, Leadership] = {}
        self._lag_told = 0.0

    async def pause(self, why: Exception) -> None:
        """Wait a moment after a failure that trying again may mend."""
        log.warning("batch not taken, again", extra={"reader": self._name, "why": str(why)})
        self._metrics.add(READER_RETRIES, self._name)
        if isinstance(why, Unavailable):
            await self.close()
        await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Let go of the log."""
        reader, self._log_reader = self._log_reader, None
        if reader is not None:
            await reader.close()

    async def follow(self, stop: asyncio.Event, linger_s: float, most_records: int) -> None:
        """Start at the database's positions and take batch after batch until `stop` is set."""
        reader = await self._start()
        while not stop.is_set():
            started = time.monotonic()
            records = await reader.read(max_records=most_records, timeout_s=READ_LIMIT_S)
            if records:
                await self._take(records)
                await self._tell_lag(reader)
                await asyncio.sleep(max(0.0, linger_s - (time.monotonic() - started)))

    async def _start(self) -> LogReader:
        starts = await self._log.starts(self._topics)
        await self._store.start_positions(self._name, starts)
        known = await self._store.positions(self._name)
        self._positions = {tp: known[tp] for tp in starts}
        self._leaderships = await self._store.leaderships(self._name)
        if self._log_reader is None:
            await self._log.ensure_topics([dead_letter_topic(self._name)], 1)
            self._log_reader = await self._log.reader(self._positions)
        for tp, position in self._positions.items():
            self._log_reader.seek(tp, position)
        return self._log_reader

    async def _take(self, records: Sequence[Record]) -> None:
        started = time.monotonic()
        batch = self._decode(records)
        async with self._store.unit() as unit:
            intake, known = await self._intake(unit, batch.decoded)
            taken = [r for r in batch.decoded if intake.takes(r.record.topic, r.envelope)]
            for record, reason in batch.poison:
                unit.record_poison(record, reason, self._name)
            if taken:
                await self._handler(unit, taken)
            progress = self._progress(records, intake, known)
            unit.advance(self._name, progress)
        self._positions.update({tp: after for tp, (_, after) in progress.positions.items()})
        self._leaderships = intake.leaderships
        self._metrics.observe(READER_BATCH_SECONDS, self._name, value=time.monotonic() - started)
        self._count(batch, taken)

    def _decode(self, records: Sequence[Record]) -> _Batch:
        batch = _Batch(records, [], [])
        for record in records:
            try:
                found = decode(record.value)
            except Undecodable as why:
                batch.poison.append((record, why.reason))
                continue
            if isinstance(found, UnknownType):
                self._metrics.add(READER_RECORDS, self._name, record.topic, "unknown_type")
                continue
            batch.decoded.append(Received(record, found.envelope))
            if found.unknown_fields:
                count = len(found.unknown_fields)
                self._metrics.add(READER_UNKNOWN_FIELDS, self._name, record.topic, amount=count)
        return batch

    async def _intake(
        self, unit: Unit, decoded: Sequence[Received]
    ) -> tuple[Intake, dict[tuple[str, str], int]]:
        """Return what this reader remembers of the batch's streams, and as it was before it."""
        known = await unit.sequences(self._name, {_stream(received) for received in decoded})
        documents = {key: n for (topic, key), n in known.items() if topic == ROUTING_CONFIG.name}
        others = {at: n for at, n in known.items() if at[0] != ROUTING_CONFIG.name}
        return Intake(others, dict(self._leaderships), Revisions(documents)), known

    def _progress(
        self, records: Sequence[Record], intake: Intake, known: dict[tuple[str, str], int]
    ) -> Progress:
        after = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
        documents = {(ROUTING_CONFIG.name, key): n for key, n in intake.revisions.valid.items()}
        sequences = {**intake.sequences, **documents}
        return Progress(
            positions={tp: (self._positions[tp], offset) for tp, offset in after.items()},
            sequences={at: n for at, n in sequences.items() if known.get(at) != n},
            leaderships={
                pool: held
                for pool, held in intake.leaderships.items()
                if self._leaderships.get(pool) != held
            },
        )

    def _count(self, batch: _Batch, taken: Sequence[Received]) -> None:
        for record, _ in batch.poison:
            self._metrics.add(READER_RECORDS, self._name, record.topic, "poison")
        counted = {id(received) for received in taken}
        for received in batch.decoded:
            fate = "taken" if id(received) in counted else _passed_over(received.record.topic)
            self._metrics.add(READER_RECORDS, self._name, received.record.topic, fate)
        if taken:
            delay_s = (self._clock.now() - taken[-1].envelope.time).total_seconds()
            self._metrics.set(READER_DELAY_SECONDS, self._name, to=max(0.0, delay_s))

    async def _tell_lag(self, reader: LogReader) -> None:
        if time.monotonic() - self._lag_told < LAG_EVERY_S:
            return
        self._lag_told = time.monotonic()
        with suppress(Unavailable):
            for tp, end in (await reader.ends()).items():
                behind = max(0, end - self._positions.get(tp, end))
                self._metrics.set(READER_LAG, self._name, tp.topic, str(tp.partition), to=behind)


def _stream(received: Received) -> tuple[str, str]:
    """Return under which topic and name the number of this record is remembered."""
    topic, envelope = received.record.topic, received.envelope
    if topic == ROUTING_CONFIG.name and isinstance(envelope.data, Document):
        return topic, envelope.data.document_id
    return topic, envelope.stream


def _passed_over(topic: str) -> str:
    return "void" if topic in (ROUTED.name, ROUTING_CONFIG.name) else "duplicate"
