"""The desktop's protocol: versions, resuming after a gap, heartbeats, and its description."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agent_state.desktop_protocol import NAME, asyncapi
from agent_state.seats import MOST_KEPT
from contact_events.calls import CallAbandoned
from contact_events.routing import RouterEpochStarted
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store


@asynccontextmanager
async def running(keys: Path, *, heartbeat_s: float = 600.0) -> AsyncIterator[AgentService]:
    """Run the service in memory with a1 and a2, and a router that leads."""
    async with (
        agent_store(None) as store,
        agent_service(store, keys, grace_s=600.0, heartbeat_s=heartbeat_s) as service,
    ):
        await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await service.describe("a1", "a2")
        yield service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AgentService]:
    async with running(tmp_path / "keys") as made:
        yield made


async def shown(desk: Desktop) -> dict[str, Any]:
    """Return the snapshot that the socket begins with."""
    return await desk.heard("snapshot")


async def done(desk: Desktop, command: str, **fields: Any) -> int:
    """Carry out a command and return its sequence once the desktop shows that."""
    sequence = int((await desk.ask(command, **fields))["sequence"])
    if not any(m["type"] == "agent" and m["sequence"] == sequence for m in desk.told):
        await desk.heard("agent", sequence=sequence)
    return sequence


async def test_a_snapshot_says_what_time_it_is_and_how_fast_it_runs(service: AgentService) -> None:
    async with service.desktop("a1") as desk:
        snapshot = await shown(desk)
        assert snapshot["at"] == service.clock.now().isoformat().replace("+00:00", "Z")
        assert snapshot["scale"] == 1.0


async def test_a_desktop_that_comes_back_is_told_only_what_it_missed(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk:
        await shown(desk)
        await done(desk, "ready")
        last = await done(desk, "not_ready", reason="lunch")
    offer = service.floor.offer("k1", "a1")
    async with service.desktop("a1", after=last) as desk:
        resumed = await desk.heard("resumed")
        assert (resumed["after"], resumed["sequence"]) == (last, last)
        seen = await done(desk, "ready")
    async with service.desktop("a1") as other:
        await shown(other)
        await service.append(offer)
        await other.heard("offer")
        ringing = (await other.heard("agent"))["sequence"]
    async with service.desktop("a1", after=seen) as desk:
        resumed = await desk.heard("resumed")
        assert (resumed["after"], resumed["sequence"]) == (seen, ringing)
        missed = await desk.heard("offer")
        assert (missed["reservation_id"], missed["sequence"]) == (offer.reservation_id, ringing)
        assert (await desk.heard("agent"))["agent"]["status"] == "Reserved"


async def test_an_offer_that_went_while_the_line_was_broken_is_gone_on_the_desktop(
    service: AgentService,
) -> None:
    offer = service.floor.offer("k1", "a1")
    async with service.desktop("a1") as desk:
        await shown(desk)
        await desk.ask("ready")
        await service.append(offer)
        last = (await desk.heard("agent", sequence=(await desk.heard("offer"))["sequence"]))[
            "sequence"
        ]
    async with service.desktop("a1") as other:
        await shown(other)
        await service.append(CallAbandoned(call_id="k1", attempt=1))
        await other.heard("offer_gone")
    async with service.desktop("a1", after=last) as desk:
        await desk.heard("resumed")
        gone = await desk.heard("offer_gone")
        assert (gone["reservation_id"], gone["reason"]) == (offer.reservation_id, "caller_gone")


async def test_after_too_long_a_gap_everything_is_told_anew(service: AgentService) -> None:
    async with service.desktop("a1") as desk:
        await shown(desk)
        last = await done(desk, "ready")
        for turn in range(MOST_KEPT + 1):
            await done(desk, "not_ready", reason=("meeting", "training")[turn % 2])
    for after in (last, 10_000):
        async with service.desktop("a1", after=after) as desk:
            first = await desk.heard("snapshot")
            assert first["sequence"] == last + MOST_KEPT + 1
            assert desk.told[0]["type"] == "snapshot"


async def test_a_silent_line_says_that_it_is_alive_and_where_it_stands(tmp_path: Path) -> None:
    async with (
        running(tmp_path / "keys", heartbeat_s=0.2) as service,
        service.desktop("a1") as desk,
    ):
        sequence = (await shown(desk))["sequence"]
        assert (await desk.heard("heartbeat"))["sequence"] == sequence
        changed = await done(desk, "ready")
        assert (await desk.heard("heartbeat"))["sequence"] == changed


@pytest.mark.parametrize("offered", [["desktop.v2"], ["desktop.v9", "desktop.v2"]])
async def test_a_desktop_of_another_version_is_refused_and_told_which_is_spoken(
    service: AgentService, offered: list[str]
) -> None:
    token = service.token("agent", agent_id="a1")
    names = [Subprotocol(name) for name in [*offered, f"bearer.{token}"]]
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{service.url}/v1/agents/a1/socket", subprotocols=names):
            pass
    problem = json.loads(refused.value.response.body or b"")
    assert refused.value.response.status_code == 400
    assert (problem["code"], problem["speaks"]) == ("desktop-protocol-unknown", NAME)


async def test_a_desktop_that_also_speaks_a_later_version_gets_ours(service: AgentService) -> None:
    token = service.token("agent", agent_id="a1")
    names = [Subprotocol(name) for name in ("desktop.v2", NAME, f"bearer.{token}")]
    async with connect(f"ws://{service.url}/v1/agents/a1/socket", subprotocols=names) as socket:
        assert socket.subprotocol == NAME


async def test_the_protocol_s_description_is_there_for_everybody(service: AgentService) -> None:
    async with service.client("agent", agent_id="a1") as client:
        client.headers.pop("Authorization")
        answer = await client.get("/v1/desktop-protocol")
        assert answer.json() == json.loads(json.dumps(asyncapi()))
        for message in answer.json()["components"]["messages"].values():
            name = message["payload"]["$ref"].rpartition("/")[2]
            assert name in answer.json()["components"]["schemas"]


async def test_a_page_can_ask_why_its_socket_is_refused(service: AgentService) -> None:
    async def answer(name: str, role: str, **claims: str) -> int:
        async with service.client(role, **claims) as client:
            return (await client.get(f"/v1/agents/{name}/socket")).status_code

    assert await answer("a1", "agent", agent_id="a1") == 204
    assert await answer("a2", "agent", agent_id="a1") == 404
    assert await answer("a9", "agent", agent_id="a9") == 404
    assert await answer("a1", "supervisor") == 403
    async with service.client("agent", agent_id="a1") as client:
        client.headers["Authorization"] = "Bearer nothing"
        assert (await client.get("/v1/agents/a1/socket")).status_code == 401


async def test_the_desktop_says_who_the_agent_is_and_since_when(service: AgentService) -> None:
    async with service.desktop("a1") as desk:
        assert (await shown(desk))["agent"]["name"] == {"ru": "a1", "en": "a1"}
        service.clock.advance(60)
        await done(desk, "ready")
        ready = [told for told in desk.told if told["type"] == "agent"][-1]["agent"]
        at = service.clock.now().isoformat().replace("+00:00", "Z")
        assert (ready["status"], ready["presence_since"]) == ("Ready", at)
