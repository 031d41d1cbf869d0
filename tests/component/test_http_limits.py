"""Bodies too large are refused before anything is parsed, whatever their headers say."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contact_runtime.http.edge import Edge
from contact_runtime.http.limits import Limits
from contact_runtime.issuer import mint
from contact_runtime.metrics import Metrics
from tests.support.demo_app import LIMIT_BYTES, client_of, demo_app


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(demo_app(tmp_path), mint(tmp_path, "integrator")) as client:
        yield client


async def test_a_body_of_exactly_the_limit_is_taken(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/upload", content=b"x" * LIMIT_BYTES)
    assert answer.json() == {"bytes": LIMIT_BYTES}


async def test_a_body_that_declares_more_is_refused_unread(api: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x"

    headers = {"Content-Length": str(LIMIT_BYTES + 1)}
    answer = await api.post("/v1/upload", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.json()["limit_bytes"] == LIMIT_BYTES
    assert answer.headers["connection"] == "close"
    assert read == 0


@pytest.mark.parametrize("path", ["/v1/upload", "/v1/things/a"])
async def test_a_streamed_body_is_refused_as_soon_as_it_is_too_much(
    api: httpx.AsyncClient, path: str
) -> None:
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(1000):
            chunks += 1
            yield b"[" * 8192

    headers = {"Content-Type": "application/json"}
    method = "POST" if path == "/v1/upload" else "PUT"
    answer = await api.request(method, path, content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert chunks <= LIMIT_BYTES // 8192 + 1


async def test_a_body_larger_than_it_declares_is_refused(api: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 8192

    answer = await api.post("/v1/upload", content=body(), headers={"Content-Length": "10"})
    assert answer.status_code == 413


async def test_a_declared_length_that_is_no_number_does_not_lift_the_limit(
    api: httpx.AsyncClient,
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 8192

    for odd in ("-1", "1e9", "0x10", "\u00b2"):
        answer = await api.post(
            "/v1/upload", content=body(), headers={b"Content-Length": odd.encode("latin-1")}
        )
        assert answer.status_code == 413, odd


async def test_a_body_that_trickles_is_refused_in_the_end(tmp_path: Path) -> None:
    trickling = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await trickling.wait()

    slow = Limits(demo_app(tmp_path), limit_s=0.05)
    token = mint(tmp_path, "integrator")
    async with client_of(Edge(slow, Metrics()), token) as api:
        answer = await api.post("/v1/upload", content=body())
    assert (answer.status_code, answer.json()["code"]) == (408, "body-too-slow")


async def test_the_limit_holds_without_a_token_too(tmp_path: Path) -> None:
    async with client_of(demo_app(tmp_path)) as api:
        answer = await api.post("/v1/upload", content=b"x" * (LIMIT_BYTES + 1))
    assert answer.status_code == 413
