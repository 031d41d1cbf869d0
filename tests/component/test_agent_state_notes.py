"""After-call work over HTTP: codes, extensions, notes that are sealed, read back, and erased."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.calls import CallArrived, CallConnected, CallDisconnected, Caller
from contact_events.people import PersonErased
from contact_events.routing import RouterEpochStarted
from contact_events.topics import AGENT_STATE, WRAPPED_UP
from contact_events.wrapping import CallNotesRead
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.wait import until

NAME = {"ru": "Имя", "en": "Name"}
REF = "person-1"
POLICY = {
    "mode": "timed_extendable",
    "after_s": 30,
    "extend_by_s": 20,
    "extensions": 1,
    "codes_required": True,
    "codes_from": "complaint",
}


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentService]:
    url = request.getfixturevalue("postgres_url") if request.param == "sql" else None
    async with agent_store(url) as store, agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        yield made


@pytest.fixture
async def admin(service: AgentService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("administrator") as client:
        await service.describe("a1")
        for path, body in {
            "/v1/wrap-up-codes/complaint": {"name": NAME},
            "/v1/wrap-up-codes/refund": {"name": NAME, "parent_id": "complaint"},
            "/v1/wrap-up-policies/acme-sales": POLICY,
        }.items():
            assert (await client.put(path, json=body)).status_code == 200
        yield client


async def command(admin: httpx.AsyncClient, command_id: str, **fields: Any) -> httpx.Response:
    body = {"command_id": command_id, **fields}
    return await admin.post("/v1/agents/a1/commands", json=body)


async def has_status(admin: httpx.AsyncClient, status: str) -> bool:
    shown = (await admin.get("/v1/agents/a1")).json()
    return bool(shown["state"]["status"] == status)


async def talk_is_over(service: AgentService, admin: httpx.AsyncClient) -> str:
    await command(admin, "c1", command="ready")
    arrived = service.floor.arrived("k1")
    caller = Caller(ref=REF, ref_version=1, prefix="+7495", sealed="")
    fields = {name: getattr(arrived, name) for name in arrived.__struct_fields__}
    offer = service.floor.offer("k1", "a1")
    reservation = offer.reservation_id
    await service.append(CallArrived(**fields | {"caller": caller}))
    await until("the arrival to be read", lambda: service.remembers("k1"))
    await service.append(offer)
    await until("the ring", lambda: has_status(admin, "Reserved"))
    await command(admin, "c2", command="accept", reservation_id=reservation)
    joined = CallConnected(call_id="k1", attempt=1, reservation_id=reservation, agent_id="a1")
    await service.append(joined, CallDisconnected(call_id="k1", attempt=1, by="caller"))
    await until("the end", lambda: has_status(admin, "WrapUp"))
    return reservation


Reading = tuple[str, str, tuple[str, ...]]
"""Of which call, in which role, whose notes."""


async def readings(service: AgentService) -> list[Reading]:
    told = await service.told(WRAPPED_UP.name)
    return [(e.call_id, e.role, e.reservation_ids) for e in told if isinstance(e, CallNotesRead)]


async def told_to_be(service: AgentService, expected: list[Reading]) -> bool:
    return await readings(service) == expected


async def told_of(service: AgentService, agent_id: str) -> bool:
    told = await service.told(AGENT_STATE.name)
    return any(e.agent_id == agent_id for e in told)


async def test_a_note_is_read_back_by_who_may_until_its_person_is_erased(
    service: AgentService, admin: httpx.AsyncClient
) -> None:
    about = {"command": "wrap_up", "reservation_id": await talk_is_over(service, admin)}
    bare = await command(admin, "c3", **about)
    assert (bare.status_code, bare.json()["code"]) == (409, "codes-required")
    wrong = await command(admin, "c4", **about, codes=["complaint"])
    assert (wrong.status_code, wrong.json()["code"]) == (409, "code-refused")
    assert (wrong.json()["code_id"], wrong.json()["state"]) == ("complaint", "elsewhere")
    said = {"codes": ["refund"], "notes": "Перезвонить завтра"}
    done = await command(admin, "c5", **about, **said)
    assert (done.status_code, done.json()["agent"]["status"]) == (200, "Ready")
    assert (await command(admin, "c5", **about, **said)).json() == done.json()
    async with service.client("supervisor") as reader:
        [note] = (await reader.get("/v1/calls/k1/notes")).json()["items"]
        assert (note["text"], note["codes"]) == ("Перезвонить завтра", ["refund"])
        assert (await reader.get("/v1/calls/k2/notes")).status_code == 404
        for client, status in (("acme", 200), ("other", 404)):
            async with service.client("supervisor", client=client) as theirs:
                assert (await theirs.get("/v1/calls/k1/notes")).status_code == status
        once = ("k1", "supervisor", (about["reservation_id"],))
        await until("both readings to be told", lambda: told_to_be(service, [once, once]))
        await service.append(PersonErased(caller_ref=REF))

        async def is_erased() -> bool:
            [note] = (await reader.get("/v1/calls/k1/notes")).json()["items"]
            return note["text"] is None and note["codes"] == ["refund"]

        await until("the note to be unreadable", is_erased)
        before = await readings(service)
        assert set(before) == {once}
        assert (await reader.get("/v1/calls/k1/notes")).status_code == 200
    await service.describe("a2")
    await until("what came later to be told", lambda: told_of(service, "a2"))
    assert await readings(service) == before, "nobody read what cannot be opened"
    async with service.client("agent", agent_id="a1") as agent:
        assert (await agent.get("/v1/calls/k1/notes")).status_code == 403


async def test_what_is_left_of_after_call_work_is_shown_and_put_off(
    service: AgentService, admin: httpx.AsyncClient
) -> None:
    about = {"reservation_id": await talk_is_over(service, admin)}
    [work] = (await admin.get("/v1/agents/a1")).json()["state"]["wrap_ups"]
    assert {name: work[name] for name in ("mode", "beside", "extensions_left")} == {
        "mode": "timed_extendable",
        "beside": False,
        "extensions_left": 1,
    }
    assert (work["codes_required"], work["codes_from"]) == (True, "complaint")
    more = await command(admin, "c3", command="extend_wrap_up", **about)
    [longer] = more.json()["agent"]["wrap_ups"]
    assert longer["ends_at"] > work["ends_at"]
    spent = await command(admin, "c4", command="extend_wrap_up", **about)
    assert (spent.status_code, spent.json()["code"]) == (409, "wrap-up-not-extendable")
