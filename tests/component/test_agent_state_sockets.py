"""The desktop's socket: what it is shown, what it asks, and what happens when it is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from agent_state.commands import Order
from agent_state.domain.commands import BecomeReady, SetProfile
from agent_state.main import parts
from agent_state.tables import AGENT, CALL_MEMO
from contact_events.answering import CallAnswered, CallRejected
from contact_events.calls import CallAbandoned, CallConnected, CallDisconnected
from contact_events.routing import CallRouted, RouterEpochStarted
from contact_runtime.clock import StoppedClock
from contact_runtime.http.auth import Auth
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from tests.support.agent_floor import RING_S, START, profile
from tests.support.agent_service import (
    AgentService,
    Desktop,
    agent_service,
    agent_store,
    application,
)
from tests.support.wait import until


@asynccontextmanager
async def running(url: str | None, keys: Path, grace_s: float = 0.3) -> AsyncIterator[AgentService]:
    """Run the service with a1 and a2, and a router that leads."""
    async with agent_store(url) as store, agent_service(store, keys, grace_s=grace_s) as service:
        await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await service.describe("a1", "a2")
        yield service


@pytest.fixture(params=["memory", "postgres"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentService]:
    """The service, once in memory and once on real PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with running(url, tmp_path / "keys") as made:
        yield made


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[AgentService]:
    """The service in memory, for what no database changes."""
    async with running(None, tmp_path / "keys") as made:
        yield made


async def offered(service: AgentService, desk: Desktop, call_id: str = "k1") -> CallRouted:
    """Let the router offer the call to a1 and return the offer once the desktop shows it."""
    offer = service.floor.offer(call_id, "a1")
    await service.append(offer)
    shown = await desk.heard("offer", reservation_id=offer.reservation_id)
    assert shown["call_id"] == call_id
    return offer


async def presence(service: AgentService, agent_id: str) -> tuple[str, str | None]:
    agent = await service.store.peek(AGENT, agent_id)
    return str(agent.presence.__struct_config__.tag), agent.presence.reason


async def test_a_call_from_offer_to_wrap_up_on_the_desktop(service: AgentService) -> None:
    async with service.desktop("a1") as desk:
        snapshot = await desk.heard("snapshot")
        assert snapshot["agent"]["presence"] == "Offline"
        assert (await desk.ask("sign_in"))["ok"]
        assert (await desk.ask("ready"))["ok"]
        await service.append(service.floor.arrived("k1"))
        offer = service.floor.offer("k1", "a1")
        await until("k1 is known", lambda: knows_call(service, "k1"))
        await service.append(offer)
        shown = await desk.heard("offer")
        assert (shown["client"], shown["client_name"], shown["queue"]) == (
            "acme",
            "Acme",
            "acme-sales",
        )
        assert shown["greeting"] == {"ru": "Акме, здравствуйте", "en": "Acme, hello"}
        changed = await desk.heard("agent")
        assert changed["sequence"] > snapshot["sequence"]
        assert changed["agent"]["status"] == "Reserved"
        assert (await desk.ask("accept", reservation_id=offer.reservation_id))["ok"]
        await service.append(joined(offer))
        await desk.heard("call", state="connected", call_id="k1")
        for command, status in [("hold", "Hold"), ("resume", "Talking")]:
            assert (await desk.ask(command, reservation_id=offer.reservation_id))["ok"]
            assert await status_of(service) == status
        assert (await desk.ask("release", reservation_id=offer.reservation_id))["ok"]
        await service.append(CallDisconnected(call_id="k1", attempt=1, by="agent"))
        await desk.heard("call", state="ended", call_id="k1")
        assert (await desk.ask("wrap_up", reservation_id=offer.reservation_id))["ok"]
        assert await status_of(service) == "Ready"
        answered = await until("published", lambda: outcomes(service))
        assert [type(event) for event in answered[:1]] == [CallAnswered]


async def outcomes(service: AgentService) -> list[Any]:
    return await service.told("answered")


async def knows_call(service: AgentService, call_id: str) -> bool:
    return (await service.store.peek(CALL_MEMO, call_id)).card is not None


