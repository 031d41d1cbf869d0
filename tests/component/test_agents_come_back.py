"""A site is lost and comes back: hundreds of desktops at once, and not one wrong state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from agent_state.commands import Order
from agent_state.domain.agent import Talking
from agent_state.domain.commands import AcceptOffer, BecomeNotReady, BecomeReady
from agent_state.tables import AGENT
from contact_events.agents import AgentChanged
from contact_events.calls import CallConnected
from contact_events.routing import RouterEpochStarted
from contact_runtime.memory_log import MemoryLog
from contact_runtime.rows import Store
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store
from tests.support.wait import until

AGENTS = 60
GRACE_S = 20.0
"""Machine seconds: on a slow machine, too, all come back within it."""

KINDS = ("ready", "lunch", "ringing", "talking")


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    async with agent_store(postgres_url) as made:
        yield made


def agent_ids() -> list[str]:
    return [f"a{number:03d}" for number in range(AGENTS)]


async def staffed(service: AgentService, stack: AsyncExitStack) -> dict[str, Desktop]:
    """Open a desktop for each agent: ready, at lunch, ringing and talking ones in turn."""
    await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
    await service.describe(*agent_ids())
    desks = {a: await stack.enter_async_context(service.desktop(a)) for a in agent_ids()}
    for number, agent_id in enumerate(agent_ids()):
        await service.submit(Order(agent_id, BecomeReady()))
        match KINDS[number % len(KINDS)]:
            case "lunch":
                await service.submit(Order(agent_id, BecomeNotReady(reason="lunch")))
            case "ringing" | "talking":
                await service.append(service.floor.offer(f"k{number}", agent_id))

    async def all_ring() -> bool:
        agents = await service.store.scan(AGENT)
        return sum(a.slots[0].last is not None for a in agents.values()) == AGENTS // 2

    await until("every offer to ring", all_ring, limit_s=60.0)
    for number, agent_id in enumerate(agent_ids()):
        if KINDS[number % len(KINDS)] == "talking":
            filling = (await service.store.peek(AGENT, agent_id)).slots[0].filling
            reservation = str(getattr(filling, "reservation_id", ""))
            await service.submit(Order(agent_id, AcceptOffer(reservation_id=reservation)))
            joined = CallConnected(
                call_id=f"k{number}", attempt=1, reservation_id=reservation, agent_id=agent_id
            )
            await service.append(joined)

    async def all_talk() -> bool:
        agents = await service.store.scan(AGENT)
        fillings = [agent.slots[0].filling for agent in agents.values()]
        return sum(isinstance(f, Talking) and f.connected for f in fillings) == AGENTS // 4

    await until("every talk to be joined", all_talk, limit_s=60.0)
    return desks


async def states(store: Store) -> dict[str, tuple[Any, Any]]:
    """Return what each agent is: presence and slots."""
    return {key: (a.presence, a.slots) for key, a in (await store.scan(AGENT)).items()}


async def all_come_back(service: AgentService, stack: AsyncExitStack) -> None:
    """Open every desktop again at the same moment and compare what each shows with its row."""

    async def back(agent_id: str) -> dict[str, Any]:
        desk = await stack.enter_async_context(service.desktop(agent_id))
        return await desk.heard("snapshot")

    shown = await asyncio.gather(*(back(agent_id) for agent_id in agent_ids()))
    for number, snapshot in enumerate(shown):
        agent = snapshot["agent"]
        expected = {
            "ready": ("Ready", "Ready"),
            "lunch": ("NotReady", "NotReady"),
            "ringing": ("Ready", "Reserved"),
            "talking": ("Ready", "Talking"),
        }[KINDS[number % len(KINDS)]]
        assert (agent["presence"], agent["status"]) == expected, agent


async def everyone_sits(service: AgentService) -> None:
    """Wait until the rows say that every desk is taken by the process that runs now."""

    async def seated() -> bool:
        agents = (await service.store.scan(AGENT)).values()
        places = {a.desk.place for a in agents}
        return len(places) == 1 and None not in places and not any(a.desk.left for a in agents)

    await until("every desk to be taken", seated, limit_s=60.0)


async def test_lines_that_break_all_at_once_change_nobody(store: Store, tmp_path: Path) -> None:
    async with (
        agent_service(store, tmp_path / "keys", grace_s=GRACE_S) as service,
        AsyncExitStack() as stack,
    ):
        desks = await staffed(service, stack)
        before = await states(store)
        for desk in desks.values():
            desk.socket.transport.abort()
        await all_come_back(service, stack)
        await everyone_sits(service)
        assert await states(store) == before


async def test_a_process_that_dies_with_all_sockets_changes_nobody(
    store: Store, tmp_path: Path
) -> None:
    log = MemoryLog()
    keys = tmp_path / "keys"
    async with AsyncExitStack() as stack:
        async with agent_service(store, keys, log=log, grace_s=GRACE_S) as service:
            async with AsyncExitStack() as first:
                await staffed(service, first)
            before = await states(store)
        async with agent_service(store, keys, log=log, grace_s=GRACE_S) as after:
            await all_come_back(after, stack)
            await everyone_sits(after)
            assert await states(store) == before
            told = await after.told("agent-state")
            offline = [e for e in told if isinstance(e, AgentChanged) and e.presence == "Offline"]
            assert {e.cause for e in offline} <= {"profile"}
