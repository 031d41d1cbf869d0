"""Wrong input at the front door: a clear 4xx and no event."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_runtime.memory_store import MemoryStore
from tests.support.ivr_app import SHOP, FrontDoor

GOOD = {"ani": "+79161234567", "dnis": "+74950000001", "entry_site": "moscow"}
KEY = {"Idempotency-Key": "k"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    store = MemoryStore(source="/polycentre/ivr")
    yield await FrontDoor(store, tmp_path).with_projects()
    assert store.outbox == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed-request"),
        (b"[]", 422, "invalid-request"),
        (b'{"ani": null}', 422, "invalid-request"),
        (b'{"ani": "\xff"}', 400, "malformed-request"),
    ],
)
async def test_what_is_no_call_is_refused(
    door: FrontDoor, body: bytes, status: int, code: str
) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post(
            "/v1/calls", content=body, headers={**KEY, "Content-Type": "application/json"}
        )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client": "zeta"},
        {"project": "zeta-help"},
        {"ani": "+٧٤٩٥١٢٣٤٥٦٧"},
        {"ani": "+７９１６１２３４５６７"},
        {"ani": "+7916123456x"},
        {"ani": 79161234567},
        {"dnis": "+7495000000١"},
        {"entry_site": "../moscow"},
        {"entry_site": "moscow\u0000"},
        {"channel": "pigeon"},
        {"attributes": {"vip": 1}},
        {"attributes": {"v" * 200: "1"}},
        {"attributes": {"came_from": "8 (916) 123-45-67"}, "ani": "+79161234567"},
        {"attributes": {"79161234567": "yes"}, "ani": "+79161234567"},
        {"attributes": {str(number): "1" for number in range(40)}},
    ],
)
async def test_a_call_with_a_wrong_field_is_refused(door: FrontDoor, wrong: dict[str, Any]) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post("/v1/calls", json={**GOOD, **wrong}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "9161234" not in answer.text


async def test_a_number_of_no_country_is_refused(door: FrontDoor) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post("/v1/calls", json={**GOOD, "ani": "+999123456789"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "ani-unassigned")


async def test_a_number_dialled_that_nobody_has_is_refused(door: FrontDoor) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post("/v1/calls", json={**GOOD, "dnis": "+74950000777"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "dnis-unknown")


async def test_a_huge_body_is_refused(door: FrontDoor) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post(
            "/v1/calls", json={**GOOD, "attributes": {"note": "x" * 3_000_000}}, headers=KEY
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_call_without_an_idempotency_key_is_refused(door: FrontDoor) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post("/v1/calls", json=GOOD)
    assert answer.status_code in (400, 422)


async def test_who_may_not_write_calls_is_refused(door: FrontDoor) -> None:
    async with door.as_("client", client="acme") as client:
        answer = await client.post("/v1/calls", json=GOOD, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


@pytest.mark.parametrize("digits", ["", "٣", "1 2", "abc", "1" * 33, 1])
async def test_keys_that_no_telephone_has_are_refused(door: FrontDoor, digits: object) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.post("/v1/calls/none/digits", json={"digits": digits})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize("query", ["wait_s=31", "wait_s=-1", "wait_s=nan", "after_version=-1"])
async def test_a_poll_without_bounds_is_refused(door: FrontDoor, query: str) -> None:
    async with door.as_("integrator") as caller:
        answer = await caller.get(f"/v1/calls/none?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/calls/none"),
        ("POST", "/v1/calls/none/hangup"),
        ("GET", "/v1/projects/none"),
    ],
)
async def test_what_is_not_there_is_not_found(door: FrontDoor, method: str, path: str) -> None:
    async with door.as_("administrator") as administrator:
        answer = await administrator.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"menu": [{**SHOP["menu"][0], "contained": True}]},
        {"menu": [{**SHOP["menu"][0], "queue": None}]},
        {"menu": [SHOP["menu"][0], SHOP["menu"][0]]},
        {"menu": [{**SHOP["menu"][0], "digit": "10"}]},
        {"dnis": ["112"]},
        {"no_input": None},
        {"tariff": "gold"},
    ],
)
async def test_a_wrong_project_is_refused(door: FrontDoor, wrong: dict[str, Any]) -> None:
    async with door.as_("administrator") as administrator:
        answer = await administrator.put("/v1/projects/acme-shop", json={**SHOP, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_another_clients_call_cannot_be_told_from_none(tmp_path: Path) -> None:
    door = await FrontDoor(MemoryStore(source="/polycentre/ivr"), tmp_path).with_projects()
    call_id = (await door.call())["call_id"]
    async with door.as_("client", client="zeta") as zeta, door.as_("client", client="acme") as acme:
        theirs = await zeta.get(f"/v1/calls/{call_id}")
        none = await zeta.get("/v1/calls/none")
        assert (await acme.get(f"/v1/calls/{call_id}")).status_code == 200
    hidden = {"instance": "", "request_id": ""}
    assert theirs.json() | hidden == none.json() | hidden
    assert theirs.status_code == none.status_code == 404