async def status_of(service: AgentService) -> str:
    async with service.client("supervisor") as reader:
        return str((await reader.get("/v1/agents/a1")).json()["state"]["status"])


def joined(offer: CallRouted) -> CallConnected:
    return CallConnected(
        call_id=offer.call_id, attempt=1, reservation_id=offer.reservation_id, agent_id="a1"
    )


async def test_the_card_follows_when_the_call_is_read_after_its_offer(
    quick: AgentService,
) -> None:
    async with quick.desktop("a1") as desk:
        await desk.ask("ready")
        offer = await offered(quick, desk)
        assert desk.told[-1]["client_name"] == ""
        await quick.append(quick.floor.arrived("k1"))
        shown = await desk.heard("offer", reservation_id=offer.reservation_id)
        assert shown["client_name"] == "Acme"


async def test_two_tabs_show_the_same_and_one_acceptance_wins(service: AgentService) -> None:
    async with service.desktop("a1") as first, service.desktop("a1") as second:
        await first.ask("ready")
        offer = service.floor.offer("k1", "a1")
        await service.append(offer)
        for tab in (first, second):
            await tab.heard("offer", reservation_id=offer.reservation_id)
        replies = await asyncio.gather(
            *(tab.ask("accept", reservation_id=offer.reservation_id) for tab in (first, second))
        )
        assert sorted(reply["ok"] for reply in replies) == [False, True]
        (refused,) = [reply["error"] for reply in replies if not reply["ok"]]
        assert (refused["status"], refused["code"]) == (409, "offer-gone")
        assert refused["outcome"] == "answered"
        for tab in (first, second):
            while not any(m.get("agent", {}).get("status") == "Talking" for m in tab.told):
                await tab.heard("agent")
        states = [[m for m in tab.told if m["type"] == "agent"][-1] for tab in (first, second)]
        assert states[0] == states[1]


async def test_a_late_tab_is_shown_what_rings(quick: AgentService) -> None:
    async with quick.desktop("a1") as first:
        await first.ask("ready")
        offer = await offered(quick, first)
        async with quick.desktop("a1") as second:
            snapshot = await second.heard("snapshot")
            assert snapshot["agent"]["status"] == "Reserved"
            await second.heard("offer", reservation_id=offer.reservation_id)


async def test_an_offer_that_rings_out_goes_from_the_desktop_with_its_reason(
    quick: AgentService,
) -> None:
    async with quick.desktop("a1") as desk:
        await desk.ask("ready")
        offer = await offered(quick, desk)
        quick.clock.advance(RING_S)
        gone = await desk.heard("offer_gone", reservation_id=offer.reservation_id)
        assert gone["reason"] == "rang_out"
        assert await presence(quick, "a1") == ("NotReady", "rona")
        late = await desk.ask("accept", reservation_id=offer.reservation_id)
        assert (late["error"]["status"], late["error"]["outcome"]) == (409, "rang_out")


@pytest.mark.parametrize("other", ["the caller hangs up", "the router rescinds", "it rings out"])
async def test_when_accepting_meets_something_else_one_wins_and_the_loser_learns_the_truth(
    service: AgentService, other: str
) -> None:
    async with service.desktop("a1") as desk:
        await desk.ask("ready")
        offer = await offered(service, desk)

        async def meanwhile() -> None:
            if other == "the caller hangs up":
                await service.append(CallAbandoned(call_id="k1", attempt=1))
            elif other == "the router rescinds":
                await service.append(service.floor.rescission(offer))
            else:
                service.clock.advance(RING_S)

        reply, _ = await asyncio.gather(
            desk.ask("accept", reservation_id=offer.reservation_id), meanwhile()
        )
        told = await until("the outcome", lambda: outcomes(service))
        assert len(told) == 1
        assert reply["ok"] == isinstance(told[0], CallAnswered)
        if not reply["ok"]:
            reason = told[0].reason if isinstance(told[0], CallRejected) else "rang_out"
            assert (reply["error"]["status"], reply["error"]["outcome"]) == (409, reason)


