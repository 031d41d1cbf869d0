"""A process starts whole, stops in order when told, and never lives on with a part missing."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect

from contact_runtime.issuer import mint

LIMIT_S = 20.0
ROOT = Path(__file__).parents[2]


class Process:
    """One demo process and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self.http = self.ops = 0

    async def listening(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not self.ops:
                line = await self._line()
                assert line, self.said
                if '"listening"' in line:
                    told = json.loads(line)
                    self.http, self.ops = told["http_port"], told["ops_port"]

    async def _line(self) -> str:
        assert self.process.stdout
        line = (await self.process.stdout.readline()).decode().rstrip()
        self.said.append(line)
        return line

    async def ended(self) -> int:
        """Return the exit code once the process has ended."""
        async with asyncio.timeout(LIMIT_S):
            while await self._line():
                pass
            return await self.process.wait()

    def tell(self, number: int) -> None:
        self.process.send_signal(number)

    def lines(self, level: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.said if line.startswith("{")]
        return [line for line in found if line["level"] == level]


@asynccontextmanager
async def demo(keys: Path, task: str = "none", port: int = 0) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.demo_process",
        str(keys),
        task,
        str(port),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_stops_its_parts_in_reverse_and_ends_well(
    tmp_path: Path, number: int
) -> None:
    async with demo(tmp_path) as process:
        await process.listening()
        process.tell(number)
        assert await process.ended() == 0
    stopped = [line for line in process.said if line.startswith("stopped")]
    assert stopped == ["stopped second", "stopped first"]
    assert process.lines("CRITICAL") == []


@pytest.mark.parametrize("task", ["fails", "returns", "fails-at-once"])
async def test_a_part_that_ends_by_itself_ends_the_process_loudly(
    tmp_path: Path, task: str
) -> None:
    async with demo(tmp_path, task) as process:
        assert await process.ended() == 1
    (line,) = process.lines("CRITICAL")
    assert f"the process ends: {task} ended by itself" in line["message"]
    assert "4951234567" not in "".join(process.said)
    assert "stopped first" in process.said


async def test_a_part_that_fails_while_stopping_is_told_of_by_the_exit_code(
    tmp_path: Path,
) -> None:
    async with demo(tmp_path, "fails-stopping") as process:
        await process.listening()
        process.tell(signal.SIGTERM)
        assert await process.ended() == 1
    assert process.lines("ERROR")[0]["part"] == "fails-stopping"
    assert "stopped first" in process.said


async def test_a_part_that_does_not_stop_is_cancelled(tmp_path: Path) -> None:
    async with demo(tmp_path, "hangs") as process:
        await process.listening()
        process.tell(signal.SIGTERM)
        assert await process.ended() == 0
    assert process.lines("WARNING")[0]["part"] == "hangs"
    assert "stopped first" in process.said


async def test_a_taken_port_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with demo(tmp_path, port=taken.getsockname()[1]) as process:
            assert await process.ended() == 1
    assert "cannot listen" in process.lines("CRITICAL")[0]["exc_info"]
    assert "stopped first" not in process.said


async def test_the_ops_port_tells_of_life_readiness_and_counts(tmp_path: Path) -> None:
    async with demo(tmp_path) as process:
        await process.listening()
        token = {"Authorization": f"Bearer {mint(tmp_path, 'supervisor')}"}
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{process.http}/v1/things/acme.a", headers=token)
            ops = f"http://127.0.0.1:{process.ops}"
            for path in ("/livez", "/readyz", "/startupz"):
                answer = await client.get(ops + path)
                assert (answer.status_code, answer.json()) == (200, {"ok": True, "faults": {}})
            counted = (await client.get(ops + "/metrics")).text
    assert (
        'http_requests_total{method="GET",route="/v1/things/{thing}",status="200"} 1.0' in counted
    )


async def test_a_request_under_way_is_answered_before_the_process_ends(tmp_path: Path) -> None:
    async with demo(tmp_path) as process:
        await process.listening()
        reader, writer = await asyncio.open_connection("127.0.0.1", process.http)
        token = mint(tmp_path, "integrator")
        writer.write(
            f"POST /v1/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
            "Content-Length: 2\r\n\r\nx".encode()
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        process.tell(signal.SIGTERM)
        await asyncio.sleep(0.2)
        writer.write(b"y")
        async with asyncio.timeout(LIMIT_S):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b'{"bytes":2}')
        assert await process.ended() == 0
        writer.close()


@pytest.mark.parametrize("by", ["header", "subprotocol"])
async def test_a_socket_is_opened_with_a_token_in_either_place(tmp_path: Path, by: str) -> None:
    token = mint(tmp_path, "agent", agent_id="a1")
    headers = {"Authorization": f"Bearer {token}"} if by == "header" else {}
    offered = ["polycentre.v1", f"bearer.{token}"] if by == "subprotocol" else None
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        async with connect(address, additional_headers=headers, subprotocols=offered) as ws:  # type: ignore[arg-type]
            assert ws.subprotocol == ("polycentre.v1" if offered else None)
            await ws.send("hello")
            assert await ws.recv() == "hello"


async def test_a_browser_that_offers_only_its_token_gets_it_back_as_it_insists(
    tmp_path: Path,
) -> None:
    offered = [f"bearer.{mint(tmp_path, 'integrator')}"]
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        async with connect(address, subprotocols=offered) as ws:  # type: ignore[arg-type]
            assert ws.subprotocol == offered[0]


async def test_a_socket_that_may_not_open_is_answered_with_the_problem_document(
    tmp_path: Path,
) -> None:
    wrong = {
        None: (401, "token-missing"),
        "rubbish": (401, "token-invalid"),
        mint(tmp_path, "supervisor"): (403, "scope-missing"),
        mint(tmp_path, "agent", agent_id="a2"): (404, "not-found"),
    }
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        for token, (status, code) in wrong.items():
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect(address, additional_headers=headers)
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body or b"")["code"] == code


@pytest.mark.parametrize(
    ("word", "code", "reason"), [("bug", 1011, "internal-error"), ("other", 4404, "not-found")]
)
async def test_an_open_socket_is_closed_with_the_problems_code(
    tmp_path: Path, word: str, code: int, reason: str
) -> None:
    token = mint(tmp_path, "agent", agent_id="a1")
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
            await ws.send(word)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)


async def test_a_message_too_large_closes_the_socket(tmp_path: Path) -> None:
    token = mint(tmp_path, "integrator")
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
            await ws.send("x" * 100_000)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd and closed.value.rcvd.code == 1009


async def test_open_sockets_do_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    token = mint(tmp_path, "integrator")
    async with demo(tmp_path) as process:
        await process.listening()
        address = f"ws://127.0.0.1:{process.http}/v1/agents/a1/socket"
        async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
            process.tell(signal.SIGTERM)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd and closed.value.rcvd.code == 1012
        assert await process.ended() == 0
