"""From `call.queued` to the offer on the agent's socket: all five services, Kafka, PostgreSQL.

At scale 1 with 1,000 signed-in agents. Callers ring and choose; agents take, talk and hang up. A
rate is sustained when the second half of its calls is offered about as quickly as the first. The
baseline is one acknowledged append and its reading on the same Kafka, idle.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.report import Report, draw
from contact_events.calls import CallQueued
from contact_events.topics import CALL_ARRIVED, Topic
from contact_runtime.clock import clock_from_log
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, TopicPartition
from sim import agents, centre
from sim.apis import Json, many_connections
from sim.callers import Talks
from sim.main import Apis, apis_of, furnish, token_of
from sim.pace import Time, pace_of
from sim.settings import Settings
from tests.support.local_run import Place, new_place
from tests.support.raw_log import envelopes

AGENTS = int(os.environ.get("BENCH_AGENTS", "1000"))
RATES = tuple(int(rate) for rate in os.environ.get("BENCH_RATES", "5,20,30,40,50").split(","))
RATE_S = float(os.environ.get("BENCH_RATE_S", "30"))
TALK_S, WRAP_UP_S = 4.0, 1.0
GROWTH, LATE_S = 3.0, 1.0
"""A rate is not sustained if its later calls wait so many times as long, above so many seconds."""

UP_LIMIT_S = 240.0


class Always(dict[str, float]):
    """Every talk is ended by the agent, after the same time."""

    def get(self, key: str, default: float | None = None) -> float | None:  # type: ignore[override]
        """Return the length of any talk."""
        return TALK_S


@asynccontextmanager
async def system() -> AsyncIterator[Place]:
    """A whole system of its own, stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="polycentre-chain-") as folder:
        place = new_place(Path(folder))
        try:
            run = await place.run(SIM="0", SCALE="1")
            await run.until_said("Place a call", limit_s=UP_LIMIT_S)
            yield place
        finally:
            await place.end()


class Centre:
    """The agents of the run, and when each call's offer came to a socket (business time)."""

    def __init__(self, place: Place, client: httpx.AsyncClient) -> None:
        """Nobody is signed in yet."""
        said = place.settings
        self.settings = Settings(
            ivr_url=said.url("ivr"),
            router_url=said.url("router"),
            agent_state_url=said.url("agent-state"),
            reporting_url=said.url("reporting"),
            issuer_state=place.state.keys,
            agents=AGENTS,
        )
        self.apis: Apis = apis_of(self.settings, client)
        self.offered: dict[str, float] = {}
        self.signed_in: set[str] = set()

    async def open(self, place: Place) -> asyncio.Task[None]:
        """Sign every agent in; return the task that works until the shift is over."""
        clock = await clock_from_log(KafkaLog(place.addresses.kafka))

        def told(message: Json) -> None:
            if message["type"] == "offer":
                self.offered.setdefault(message["call_id"], clock.now().timestamp())
            elif message["type"] == "agent" and message["agent"]["presence"] == "Ready":
                self.signed_in.add(message["agent"]["agent_id"])

        staff = await furnish(self.apis, self.settings)
        documents = centre.agent_documents(AGENTS, self.settings.seed)
        for agent_id, document in documents.items():
            short = document | {"wrap_up_s": WRAP_UP_S}
            await self.apis.agent_state.put(f"/v1/agents/{agent_id}", short, match="*")
        self.shift = agents.Shift(
            socket_url=self.settings.agent_state_url.replace("http", "ws", 1),
            token_of=token_of(self.settings.issuer_state),
            time=Time(pace_of(clock.now().isoformat(), 1.0)),
            talks=Talks(Always()),
            seed=self.settings.seed,
            told=told,
        )
        working = asyncio.create_task(agents.work(self.shift, list(staff)))
        while len(self.signed_in) < len(staff):
            draw("agents signed in", len(self.signed_in), len(staff))
            await asyncio.sleep(0.5)
        draw("agents signed in", len(staff), len(staff))
        return working

    async def place_calls(self, rate: int) -> list[str]:
        """Place calls at this rate for `RATE_S` and return their ids in order."""
        rnd, placed = random.Random(rate), list[asyncio.Task[str]]()
        ends = time.monotonic() + RATE_S
        while time.monotonic() < ends:
            number = len(placed)
            placed.append(asyncio.create_task(self._call(rate, number)))
            await asyncio.sleep(rnd.expovariate(rate))
        return list(await asyncio.gather(*placed))

    async def _call(self, rate: int, number: int) -> str:
        project = centre.PROJECTS[number % 2]
        body: Json = {
            "ani": f"+7495{2_000_000 + rate * 10_000 + number}",
            "dnis": project.dnis,
            "entry_site": centre.SITES[number % 4].site_id,
        }
        door = self.apis.front_door
        view = await door.post("/v1/calls", body, key=f"chain-{rate}-{number}")
        call_id = str(view["call_id"])
        await door.post(f"/v1/calls/{call_id}/digits", {"digits": project.choices[0].digit})
        return call_id

    async def all_offered(self, calls: list[str], limit_s: float = 60.0) -> bool:
        """Tell whether every one of these calls was offered within the limit."""
        ends = time.monotonic() + limit_s
        while time.monotonic() < ends:
            if all(call_id in self.offered for call_id in calls):
                return True
            await asyncio.sleep(0.1)
        return False


