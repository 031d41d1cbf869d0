"""A request tried again is done once, with the first answer, at the same moment or later."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_runtime.http.idempotency import IDEMPOTENCY
from contact_runtime.issuer import mint
from contact_runtime.memory_store import MemoryStore
from contact_runtime.rows import Store
from contact_runtime.store import SqlStore, connect
from contact_runtime.tables import runtime_metadata
from tests.support.demo_app import THING, client_of, demo_app, together


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    sql = SqlStore(connect(request.getfixturevalue("postgres_url")), source="/polycentre/demo")
    async with sql.engine.begin() as connection:
        await connection.run_sync(runtime_metadata.create_all)
    yield sql
    await sql.close()


@pytest.fixture
async def api(tmp_path: Path, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(demo_app(tmp_path, store), mint(tmp_path, "integrator")) as client:
        yield client


async def make(
    api: httpx.AsyncClient, key: str | None, name: str = "a", **more: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return await api.post("/v1/things", json={"name": name}, headers=headers | more)


async def made(store: Store, name: str = "a") -> int:
    return (await store.peek(THING, name)).made


async def test_the_same_request_twice_is_done_once_and_answered_alike(
    api: httpx.AsyncClient, store: Store
) -> None:
    first, second = await make(api, "k1"), await make(api, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert await made(store) == 1


async def test_two_keys_are_two_requests(api: httpx.AsyncClient, store: Store) -> None:
    assert (await make(api, "k1")).json()["made"] == 1
    assert (await make(api, "k2")).json()["made"] == 2


async def test_a_key_used_for_another_request_is_refused(
    api: httpx.AsyncClient, store: Store
) -> None:
    await make(api, "k1")
    answer = await make(api, "k1", "b")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await made(store, "b") == 0


async def test_requests_at_once_with_one_key_are_done_once(
    api: httpx.AsyncClient, store: Store
) -> None:
    answers = await together(*[lambda: make(api, "k1")] * 10)
    assert await made(store) == 1
    assert {a.status_code for a in answers} <= {201, 503}
    assert any(a.status_code == 201 for a in answers)
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["code"] == "try-again"
    again = await make(api, "k1")
    assert again.headers["idempotency-replayed"] == "true"
    assert await made(store) == 1


async def test_a_refusal_is_not_remembered_and_leaves_nothing(
    api: httpx.AsyncClient, store: Store
) -> None:
    for _ in range(2):
        answer = await make(api, "k1", "taken")
        assert (answer.status_code, answer.json()["code"]) == (409, "thing-taken")
    assert await store.scan(THING) == {}
    assert await store.scan(IDEMPOTENCY) == {}


@pytest.mark.parametrize("key", [None, "", " ", "k" * 129, "ключ".encode(), "a b"])
async def test_without_a_fit_key_nothing_is_made(
    api: httpx.AsyncClient, store: Store, key: str
) -> None:
    answer = await make(api, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert await store.scan(THING) == {}


async def test_keys_of_two_principals_never_meet(
    api: httpx.AsyncClient, store: Store, tmp_path: Path
) -> None:
    await make(api, "k1")
    other = f"Bearer {mint(tmp_path, 'integrator', subject='another')}"
    answer = await make(api, "k1", Authorization=other)
    assert answer.json()["made"] == 2
    assert "idempotency-replayed" not in answer.headers


async def test_what_was_asked_cannot_be_tried_out_from_the_row(
    api: httpx.AsyncClient, store: Store
) -> None:
    await make(api, "k1")
    await make(api, "k2")
    rows = await store.scan(IDEMPOTENCY)
    assert len({row.asked for row in rows.values()}) == 2, "one body looks alike under two keys"