async def test_the_same_command_id_gets_the_same_reply_and_has_no_second_effect(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk:
        first = await desk.ask("ready", command_id="c1")
        await desk.ask("not_ready", reason="lunch")
        assert await desk.ask("ready", command_id="c1") == first
        assert await presence(service, "a1") == ("NotReady", "lunch")
        reused = await desk.ask("sign_out", command_id="c1")
        assert (reused["error"]["status"], reused["error"]["code"]) == (422, "command-id-reused")


@pytest.mark.parametrize(
    ("said", "code", "command_id"),
    [
        ("not json", "invalid-request", None),
        ('{"command_id": "c1", "command": "dance"}', "invalid-request", "c1"),
        ('{"command_id": "c1", "command": "ready", "colour": "red"}', "invalid-request", "c1"),
        ('{"command_id": "c1", "command": "accept"}', "invalid-request", "c1"),
        ('{"command_id": "c1", "command": "accept", "reservation_id": "R9"}', "offer-gone", "c1"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_the_socket_stays(
    quick: AgentService, said: str, code: str, command_id: str | None
) -> None:
    async with quick.desktop("a1") as desk:
        await desk.socket.send(said)
        reply = await desk.heard("reply")
        assert (reply["error"]["code"], reply["command_id"]) == (code, command_id)
        assert (await desk.ask("ready"))["ok"]


async def test_after_the_last_socket_the_agent_has_the_grace_and_is_then_signed_out(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk:
        await desk.ask("ready")
        await offered(service, desk)
    await until("signed out", lambda: is_offline(service))
    assert await presence(service, "a1") == ("Offline", "connection_lost")
    told = await until("the outcome", lambda: outcomes(service))
    assert [event.reason for event in told] == ["not_ready"]


async def is_offline(service: AgentService) -> bool:
    return (await presence(service, "a1"))[0] == "Offline"


async def test_who_comes_back_within_the_grace_was_never_away(tmp_path: Path) -> None:
    async with running(None, tmp_path / "keys", grace_s=3.0) as service:
        async with service.desktop("a1") as desk:
            await desk.ask("ready")
        async with service.desktop("a1") as desk:
            await asyncio.sleep(3.5)  # longer than the grace of the socket that closed
            assert await presence(service, "a1") == ("Ready", None)
            snapshot = await desk.heard("snapshot")
            assert snapshot["agent"]["presence"] == "Ready"


async def test_who_comes_back_at_once_is_written_nowhere(tmp_path: Path) -> None:
    async with agent_store(None) as store, agent_service(store, tmp_path, grace_s=60.0) as service:
        await service.describe("a1")
        async with service.desktop("a1") as desk:
            await desk.ask("ready")
            await until("the desk", lambda: sit_somewhere(service))
        with store.watch(AGENT, "a1") as row:
            async with service.desktop("a1") as desk:
                await desk.heard("snapshot")
                assert await row.next(0.3) is None


async def test_a_heartbeat_finds_a_socket_that_died_without_a_word(tmp_path: Path) -> None:
    keys, clock = tmp_path / "keys", StoppedClock(START)
    async with agent_store(None) as store:
        token = mint(keys, "agent", agent_id="a1")
        context = parts(store, clock, Metrics(), grace_s=0.1)
        await context.submit(Order("a1", SetProfile(profile=profile())))
        await context.submit(Order("a1", BecomeReady()))
        auth = Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE)
        app = application(context, auth, Metrics())
        async with listening(app, ws_ping_interval=0.2, ws_ping_timeout=0.2) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"GET /v1/agents/a1/socket HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            assert b" 101 " in await reader.readline()  # and not a word more from this side

            async def gone() -> bool:
                return (await store.peek(AGENT, "a1")).presence.reason == "connection_lost"

            await until("signed out", gone)
            writer.close()
        context.sockets.close()


@asynccontextmanager
async def listening(app: Any, **settings: Any) -> AsyncIterator[int]:
    """Serve `app` with these settings of the server and return its port."""
    config = uvicorn.Config(app, port=0, ws="websockets-sansio", log_config=None, **settings)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until("the server", lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def test_one_tab_that_closes_signs_nobody_out(quick: AgentService) -> None:
    async with quick.desktop("a1") as stays:
        async with quick.desktop("a1") as goes:
            await goes.ask("ready")
        await asyncio.sleep(0.5)
        assert await presence(quick, "a1") == ("Ready", None)
        await offered(quick, stays)


async def test_an_agent_without_any_socket_is_never_signed_out(quick: AgentService) -> None:
    async with quick.client("integrator") as integrator:
        body = {"command_id": "c1", "command": "ready"}
        assert (await integrator.post("/v1/agents/a1/commands", json=body)).status_code == 200
    await asyncio.sleep(0.5)
    assert await presence(quick, "a1") == ("Ready", None)


async def test_another_agent_s_socket_is_as_if_it_did_not_exist(quick: AgentService) -> None:
    token = quick.token("agent", agent_id="a2")
    for agent_id, role_token in [("a1", token), ("nobody", quick.token("integrator"))]:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                f"ws://{quick.url}/v1/agents/{agent_id}/socket",
                additional_headers={"Authorization": f"Bearer {role_token}"},
            ):
                pass
        assert refused.value.response.status_code == 404


async def test_a_browser_brings_its_token_as_a_subprotocol(quick: AgentService) -> None:
    token = quick.token("agent", agent_id="a1")
    url = f"ws://{quick.url}/v1/agents/a1/socket"
    names = [Subprotocol("polycentre"), Subprotocol(f"bearer.{token}")]
    async with connect(url, subprotocols=names) as socket:
        assert socket.subprotocol == "polycentre"
        await Desktop(socket).heard("snapshot")


async def test_a_socket_ends_with_its_token(quick: AgentService) -> None:
    token = quick.token("agent", agent_id="a1", hours=1.0 / 3600)
    url = f"ws://{quick.url}/v1/agents/a1/socket"
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        desk = Desktop(socket)
        with pytest.raises(ConnectionClosed):
            await desk.heard("never")
        assert socket.close_code == 4401


async def test_a_process_that_starts_leaves_agents_alone_whose_sockets_another_holds(
    postgres_url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    async with AsyncExitStack() as open_now:
        store = await open_now.enter_async_context(agent_store(postgres_url))
        first = await open_now.enter_async_context(agent_service(store, keys, grace_s=30.0))
        await first.describe("a1", "a2")
        desks = [await open_now.enter_async_context(first.desktop(a)) for a in ("a1", "a2")]
        for desk in desks:
            await desk.ask("ready")
        await until("desks", lambda: sit_somewhere(first))
        # a2 comes to a second process; a1's socket is still at the first, which hears of it
        other = await open_now.enter_async_context(agent_store(postgres_url))
        second = await open_now.enter_async_context(agent_service(other, keys, grace_s=1.0))
        moved = await open_now.enter_async_context(second.desktop("a2"))
        await moved.ask("not_ready", reason="lunch")
        shown = await desks[1].heard("agent")
        assert shown["agent"]["reason"] == "lunch"
        await asyncio.sleep(2.0)
        assert await presence(second, "a1") == ("Ready", None)
        assert await presence(second, "a2") == ("NotReady", "lunch")


async def sit_somewhere(service: AgentService) -> bool:
    agents = await service.store.scan(AGENT)
    return all(agent.desk.place is not None for agent in agents.values())


async def test_agents_who_do_not_come_back_after_a_crash_are_signed_out(
    tmp_path: Path,
) -> None:
    store = MemoryStore(source="/polycentre/agent-state")
    keys = tmp_path / "keys"
    async with agent_service(store, keys, grace_s=30.0) as first:
        await first.describe("a1")
        async with first.desktop("a1") as desk:
            await desk.ask("ready")
            await until("the desk", lambda: sit_somewhere(first))
            left_behind = store.snapshot()  # as a process killed now leaves it
    async with agent_service(left_behind, keys, grace_s=0.3) as second:
        await until("signed out", lambda: is_offline(second))
        assert await presence(second, "a1") == ("Offline", "connection_lost")