async def bare_log_s(bootstrap: str, repetitions: int = 300) -> float:
    """Return the median time of one acknowledged append and its reading, in seconds."""
    log, at = KafkaLog(bootstrap), TopicPartition("bench-bare", 0)
    await log.ensure_topics([Topic(at.topic, "bench", "none", kept=False, retention_s=600)], 1)
    writer, reader = await log.writer(), await log.reader({at: 0})
    took = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        await writer.append(at, [Entry(b"k", b"x" * 600)])
        while not await reader.read():
            continue
        took.append(time.perf_counter() - begun)
    await writer.close()
    await reader.close()
    return statistics.median(took)


async def queued_at(place: Place) -> dict[str, float]:
    """Return when each call was queued, in business time."""
    found: dict[str, float] = {}
    async for envelope in envelopes(place.addresses.kafka, [CALL_ARRIVED.name]):
        if isinstance(envelope.data, CallQueued):
            found.setdefault(envelope.data.call_id, envelope.time.timestamp())
    return found


async def measure(report: Report) -> None:
    """Measure every rate on one system."""
    async with system() as place, many_connections() as client:
        baseline_ms = await bare_log_s(place.addresses.kafka) * 1_000
        report.add("bare log, append and read, p50", baseline_ms, "ms")
        hall = Centre(place, client)
        working = await hall.open(place)
        calls, whole = dict[int, list[str]](), dict[int, bool]()
        for done, rate in enumerate(RATES):
            draw(f"{rate} calls/s", done, len(RATES))
            calls[rate] = await hall.place_calls(rate)
            whole[rate] = await hall.all_offered(calls[rate])
            await asyncio.sleep(TALK_S + WRAP_UP_S + 5)
        draw("rates", len(RATES), len(RATES))
        queued = await queued_at(place)
        hall.shift.over.set()
        await working
    _tell(report, hall.offered, queued, calls, whole, baseline_ms)


def _tell(
    report: Report,
    offered: dict[str, float],
    queued: dict[str, float],
    calls: dict[int, list[str]],
    whole: dict[int, bool],
    baseline_ms: float,
) -> None:
    sustained = 0
    for rate, ids in calls.items():
        waits = [(offered[i] - queued[i]) * 1_000 for i in ids if i in offered and i in queued]
        if not waits:
            continue
        first, second = waits[: len(waits) // 2], waits[len(waits) // 2 :]
        ordered = sorted(waits)
        p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
        report.add(
            f"queued to offer at {rate}/s, p50",
            statistics.median(waits),
            "ms",
            baseline=baseline_ms,
        )
        report.add(f"queued to offer at {rate}/s, p99", p99, "ms", baseline=baseline_ms)
        grew = statistics.median(second) > max(GROWTH * statistics.median(first), LATE_S * 1_000)
        if whole[rate] and not grew:
            sustained = max(sustained, rate)
    report.add("sustained", float(sustained), "calls/s")
    report.note = (
        f"{AGENTS} agents, {RATE_S:g} s a rate; services, Kafka, PostgreSQL and sim on here"
    )
