"""A process starts whole, stops in order when told, and never lives on with a part missing."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from contact_runtime.issuer import mint
from contact_runtime.serve import Background
from tests.support.serving import LIMIT_S, Served, serving, start
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
Run = Callable[[asyncio.Event], Awaitable[None]]


async def notes(stopped: list[str], name: str, stop: asyncio.Event) -> None:
    await stop.wait()
    stopped.append(name)


async def fails(stop: asyncio.Event) -> None:
    raise ValueError("broken from the start")


async def fails_later(stop: asyncio.Event) -> None:
    await asyncio.sleep(0.1)
    raise ValueError("broken later")


async def returns(stop: asyncio.Event) -> None:
    await asyncio.sleep(0.1)


async def fails_stopping(stop: asyncio.Event) -> None:
    await stop.wait()
    raise ValueError("broken while stopping")


async def hangs(stop: asyncio.Event) -> None:
    await asyncio.Event().wait()


def told(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_stops_its_parts_in_reverse(tmp_path: Path, number: int) -> None:
    stopped: list[str] = []
    tasks = [Background(name, partial(notes, stopped, name)) for name in ("first", "second")]
    async with serving(tmp_path, *tasks) as served:
        told(number)
        assert await served.ended() == 0
    assert stopped == ["second", "first"]


@pytest.mark.parametrize("task", [fails, fails_later, returns])
async def test_a_part_that_ends_by_itself_ends_the_rest_loudly(
    tmp_path: Path, task: Run, caplog: pytest.LogCaptureFixture
) -> None:
    stopped: list[str] = []
    first = Background("first", partial(notes, stopped, "first"))
    served, _ = start(tmp_path, first, Background("odd", task))
    assert await served.ended() == 1
    assert stopped == ["first"]
    (line,) = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert "the process ends: odd ended by itself" in line.getMessage()


async def test_a_part_that_fails_while_stopping_is_told_of_by_the_exit_code(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stopped: list[str] = []
    first = Background("first", partial(notes, stopped, "first"))
    async with serving(tmp_path, first, Background("odd", fails_stopping)) as served:
        told()
        assert await served.ended() == 1
    assert stopped == ["first"]
    assert "failed while stopping" in caplog.text


async def test_a_part_that_does_not_stop_is_cancelled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stopped: list[str] = []
    first = Background("first", partial(notes, stopped, "first"))
    async with serving(tmp_path, first, Background("odd", hangs, grace_s=0.1)) as served:
        told()
        assert await served.ended() == 0
    assert stopped == ["first"]
    assert "it took too long to stop" in caplog.text


async def test_a_taken_port_starts_nothing(tmp_path: Path) -> None:
    stopped: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = Background("first", partial(notes, stopped, "first"))
        served, _ = start(tmp_path, first, http_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="cannot listen on 127"):
            await served.ended()
    assert stopped == []


async def test_the_ops_port_tells_of_life_readiness_and_counts(tmp_path: Path) -> None:
    token = {"Authorization": f"Bearer {mint(tmp_path, 'supervisor')}"}
    async with serving(tmp_path) as served, httpx.AsyncClient() as client:
        await client.get(f"http://127.0.0.1:{served.http}/v1/things/acme.a", headers=token)
        ops = f"http://127.0.0.1:{served.ops}"
        for path in ("/livez", "/readyz", "/startupz"):
            answer = await client.get(ops + path)
            assert (answer.status_code, answer.json()) == (200, {"ok": True, "faults": {}})
        served.health.note("calm", lambda: None)
        served.health.note("stands_by", lambda: "its code is another")
        answer = await client.get(ops + "/readyz")
        assert answer.status_code == 200, "a note is nothing that is wrong"
        assert answer.json()["notes"] == {"stands_by": "its code is another"}
        served.health.add("database", lambda: "gone")
        answer = await client.get(ops + "/readyz")
        assert (answer.status_code, answer.json()["faults"]) == (503, {"database": "gone"})
        assert (await client.get(ops + "/livez")).status_code == 200
        counted = (await client.get(ops + "/metrics")).text
    wanted = 'http_requests_total{method="GET",route="/v1/things/{thing}",status="200"} 1.0'
    assert wanted in counted


async def test_a_request_under_way_is_answered_before_the_process_ends(tmp_path: Path) -> None:
    token = mint(tmp_path, "integrator")
    async with serving(tmp_path) as served:
        reader, writer = await upload_begun(served, token)
        told()
        await until("it to stop", lambda: served.health.stopping)
        writer.write(b"y")
        async with asyncio.timeout(LIMIT_S):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b'{"bytes":2}')
        assert await served.ended() == 0
        writer.close()


async def test_a_caller_who_leaves_is_counted_and_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = mint(tmp_path, "integrator")
    async with serving(tmp_path) as served, httpx.AsyncClient() as client:
        _, writer = await upload_begun(served, token)
        writer.close()

        async def counted() -> bool:
            shown = (await client.get(f"http://127.0.0.1:{served.ops}/metrics")).text
            return 'method="POST",route="/v1/upload",status=' in shown

        await until("the request to be over", counted)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def upload_begun(
    served: Served, token: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection on which half a body was sent, once the service waits for the rest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.http)
    start = f"POST /v1/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{start}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 100")
    await reader.readline()
    writer.write(b"x")
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize(("task", "code"), [("none", 0), ("fails", 1)])
async def test_the_exit_code_and_the_last_lines_are_those_of_the_process(
    tmp_path: Path, task: str, code: int
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", "tests.support.demo_process"),
        *(str(tmp_path), task),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(LIMIT_S):
            said = await process.stdout.readuntil(b'"listening"')
            if task == "none":
                process.terminate()
            said += await process.stdout.read()
            assert await process.wait() == code
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = said.decode().splitlines()
    assert [line for line in lines if line.startswith("stopped")] == [
        "stopped second",
        "stopped first",
    ]
    assert "4951234567" not in said.decode()
    levels = [json.loads(line)["level"] for line in lines if line.startswith("{")]
    assert levels.count("CRITICAL") == code
