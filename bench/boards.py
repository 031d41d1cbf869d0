"""200 live boards on the process that projects: what they cost it, and how far they are behind.

One reporting process on a Kafka and a PostgreSQL of its own; the boards are this process. The same
number of events is projected, in turn, while nobody watches and while all boards do.
"""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.report import Report, draw
from contact_events.envelope import encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.topics import CALL_ARRIVED
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogWriter, TopicPartition
from tests.support.boards import centre
from tests.support.histories import Story
from tests.support.reporting_process import Service, reporting

BOARDS = int(os.environ.get("BENCH_BOARDS", "200"))
CALLS = int(os.environ.get("BENCH_BOARD_CALLS", "1000"))
TURNS = int(os.environ.get("BENCH_BOARD_TURNS", "2"))
LAG_S = float(os.environ.get("BENCH_BOARD_LAG_S", "15"))
AGENTS, QUEUES, PARTITIONS, BATCH = 500, 20, 4, 500
PLACE = partition_of("main", PARTITIONS)
PROJECTED_LIMIT_S = 120.0


class Day(Story):
    """A day long enough that nobody counts its records at each step."""

    def ends(self) -> dict[str, int]:
        """Return nothing: decisions here name no positions."""
        return {}

    def call(self, number: int) -> None:
        """Tell of one call that is answered and done."""
        call, agent = f"call-{number}", f"agent-{number % AGENTS}"
        self.arrives(call)
        self.queues(call, queue=f"queue-{number % QUEUES}")
        reservation = self.routes(call, agent)
        self.agent(agent, "Reserved", state="reserved", reservation=reservation, call=call)
        self.passes(0.05)
        self.answers(call, agent, reservation)
        self.agent(agent, "Talking", state="talking", reservation=reservation, call=call)
        self.connects(call, agent, reservation)
        self.disconnects(call)
        self.wraps_up(call, agent, reservation, 0.05)


class Writer:
    """Puts the day on the log."""

    def __init__(self, writer: LogWriter) -> None:
        """Write with `writer`."""
        self._writer = writer
        self.day = Day()
        self.day.now = datetime.now(UTC)
        self.ends: dict[str, int] = {}
        self._calls = 0

    def tell(self, calls: int) -> dict[str, list[Entry]]:
        """Return the records of so many more calls, and of what was told before, by topic."""
        for _ in range(calls):
            self.day.call(self._calls)
            self._calls += 1
        by_topic: dict[str, list[Entry]] = {}
        told, self.day.log = self.day.log, []
        for seen in told:
            envelope = seen.envelope
            entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
            by_topic.setdefault(seen.place.topic, []).append(entry)
        return by_topic

    async def write(self, by_topic: dict[str, list[Entry]]) -> int:
        """Append these records; return how many."""
        for topic, entries in by_topic.items():
            for start in range(0, len(entries), BATCH):
                batch = entries[start : start + BATCH]
                first = await self._writer.append(TopicPartition(topic, PLACE), batch)
                self.ends[f"{topic}/{PLACE}"] = first + len(batch)
        return sum(len(entries) for entries in by_topic.values())


class Watchers:
    """Boards that take what they are sent and do nothing with it."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self.frames = 0
        self._reading: list[asyncio.Task[None]] = []

    async def open(self, service: Service, number: int) -> None:
        """Open so many boards, each with its snapshot."""
        for _ in range(number):
            frames = service.frames()
            await anext(frames)
            self._reading.append(asyncio.create_task(self._take(frames)))

    async def _take(self, frames: AsyncIterator[bytes]) -> None:
        async for _ in frames:
            self.frames += 1

    async def close(self) -> None:
        """Close them all."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        self._reading.clear()


async def projected(service: Service, client: httpx.AsyncClient, ends: dict[str, int]) -> None:
    """Return once the tables hold all of the log."""
    async with asyncio.timeout(PROJECTED_LIMIT_S):
        while True:
            answer = await client.get(f"{service.url}/v1/position")
            position = answer.raise_for_status().json()["position"]
            if all(position.get(place, 0) >= end for place, end in ends.items()):
                return
            await asyncio.sleep(0.05)


async def rate(service: Service, writer: Writer, client: httpx.AsyncClient) -> float:
    """Return how many events a second are projected of a log that is ahead."""
    told = writer.tell(CALLS)
    begun = time.monotonic()
    events = await writer.write(told)
    await projected(service, client, writer.ends)
    return events / (time.monotonic() - begun)


async def lags(service: Service, writer: Writer) -> list[float]:
    """Return how long after its append each of many calls was on a board, in order, seconds."""
    written: dict[int, float] = {}
    found: list[float] = []
    topic = f'"{CALL_ARRIVED.name}/{PLACE}":([0-9]+)'.encode()

    async def watch() -> None:
        async for frame in service.frames():
            now = time.monotonic()
            if shown := re.search(topic, frame):
                there = [end for end in written if end <= int(shown[1])]
                found.extend(now - written.pop(end) for end in there)

    watching = asyncio.create_task(watch())
    ends = time.monotonic() + LAG_S
    number = 0
    while time.monotonic() < ends:
        number += 1
        writer.day.now = datetime.now(UTC)
        await writer.write(writer.tell(1))
        written[writer.ends[f"{CALL_ARRIVED.name}/{PLACE}"]] = time.monotonic()
        await asyncio.sleep(0.037)
    await asyncio.sleep(3)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return sorted(found)


def _told(report: Report, name: str, lag: Sequence[float]) -> None:
    report.add(f"{name}, p50", lag[len(lag) // 2] * 1_000, "ms")
    report.add(f"{name}, p99", lag[round(0.99 * (len(lag) - 1))] * 1_000, "ms")


@asynccontextmanager
async def _stage() -> AsyncIterator[tuple[Service, Writer, httpx.AsyncClient]]:
    with tempfile.TemporaryDirectory(prefix="polycentre-boards-") as name:
        async with reporting(Path(name)) as service:
            log = KafkaLog(service.kafka)
            writer = Writer(await log.writer())
            headers = {"Authorization": f"Bearer {service.token}"}
            async with httpx.AsyncClient(headers=headers, timeout=60.0) as client:
                centre(writer.day)
                writer.day.claim()
                await writer.write(writer.tell(0))
                yield service, writer, client


async def measure(report: Report) -> None:
    """Project without boards and with them, in turn; then see how far boards are behind."""
    async with _stage() as (service, writer, client):
        alone, watched = list[float](), list[float]()
        watchers = Watchers()
        await rate(service, writer, client)  # the first is slower: caches are empty
        for turn in range(TURNS):
            draw("projecting", turn, TURNS)
            alone.append(await rate(service, writer, client))
            await watchers.open(service, BOARDS)
            watched.append(await rate(service, writer, client))
            await watchers.close()
        draw("projecting", TURNS, TURNS)
        _told(report, "lag of a board, alone", await lags(service, writer))
        await watchers.open(service, BOARDS)
        begun, before, cpu_s = time.monotonic(), watchers.frames, service.cpu_s
        _told(report, f"lag of a board, {BOARDS} boards", await lags(service, writer))
        took_s = time.monotonic() - begun
        report.add("frames sent", (watchers.frames - before) / took_s, "frames/s")
        report.add("core that all of it took", 100 * (service.cpu_s - cpu_s) / took_s, "%")
        await watchers.close()
    without = sorted(alone)[len(alone) // 2]
    report.add(f"projected with {BOARDS} boards", watched, "events/s", baseline=without)
    report.note = (
        f"{CALLS} calls a turn; the baseline is the same without boards, in the same run; the "
        "service's process folds its live board all the time; lags at 27 calls a second"
    )
