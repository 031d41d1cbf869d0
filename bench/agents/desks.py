"""How many desktops one process holds, and how long thousands take to come back at once."""

import asyncio
import os
import time
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from bench.report import Report, draw
from tests.support.agent_process import Desk, Service

AGENTS = int(os.environ.get("BENCH_DESKS", "12000"))
AT_ONCE = min(AGENTS, int(os.environ.get("BENCH_BACK_AT_ONCE", "2000")))
IDLE_S = float(os.environ.get("BENCH_IDLE_S", "30"))
OPENED_AT_ONCE = 100

T = TypeVar("T")


def agent_ids() -> list[str]:
    """Return the agents of this benchmark."""
    return [f"a{number:05d}" for number in range(AGENTS)]


async def measure(report: Report, service: Service) -> None:
    """Open a desktop for every agent, let them be silent, then lose and open many at once."""
    ids = agent_ids()
    draw("agents described", 0, len(ids))
    await service.describe(ids)
    draw("agents described", len(ids), len(ids))
    empty_mb = service.memory_mb
    desks = await _opened(service, ids)
    report.add("desktops held, all agents Ready", float(len(desks)), "desktops")
    report.add("memory for each", (service.memory_mb - empty_mb) * 1_024 / len(desks), "KB")
    listening = [asyncio.create_task(_listen(desk)) for desk in desks]
    begun_s, begun = service.cpu_s, time.monotonic()
    await asyncio.sleep(IDLE_S)
    share = (service.cpu_s - begun_s) / (time.monotonic() - begun)
    report.add("heartbeats of all of them, of one core", 100 * share, "%")
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await _back_at_once(report, service, desks[:AT_ONCE])
    for desk in desks[AT_ONCE:]:
        desk.cut()


async def _opened(service: Service, ids: Sequence[str]) -> list[Desk]:
    async def begin(agent_id: str) -> Desk:
        desk = await service.desk(agent_id)
        await desk.until("snapshot")
        await desk.ask("begin", "ready")
        return desk

    found: list[Desk] = []
    for start in range(0, len(ids), OPENED_AT_ONCE):
        found += await _all(begin(agent_id) for agent_id in ids[start : start + OPENED_AT_ONCE])
        draw("desktops open", len(found), len(ids))
    return found


async def _listen(desk: Desk) -> None:
    while True:
        await desk.until("heartbeat")


async def _back_at_once(report: Report, service: Service, lost: Sequence[Desk]) -> None:
    """Lose these desktops without a word and open them again, all at the same moment."""
    for desk in lost:
        desk.cut()
    begun = time.monotonic()

    async def back(desk: Desk) -> tuple[float, Desk]:
        again = await service.desk(desk.agent_id, desk.sequence)
        first = await again.until("resumed", "snapshot")
        took_s = time.monotonic() - begun
        if first["type"] == "resumed" and first["sequence"] == desk.sequence:
            again.presence = desk.presence  # what was shown stands
        return took_s, again

    returned = await _all(back(desk) for desk in lost)
    took = sorted(took_s for took_s, _ in returned)
    wrong = [desk for _, desk in returned if desk.presence != "Ready"]
    report.add(f"{len(took)} back at once, p50", took[len(took) // 2], "s")
    report.add(f"{len(took)} back at once, p99", took[round(0.99 * (len(took) - 1))], "s")
    report.add(f"{len(took)} back at once, the last", took[-1], "s")
    report.add("of them in a wrong state", float(len(wrong)), "agents")
    for _, desk in returned:
        desk.cut()


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    return list(await asyncio.gather(*work))
