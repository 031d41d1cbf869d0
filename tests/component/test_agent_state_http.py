"""Agents and their commands over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.calls import CallAbandoned
from contact_events.routing import RouterEpochStarted
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.wait import until

ANNA = {
    "name": {"ru": "Анна Соколова", "en": "Anna Sokolova"},
    "site_id": "minsk",
    "team": "t1",
    "skills": {"sales": 3},
    "wrap_up_s": 15,
}

TEAM = {"name": {"ru": "Продажи", "en": "Sales"}}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_store(None) as store, agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        yield made


async def command(
    client: httpx.AsyncClient, agent_id: str = "a1", command_id: str = "c1", **fields: Any
) -> httpx.Response:
    body = {"command_id": command_id, **fields}
    return await client.post(f"/v1/agents/{agent_id}/commands", json=body)


async def test_administrators_describe_agents_and_supervisors_see_them(
    service: AgentService,
) -> None:
    async with service.client("administrator") as admin:
        assert (await admin.put("/v1/teams/t1", json=TEAM)).status_code == 200
        made = await admin.put("/v1/agents/a1", json=ANNA)
        assert made.status_code == 200
        again = await admin.put("/v1/agents/a1", json=ANNA)
        assert again.json() == made.json()
    async with service.client("supervisor") as reader:
        shown = (await reader.get("/v1/agents/a1")).json()
        refused = await reader.put("/v1/agents/a1", json=ANNA)
    assert shown == made.json()
    assert {name: shown[name] for name in ANNA} == ANNA | {"wrap_up_s": 15.0}
    assert (shown["pool"], shown["telephone"], shown["state"]["status"]) == (
        "main",
        False,
        "Offline",
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    told = await until("published", lambda: service.told("agent-state"))
    assert [(event.site_id, event.cause) for event in told] == [("minsk", "profile")]


async def test_agents_are_listed_page_by_page(service: AgentService) -> None:
    await service.describe("a1", "a2", "a3")
    async with service.client("supervisor") as reader:
        first = (await reader.get("/v1/agents", params={"limit": 2})).json()
        rest = (await reader.get("/v1/agents", params={"after": first["next"]})).json()
    assert [agent["agent_id"] for agent in first["items"]] == ["a1", "a2"]
    assert [agent["agent_id"] for agent in rest["items"]] == ["a3"]
    assert rest["next"] is None


async def test_an_integrator_acts_for_any_agent_and_an_agent_for_none_but_themselves(
    service: AgentService,
) -> None:
    await service.describe("a1", "a2")
    async with service.client("integrator") as integrator:
        answer = await command(integrator, command="ready")
        assert answer.status_code == 200
        assert answer.json()["agent"]["status"] == "Ready"
    async with service.client("agent", agent_id="a2") as other:
        refused = await command(other, command="sign_out")
        unknown = await command(other, agent_id="nobody", command="sign_out")
        assert (refused.status_code, unknown.status_code) == (404, 404)
        own = await command(other, agent_id="a2", command="ready")
        assert own.status_code == 200
    async with service.client("client", client="acme") as client:
        assert (await command(client, command="ready")).status_code == 403


async def test_an_agent_who_is_not_there_is_not_found(service: AgentService) -> None:
    async with service.client("integrator") as integrator:
        answer = await command(integrator, agent_id="nobody", command="ready")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    async with service.client("supervisor") as reader:
        assert (await reader.get("/v1/agents/nobody")).status_code == 404
    assert await service.told("agent-state") == []


async def test_the_same_command_again_gets_the_same_answer(service: AgentService) -> None:
    await service.describe("a1")
    async with service.client("integrator") as integrator:
        first = await command(integrator, command="ready")
        await command(integrator, command_id="c2", command="not_ready", reason="lunch")
        assert (await command(integrator, command="ready")).json() == first.json()
        reused = await command(integrator, command="sign_out")
        assert (reused.status_code, reused.json()["code"]) == (422, "command-id-reused")


async def test_who_is_too_late_gets_409_with_the_truth(service: AgentService) -> None:
    await service.describe("a1")
    async with service.client("integrator") as integrator:
        await command(integrator, command="ready")
        offer = service.floor.offer("k1", "a1")
        await service.append(offer)
        async with service.client("supervisor") as reader:
            await until("the ring", lambda: has_status(reader, "Reserved"))
            await service.append(CallAbandoned(call_id="k1", attempt=1))
            await until("the end", lambda: has_status(reader, "Ready"))
        late = await command(
            integrator, command_id="c2", command="accept", reservation_id=offer.reservation_id
        )
    problem = late.json()
    assert (late.status_code, problem["code"], problem["outcome"]) == (
        409,
        "offer-gone",
        "caller_gone",
    )
    assert late.headers["content-type"] == "application/problem+json"


async def test_who_consults_nobody_has_nothing_to_complete_or_to_leave(
    service: AgentService,
) -> None:
    await service.describe("a1")
    async with service.client("integrator") as integrator:
        late = [
            await command(integrator, command_id=name, command=name, reservation_id="R1", **more)
            for name, more in (("consult", {"skill": "law"}), ("complete", {}), ("leave", {}))
        ]
    assert [answer.status_code for answer in late] == [409, 409, 409]
    assert {answer.json()["code"] for answer in late} == {"call-not-in-that-state"}
    assert {answer.json()["state"] for answer in late} == {"free"}


async def has_status(reader: httpx.AsyncClient, status: str) -> bool:
    shown = (await reader.get("/v1/agents/a1")).json()
    return bool(shown["state"]["status"] == status)


@pytest.mark.parametrize(
    "body",
    [
        {"command": "ready"},
        {"command_id": "c1", "command": "dance"},
        {"command_id": "c1", "command": "ready", "agent": "a2"},
        {"command_id": "c1", "command": "accept"},
        {"command_id": "c1", "command": "transfer", "reservation_id": "R1"},
        {
            "command_id": "c1",
            "command": "transfer",
            "reservation_id": "R1",
            "queue": "q",
            "agent_id": "a2",
        },
        {"command_id": "c1", "command": "consult", "reservation_id": "R1"},
        {
            "command_id": "c1",
            "command": "consult",
            "reservation_id": "R1",
            "queue": "q",
            "skill": "law",
        },
        {"command_id": "c1", "command": "complete"},
        {"command_id": "c 1", "command": "ready"},
    ],
)
async def test_a_command_that_makes_no_sense_is_invalid(
    service: AgentService, body: dict[str, Any]
) -> None:
    await service.describe("a1")
    async with service.client("integrator") as integrator:
        answer = await integrator.post("/v1/agents/a1/commands", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"skills": {"sales": "high"}}, {"wrap_up_s": -1}, {"colour": "red"}],
)
async def test_an_agent_who_makes_no_sense_is_invalid(
    service: AgentService, change: dict[str, Any]
) -> None:
    async with service.client("administrator") as admin:
        answer = await admin.put("/v1/agents/a1", json=ANNA | change)
    assert answer.status_code == 422
    assert await service.told("agent-state") == []


async def test_the_pool_of_a_signed_in_agent_stays(service: AgentService) -> None:
    await service.describe("a1")
    async with service.client("administrator") as admin:
        await admin.put("/v1/teams/t1", json=TEAM)
        await command(admin, command="ready")
        body, any_revision = ANNA | {"pool": "north"}, {"If-Match": "*"}
        moved = await admin.put("/v1/agents/a1", json=body, headers=any_revision)
    assert (moved.status_code, moved.json()["code"]) == (409, "pool-fixed")
