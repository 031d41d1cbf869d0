"""The order of the queue and the waits told, read off the log by hand: no router code decides."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from contact_events.calls import CallQueued
from contact_events.envelope import Decoded, decode
from contact_events.partitions import partition_of
from contact_events.routing import CallRouted
from contact_events.topics import CALL_ARRIVED
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import TopicPartition
from tests.support.routed_log import POOL, RoutedLog

WAIT_ERROR_S = 0.001


@dataclass
class Stay:
    """A call's first stay in a queue: where and when it began, and where the call moved on."""

    queue_id: str | None
    offset: int
    since: datetime
    moved: int | None = None
    offers: list[int] = field(default_factory=list)


async def misplaced(bootstrap: str, routed: RoutedLog) -> list[str]:
    """Return every first offer that overtook an earlier call, or tells a wait that is not so.

    Of one queue and priority, without a fairness window, whoever was queued first is offered
    first; a wait is told from the first queueing on, whoever led by then.
    """
    stays = await _stays(bootstrap, len(await KafkaLog(bootstrap).ends([CALL_ARRIVED.name])))
    by_queue: dict[str | None, list[str]] = defaultdict(list)
    for call_id, stay in stays.items():
        by_queue[stay.queue_id].append(call_id)
    found = []
    for said in routed.said:
        event = said.event
        if not said.counts or not isinstance(event, CallRouted) or event.attempt != 1:
            continue
        stay = stays[event.call_id]
        waited_s = (event.decided_at - stay.since).total_seconds()
        if abs(waited_s - event.why.waited_s) > WAIT_ERROR_S:
            found.append(f"{said.offset}: waited {waited_s}, told {event.why.waited_s}")
        if not stay.offers:
            others = (stays[call_id] for call_id in by_queue[stay.queue_id])
            read_to = event.positions[CALL_ARRIVED.name]
            if any(_overtaken(other, stay, read_to) for other in others):
                found.append(f"{said.offset}: {event.call_id} overtook an earlier call")
        stay.offers.append(said.offset)
    return found


def _overtaken(other: Stay, offered: Stay, read_to: int) -> bool:
    waits = not other.offers and (other.moved is None or other.moved >= read_to)
    return waits and other.offset < read_to and other.since < offered.since


async def _stays(bootstrap: str, partitions: int) -> dict[str, Stay]:
    at = TopicPartition(CALL_ARRIVED.name, partition_of(POOL, partitions))
    log = KafkaLog(bootstrap)
    end = (await log.ends([at.topic]))[at]
    reader = await log.reader({at: 0})
    stays: dict[str, Stay] = {}
    read_to = 0
    try:
        while read_to < end:
            for record in await reader.read():
                read_to = record.offset + 1
                decoded = decode(record.value)
                assert isinstance(decoded, Decoded)
                event = decoded.envelope.data
                call_id = str(getattr(event, "call_id", ""))
                if isinstance(event, CallQueued) and event.attempt == 1 and call_id not in stays:
                    stays[call_id] = Stay(event.queue_id, record.offset, decoded.envelope.time)
                elif call_id in stays and decoded.envelope.sequence and not _again(event):
                    stays[call_id].moved = stays[call_id].moved or record.offset
    finally:
        await reader.close()
    return stays


def _again(event: object) -> bool:
    """Tell whether it is the queueing itself, published twice."""
    return isinstance(event, CallQueued) and event.attempt == 1
