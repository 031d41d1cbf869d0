"""From a queued call on the log to its decision there, readable, at a steady rate of calls."""

import asyncio
import os
import random
import statistics
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from bench.chain import bare_log_s
from bench.decisions.core import QUEUES, hall
from bench.decisions.system import OFFERS, Outbox, broker, event_of, outbox, router
from bench.report import Report, draw
from bench.routing.floor import Floor
from contact_events.routing import CallRouted
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import LogReader
from deploy.local.kafka import LocalKafka

AGENTS: Final = 4_000
RATES: Final = tuple(int(rate) for rate in os.environ.get("BENCH_RATES", "100,1000").split(","))
TALK_S: Final = 1.0
WARM_UP_S: Final = 3.0
RATE_S: Final = float(os.environ.get("BENCH_RATE_S", "20"))
LIMIT_S: Final = 30.0


async def measure(report: Report) -> None:
    """Add the figures of every rate, each on a system of its own."""
    for done, rate in enumerate(RATES):
        draw("rates of queued calls", done, len(RATES))
        async with broker() as kafka:
            bare_ms = 1_000 * await bare_log_s(kafka.bootstrap)
            took_s, cpu_s = await _at(kafka, rate)
        took_ms = sorted(1_000 * one for one in took_s)
        name = f"queued to readable decision at {rate:,}/s"
        report.add(f"{name}, p50", statistics.median(took_ms), "ms", baseline=bare_ms)
        report.add(f"{name}, p99", took_ms[int(0.99 * len(took_ms))], "ms", baseline=bare_ms)
        report.add(f"{name}, CPU of the router", 1e6 * cpu_s, "µs")
    draw("rates of queued calls", len(RATES), len(RATES))


async def _at(kafka: LocalKafka, rate: int) -> tuple[list[float], float]:
    """Return the seconds of every call that came after the warm-up, and the router's CPU of one."""
    async with outbox(kafka) as out:
        day = Day(out)
        day.floor.open()
        await out.flush()
        async with router(kafka) as leading:
            reader = await KafkaLog(kafka.bootstrap).reader({OFFERS: leading.after})
            tasks = [asyncio.create_task(part) for part in (day.write(), day.read(reader))]
            try:
                before_s = leading.cpu_s()
                took_s = await day.play(rate)
                return took_s, (leading.cpu_s() - before_s) / day.decided
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await reader.close()


class Day:
    """Callers who come, are answered as soon as they are offered, and talk for a second."""

    def __init__(self, out: Outbox) -> None:
        """Nobody is there yet."""
        self.floor = Floor(hall(AGENTS, 4), out.take)
        self.floor.at = datetime.now(UTC)
        self._out = out
        self._unsent: list[str] = []
        self._sent: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._read = asyncio.Event()

    @property
    def decided(self) -> int:
        """Return how many calls were offered."""
        return len(self._took)

    async def play(self, rate: int) -> list[float]:
        """Let calls come; return the seconds from the start of their append to the reading.

        A call that was not decided in `LIMIT_S` after the last one came counts as so long.
        """
        chance = random.Random(rate)
        began = at = time.perf_counter()
        number, warm = 0, 0
        while at < began + WARM_UP_S + RATE_S:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            self._comes(number)
            number += 1
            warm = number if at < began + WARM_UP_S else warm
            at += chance.expovariate(rate)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all(number), LIMIT_S)
        return [self._took.get(f"{one:08}", LIMIT_S) for one in range(warm, number)]

    async def _all(self, number: int) -> None:
        while len(self._took) < number:
            self._read.clear()
            await self._read.wait()

    async def write(self) -> None:
        """Append what is said, as soon as the append before is done."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = time.perf_counter()
            self._sent.update((call_id, now) for call_id in self._unsent)
            self._unsent.clear()
            await self._out.flush()

    async def read(self, reader: LogReader) -> None:
        """Take every offer."""
        while True:
            records = await reader.read()
            now = time.perf_counter()
            for record in records:
                offer = event_of(record)
                if isinstance(offer, CallRouted):
                    self._took[offer.call_id] = now - self._sent[offer.call_id]
                    self._answered(offer)
            self._read.set()

    def _comes(self, number: int) -> None:
        call_id = f"{number:08}"
        self.floor.at = datetime.now(UTC)
        self.floor.queued(call_id, number * 7 % 4, number * 5 % QUEUES)
        self._unsent.append(call_id)
        self._wake.set()

    def _answered(self, offer: CallRouted) -> None:
        self.floor.at = datetime.now(UTC)
        self.floor.answered(offer)
        self._wake.set()
        asyncio.get_running_loop().call_later(TALK_S, self._ended, offer)

    def _ended(self, offer: CallRouted) -> None:
        self.floor.at = datetime.now(UTC)
        self.floor.ended(offer)
        self._wake.set()
