"""How many desktops one process holds, and how long thousands take to come back at once."""

import asyncio
import os
import resource
import time
from collections.abc import Sequence

from agent_state.commands import Order, needs, obey
from agent_state.domain.agent import Profile
from agent_state.domain.answers import Answer
from agent_state.domain.commands import BecomeReady, SetProfile
from bench.report import Report, draw
from contact_events.calls import Text
from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import SystemClock
from contact_runtime.rows import Unit
from contact_runtime.store import SqlStore
from tests.support.agent_process import Service
from tests.support.crowd import Crowd, agent_ids, crowd

AGENTS = int(os.environ.get("BENCH_DESKS", "12000"))
AT_ONCE = min(AGENTS, int(os.environ.get("BENCH_BACK_AT_ONCE", "2000")))
IDLE_S = float(os.environ.get("BENCH_IDLE_S", "30"))
SETTLED_S = 15.0
"""Longer than the grace that a process which starts gives to whom others hold."""


def everybody() -> list[str]:
    """Return the agents of this benchmark."""
    return agent_ids(0, AGENTS)


async def measure(report: Report, service: Service, store: SqlStore) -> None:
    """Open a desktop for every agent, let them be silent, then lose and open many at once."""
    _many_files()
    half, steps = AT_ONCE // 2, 4
    draw("desktops", 0, steps)
    await _described(store)
    draw("desktops", 1, steps)
    async with (
        crowd(service.token, service.port, 0, half) as here,
        crowd(service.token, service.port, half, AT_ONCE - half) as there,
        crowd(service.token, service.port, AT_ONCE, AGENTS - AT_ONCE) as others,
    ):
        await _held(report, service, [here, there, others])
        draw("desktops", 2, steps)
        await _back(report, [(here, service), (there, service)], "one process")
        draw("desktops", 3, steps)
        second = service.another()
        try:
            await second.start()
            await asyncio.sleep(SETTLED_S)
            await _back(report, [(here, service), (there, second)], "two processes")
        finally:
            await second.stop()
    draw("desktops", steps, steps)


def _many_files() -> None:
    """Let this process's children open as many sockets as the system lets anybody."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _described(store: SqlStore) -> None:
    """Let there be these agents, and let them be Ready."""
    clock = SystemClock()

    async def obey_now(unit: Unit, order: Order) -> Answer:
        return await obey(unit, order, clock.now())

    orders: CommandBatcher[Order, Answer] = CommandBatcher(store, obey_now, needs=needs)
    for command in (None, BecomeReady()):
        await asyncio.gather(
            *(
                orders.submit(Order(agent_id, command or _profile(agent_id)))
                for agent_id in everybody()
            )
        )
    await orders.close()


def _profile(agent_id: str) -> SetProfile:
    name = Text(ru=agent_id, en=agent_id)
    return SetProfile(profile=Profile(name=name, site_id="moscow"))


async def _held(report: Report, service: Service, crowds: Sequence[Crowd]) -> None:
    empty_mb, empty_s = service.memory_mb, service.cpu_s
    told = await asyncio.gather(*(desks.order("open") for desks in crowds))
    count = sum(one["open"] for one in told)
    report.add("desktops held by one process, all agents Ready", float(count), "desktops")
    report.add("its CPU to open one of them", 1_000 * (service.cpu_s - empty_s) / count, "ms")
    report.add("its memory for each", (service.memory_mb - empty_mb) * 1_024 / count, "KB")
    begun_s, begun = service.cpu_s, time.monotonic()
    await asyncio.gather(*(desks.order("hold", IDLE_S) for desks in crowds))
    share = (service.cpu_s - begun_s) / (time.monotonic() - begun)
    report.add("heartbeats of all of them, of one core", 100 * share, "%")


async def _back(report: Report, parts: Sequence[tuple[Crowd, Service]], who: str) -> None:
    """Lose all these desktops without a word and open them again, at the same moment."""
    services = {service.port: service for _, service in parts}.values()
    begun_s = sum(service.cpu_s for service in services)
    told = await asyncio.gather(*(desks.order("back", service.port) for desks, service in parts))
    spent_s = sum(service.cpu_s for service in services) - begun_s
    took = sorted(took_s for one in told for took_s in one["took"])
    count = len(took)
    report.add(f"{count} back at once to {who}, p50", took[count // 2], "s")
    report.add(f"{count} back at once to {who}, p99", took[round(0.99 * (count - 1))], "s")
    report.add(f"{count} back at once to {who}, the last", took[-1], "s")
    report.add(f"CPU of {who} for each", 1_000 * spent_s / count, "ms")
    theirs_s = sum(one["cpu_s"] for one in told)
    report.add(f"CPU of the desktops' processes for each ({who})", 1_000 * theirs_s / count, "ms")
    wrong = float(sum(one["wrong"] for one in told))
    report.add(f"of them in a wrong state ({who})", wrong, "agents")
