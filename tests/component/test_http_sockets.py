"""WebSockets: who may open one, and how one ends."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from contact_runtime.http.auth import accept
from contact_runtime.issuer import mint
from tests.support.serving import Served, serving


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as found:
        yield found


def open_socket(served: Served, token: str | None = None, **more: Any) -> connect:
    """Return the connection, to be awaited or used as a block."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"ws://127.0.0.1:{served.http}/v1/agents/a1/socket"
    return connect(address, additional_headers=headers, **more)


async def ending(socket: ClientConnection) -> tuple[int, str]:
    """Return code and reason with which the service closes."""
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_the_token_may_be_in_the_header(served: Served, tmp_path: Path) -> None:
    async with open_socket(served, mint(tmp_path, "agent", agent_id="a1")) as socket:
        assert socket.subprotocol is None
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_the_token_may_be_a_subprotocol_beside_another_which_is_chosen(
    served: Served, tmp_path: Path
) -> None:
    offered = [f"bearer.{mint(tmp_path, 'agent', agent_id='a1')}", "polycentre.v1"]
    async with open_socket(served, subprotocols=offered) as socket:
        assert socket.subprotocol == "polycentre.v1"
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_a_page_that_offers_only_its_token_gets_it_back_as_browsers_insist(
    served: Served, tmp_path: Path
) -> None:
    offered = [f"bearer.{mint(tmp_path, 'integrator')}"]
    async with open_socket(served, subprotocols=offered) as socket:
        assert socket.subprotocol == offered[0]


async def test_a_socket_that_may_not_open_is_answered_with_the_problem_document(
    served: Served, tmp_path: Path
) -> None:
    wrong = {
        None: (401, "token-missing"),
        "rubbish": (401, "token-invalid"),
        mint(tmp_path, "supervisor"): (403, "scope-missing"),
        mint(tmp_path, "agent", agent_id="a2"): (404, "not-found"),
    }
    for token, (status, code) in wrong.items():
        with pytest.raises(websockets.InvalidStatus) as refused:
            await open_socket(served, token)
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body or b"")["code"] == code


@pytest.mark.parametrize(
    ("path", "place", "name"),
    [("*/socket", "path", "agent_id"), ("a1/socket?after=-1", "query", "after")],
)
async def test_a_socket_that_is_asked_for_in_the_wrong_words_is_told_which(
    served: Served, tmp_path: Path, path: str, place: str, name: str
) -> None:
    token = mint(tmp_path, "integrator")
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{served.http}/v1/agents/{path}", additional_headers=headers)
    found = json.loads(refused.value.response.body or b"")
    assert (found["status"], found["code"]) == (422, "invalid-request")
    assert [(fault["in"], fault["parameter"]) for fault in found["errors"]] == [(place, name)]


async def test_a_caller_who_left_before_the_socket_opened_is_one_who_left() -> None:
    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        raise ConnectionResetError  # as the server says it

    with pytest.raises(WebSocketDisconnect):
        await accept(WebSocket({"type": "websocket"}, receive, send))


@pytest.mark.parametrize(
    ("word", "code", "reason"), [("bug", 1011, "internal-error"), ("other", 4404, "not-found")]
)
async def test_an_open_socket_is_closed_with_the_problems_code(
    served: Served, tmp_path: Path, word: str, code: int, reason: str
) -> None:
    async with open_socket(served, mint(tmp_path, "agent", agent_id="a1")) as socket:
        await socket.send(word)
        assert await ending(socket) == (code, reason)


async def test_a_message_too_large_closes_the_socket(served: Served, tmp_path: Path) -> None:
    async with open_socket(served, mint(tmp_path, "integrator")) as socket:
        await socket.send("x" * 100_000)
        assert (await ending(socket))[0] == 1009


async def test_an_open_socket_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    token = mint(tmp_path, "integrator")
    async with serving(tmp_path) as served, open_socket(served, token) as socket:
        served.code.cancel()
        assert (await ending(socket))[0] == 1012


async def test_a_caller_who_leaves_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = mint(tmp_path, "integrator")
    async with serving(tmp_path) as served:
        for word in ("hello", "wait"):
            async with open_socket(served, token) as socket:
                await socket.send(word)
                socket.transport.abort()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
