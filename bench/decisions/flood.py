"""Decisions a second through real Kafka: one batch at a time, the next when it was read back."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from bench.decisions.core import QUEUES, Timed, hall
from bench.decisions.system import OFFERS, broker, entry, event_of, outbox, router
from bench.report import Report, draw
from bench.routing.floor import Floor
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogReader, Record
from deploy.local.kafka import LocalKafka
from router.codec import decision_envelope
from router.domain.decide import MOST_DECISIONS

AGENTS: Final = 20_000
CALLS: Final = 16_000
SETTLING: Final = 3 * MOST_DECISIONS
"""Not counted: with the first batch the follower folds all that stood in the log before."""

LIMIT_S: Final = 120.0
OFFER: Final = ("ce_type", b"call.routed")


async def measure(report: Report) -> None:
    """Add what the log alone takes, and what a router process decides with a crowd waiting."""
    draw("through Kafka", 0, 2)
    async with broker() as kafka:
        alone = await _log_alone(kafka)
        report.add("through Kafka, the log alone", alone, "1/s")
    draw("through Kafka", 1, 2)
    async with broker() as kafka:
        report.add("through Kafka, router process", await _crowd(kafka), "1/s", baseline=alone)
    draw("through Kafka", 2, 2)


async def _log_alone(kafka: LocalKafka) -> float:
    """Return the decisions a second where nothing is decided: they were made before."""
    batches = _made_before()
    log = KafkaLog(kafka.bootstrap)
    writer, reader = await log.writer(), await log.reader({OFFERS: 0})
    try:
        began = time.perf_counter()
        for batch in batches:
            await writer.append(OFFERS, batch)
            await _read(reader, len(batch))
        return sum(map(len, batches)) / (time.perf_counter() - began)
    finally:
        await writer.close()
        await reader.close()


def _made_before() -> list[list[Entry]]:
    made = Timed(hall(CALLS + CALLS // 4, 4))
    entries = []
    for _ in range(CALLS):
        made.comes()
        (offer,) = made.offers()
        entries.append(entry(decision_envelope(offer, made.state)))
    starts = range(0, CALLS, MOST_DECISIONS)
    return [entries[start : start + MOST_DECISIONS] for start in starts]


async def _read(reader: LogReader, count: int) -> list[Record]:
    found: list[Record] = []
    while len(found) < count:
        found += await reader.read()
    for record in found:
        event_of(record)
    return found


async def _crowd(kafka: LocalKafka) -> float:
    """Return the decisions a second of a router that finds everybody waiting and all free."""
    async with outbox(kafka) as out:
        floor = Floor(hall(AGENTS, 4), out.take)
        floor.at = datetime.now(UTC)
        floor.open()
        for number in range(CALLS):
            floor.queued(f"{number:08}", number * 7 % 4, number * 5 % QUEUES)
        await out.flush()
    async with router(kafka) as leading:
        found = await asyncio.wait_for(_offers(kafka, leading.after), LIMIT_S)
    counted = found[SETTLING:]
    return len(counted) / ((counted[-1].timestamp_ms - found[SETTLING - 1].timestamp_ms) / 1_000)


async def _offers(kafka: LocalKafka, after: int) -> list[Record]:
    """Return the records of all offers, told by their headers: decoding would take its share."""
    reader = await KafkaLog(kafka.bootstrap).reader({OFFERS: after})
    try:
        found: list[Record] = []
        while len(found) < CALLS:
            found += [one for one in await reader.read() if OFFER in one.headers]
        return found
    finally:
        await reader.close()
