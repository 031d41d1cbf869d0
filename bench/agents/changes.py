"""Changes of state a second, and how long one takes from the command to the event on Kafka."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable

from agent_state.commands import Order, needs, obey
from agent_state.domain.answers import Answer
from agent_state.domain.commands import AgentCommand, BecomeNotReady, BecomeReady
from bench.agents.desks import everybody
from bench.report import Report, draw
from contact_events.envelope import Decoded, decode
from contact_events.partitions import partition_of
from contact_events.topics import AGENT_STATE
from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import SystemClock
from contact_runtime.errors import Transient
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import TopicPartition
from contact_runtime.rows import Unit
from contact_runtime.store import SqlStore
from tests.support.agent_process import Desk, Service

Submit = Callable[[Order], Awaitable[Answer]]

SPAN_S = float(os.environ.get("BENCH_SPAN_S", "15"))
WORKERS = 200
RATES = (100, 500)
PARTITIONS = 4


async def through_the_process(report: Report, service: Service) -> None:
    """Have desktops change their status at a few rates and read what comes of it on Kafka."""
    workers = everybody()[:WORKERS]
    desks = list(await asyncio.gather(*(service.desk(agent_id) for agent_id in workers)))
    for desk in desks:
        await desk.until("snapshot")
        await desk.ask("begin", "ready")
    log = KafkaLog(service.kafka)
    for rate in RATES:
        draw("rates of changes", RATES.index(rate), len(RATES))
        sent, seen = dict[str, float](), dict[str, float]()
        reading = asyncio.create_task(_read(log, seen))
        await asyncio.sleep(1.0)  # the reader stands at the end of the topic
        await _at_rate(desks, rate, sent)
        await asyncio.sleep(2.0)
        reading.cancel()
        took = sorted((seen[name] - at) * 1_000 for name, at in sent.items() if name in seen)
        report.add(f"command to Kafka at {rate}/s, p50", statistics.median(took), "ms")
        report.add(f"command to Kafka at {rate}/s, p99", took[round(0.99 * (len(took) - 1))], "ms")
        report.add(f"not on Kafka after 2 s at {rate}/s", float(len(sent) - len(took)), "events")
    draw("rates of changes", len(RATES), len(RATES))
    for desk in desks:
        desk.cut()


async def _at_rate(desks: list[Desk], rate: int, sent: dict[str, float]) -> None:
    listening = [asyncio.create_task(_drain(desk)) for desk in desks]
    begun, number = time.monotonic(), 0
    while (due := begun + number / rate) < begun + SPAN_S:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        command_id, turn = f"r{rate}.{number}", number // len(desks)
        sent[command_id] = time.monotonic()
        ready = turn % 2 == 1
        command, fields = ("ready", {}) if ready else ("not_ready", {"reason": "meeting"})
        await desks[number % len(desks)].say(command_id, command, **fields)
        number += 1
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


async def _drain(desk: Desk) -> None:
    while True:
        await desk.until("reply")


async def _read(log: KafkaLog, seen: dict[str, float]) -> None:
    """Note when the event of each command is read."""
    at = TopicPartition(AGENT_STATE.name, partition_of("main", PARTITIONS))
    reader = await log.reader({at: (await log.ends([AGENT_STATE.name]))[at]})
    try:
        while True:
            for record in await reader.read():
                found = decode(record.value)
                if isinstance(found, Decoded) and found.envelope.causationid:
                    seen[found.envelope.causationid.removeprefix("command:")] = time.monotonic()
    finally:
        await reader.close()


async def grouped_and_alone(report: Report, store: SqlStore) -> None:
    """Commit changes on the same database: many commands a transaction, and each in its own."""
    clock = SystemClock()

    async def obey_now(unit: Unit, order: Order) -> Answer:
        return await obey(unit, order, clock.now())

    async def alone(order: Order) -> Answer:
        while True:
            try:
                async with store.unit() as unit:
                    return await obey_now(unit, order)
            except Transient:
                await asyncio.sleep(0.01)

    grouped: CommandBatcher[Order, Answer] = CommandBatcher(store, obey_now, needs=needs)
    try:
        baseline = await _committed(alone)
        rate = await _committed(grouped.submit)
    finally:
        await grouped.close()
    report.add("changes committed, one transaction each", baseline, "/s")
    report.add("changes committed, grouped", rate, "/s", baseline=baseline)


async def _committed(submit: Submit) -> float:
    """Return how many changes a second `WORKERS` agents get committed who never wait."""
    ends, done = time.monotonic() + SPAN_S, 0

    async def work(agent_id: str) -> None:
        nonlocal done
        turn = 0
        while time.monotonic() < ends:
            command: AgentCommand = BecomeNotReady(reason="meeting") if turn % 2 else BecomeReady()
            await submit(Order(agent_id, command))
            turn += 1
            done += 1

    begun = time.monotonic()
    await asyncio.gather(*(work(agent_id) for agent_id in everybody()[:WORKERS]))
    return done / (time.monotonic() - begun)
