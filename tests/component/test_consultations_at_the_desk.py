"""A consultation on two desktops side by side, over sockets, on each store."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_events.answering import CallConsultRequested, CallTransferRequested
from contact_events.calls import (
    CallArrived,
    CallConnected,
    CallDiverted,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
)
from contact_events.routing import RouterEpochStarted
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store
from tests.support.wait import until


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentService]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with agent_store(url) as store, agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1", "a2")
        yield made


async def joined(service: AgentService, desk: Desktop, call_id: str, agent_id: str) -> str:
    """Have the agent take the call, join them, and return the reservation."""
    offer = service.floor.offer(call_id, agent_id)
    await service.append(offer)
    await desk.heard("offer", call_id=call_id)
    await desk.ask("accept", reservation_id=offer.reservation_id)
    connected = CallConnected(
        call_id=call_id, attempt=1, reservation_id=offer.reservation_id, agent_id=agent_id
    )
    await service.append(connected)
    await desk.heard("call", call_id=call_id, state="connected")
    return offer.reservation_id


async def asked(service: AgentService, kind: type[Any]) -> Any:
    """Return the request of this kind that stands in the log."""

    async def found() -> bool:
        return any(isinstance(fact, kind) for fact in await service.told("answered"))

    await until(f"a {kind.__name__} is published", found)
    return next(fact for fact in await service.told("answered") if isinstance(fact, kind))


async def consultation_rings(service: AgentService) -> str:
    """Carry a1's request out as ivr does: the consultation waits for a2; return its call."""
    consult_call_id = str((await asked(service, CallConsultRequested)).consult_call_id)
    await service.append(
        CallArrived(
            call_id=consult_call_id,
            channel="voice",
            direction="internal",
            dnis="",
            entry_site_id="moscow",
            parent_call_id="k1",
            asked_by_agent_id="a1",
        ),
        CallQueued(
            call_id=consult_call_id,
            attempt=1,
            agent_id="a2",
            sent_by="a1",
            reason="consult",
        ),
    )
    return consult_call_id


async def test_a_caller_is_handed_over_to_whom_the_agent_consulted(service: AgentService) -> None:
    async with service.desktop("a1") as asker, service.desktop("a2") as expert:
        await asker.ask("ready")
        await expert.ask("ready")
        await service.append(
            service.floor.arrived("k1"), CallQueued(call_id="k1", attempt=1, queue_id="q")
        )
        first = await joined(service, asker, "k1", "a1")

        reply = await asker.ask(
            "consult", reservation_id=first, agent_id="a2", note="wants a refund"
        )
        assert reply["ok"], reply
        again = await asker.ask("consult", reservation_id=first, agent_id="a2")
        assert again["error"]["code"] == "consulting"
        consult_call_id = await consultation_rings(service)
        second = await joined(service, expert, consult_call_id, "a2")
        offer = next(each for each in expert.told if each["type"] == "offer")
        assert (offer["parent_call_id"], offer["sent"]["reason"]) == ("k1", "consult")
        assert (offer["sent"]["agent_id"], offer["sent"]["note"]) == ("a1", "wants a refund")
        while not (await asker.heard("agent"))["agent"]["slots"][0]["consult"]["connected"]:
            pass  # the limit is `heard`'s

        reply = await asker.ask("complete", reservation_id=first)
        assert reply["ok"], reply
        completed = await asked(service, CallTransferRequested)
        assert (completed.call_id, completed.consult_call_id) == ("k1", consult_call_id)
        await service.append(
            CallDiverted(
                call_id=consult_call_id,
                attempt=1,
                to="parent",
                next_call_id="k1",
                reservation_id=second,
                next_attempt=1,
            ),
            CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
            CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        )
        await asker.heard("call", call_id="k1", state="ended")
        shown = await expert.heard("call", call_id="k1", state="connected")
        assert (shown["reservation_id"], shown["sent"]["agent_id"]) == (second, "a1")
