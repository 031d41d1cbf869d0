"""Supervisors see their teams, order what their agents do, and answer calls for help."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.agents import AgentChanged, AgentHelpAnswered
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.wait import until


async def staffed(service: AgentService) -> None:
    """Put two teams with a supervisor each, and agents into them."""
    async with service.client("administrator") as admin:
        for team_id, supervisor in (("cards", "ivanova"), ("loans", "petrov")):
            body = {"name": {"ru": team_id, "en": team_id}, "supervisors": [supervisor]}
            answer = await admin.put(f"/v1/teams/{team_id}", json=body)
            assert answer.status_code == 200, answer.text
    await service.describe("a1", "a2", team="cards")
    await service.describe("b1", team="loans")
    await service.describe("free")


@pytest.fixture(params=["memory", "postgres"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentService]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with agent_store(url) as store, agent_service(store, tmp_path / "keys") as made:
        await staffed(made)
        yield made


def supervisor(service: AgentService, subject: str = "ivanova") -> httpx.AsyncClient:
    return service.client("supervisor", subject=subject)


async def order(
    client: httpx.AsyncClient, agent_id: str, command: str, **more: Any
) -> httpx.Response:
    body = {"command_id": f"{command}-1", "command": command, **more}
    return await client.post(f"/v1/agents/{agent_id}/orders", json=body)


async def test_a_supervisor_sees_their_own_teams_and_who_calls_for_help_first(
    service: AgentService,
) -> None:
    async with service.desktop("a2") as desk, supervisor(service) as client:
        await desk.heard("snapshot")
        await desk.ask("ready")
        assert (await desk.ask("ask_for_help"))["ok"]
        (team,) = (await client.get("/v1/supervision")).json()["teams"]
        assert (team["team_id"], [a["state"]["agent_id"] for a in team["agents"]]) == (
            "cards",
            ["a2", "a1"],
        )
        assert team["agents"][0]["state"]["help"]["answered_by"] is None
        others = await client.get("/v1/supervision", params={"team_id": "loans"})
        assert others.json()["teams"] == []
    async with service.client("administrator") as admin:
        teams = (await admin.get("/v1/supervision")).json()["teams"]
        assert [team["team_id"] for team in teams] == ["cards", "loans"]


async def test_an_order_is_carried_out_once_and_names_who_gave_it(service: AgentService) -> None:
    async with service.desktop("a1") as desk, supervisor(service) as client:
        await desk.heard("snapshot")
        await desk.ask("ready")
        first = await order(client, "a1", "not_ready", reason="training")
        assert first.status_code == 200, first.text
        again = await order(client, "a1", "not_ready", reason="training")
        assert again.json() == first.json()
        assert (await desk.heard("agent", sequence=first.json()["sequence"]))["agent"][
            "reason"
        ] == "training"

        async def ordered() -> list[AgentChanged]:
            told = await service.told("agent-state")
            return [e for e in told if isinstance(e, AgentChanged) and e.by == "ivanova"]

        await until("the order in the log", ordered)
        assert [change.reason for change in await ordered()] == ["training"]


async def test_a_call_for_help_is_answered_and_the_desktop_says_by_whom(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as desk, supervisor(service) as client:
        await desk.heard("snapshot")
        await desk.ask("ready")
        refused = await order(client, "a1", "answer_help")
        assert (refused.status_code, refused.json()["code"]) == (409, "no-help-asked")
        await desk.ask("ask_for_help")
        answered = await client.post(
            "/v1/agents/a1/orders", json={"command_id": "h2", "command": "answer_help"}
        )
        assert answered.json()["agent"]["help"]["answered_by"] == "ivanova"
        shown = await desk.heard("agent", sequence=answered.json()["sequence"])
        assert shown["agent"]["help"]["answered_by"] == "ivanova"
        assert (await desk.ask("end_help"))["ok"]

        async def told() -> list[Any]:
            events = await service.told("agent-state")
            return [e for e in events if isinstance(e, AgentHelpAnswered)]

        await until("the answer in the log", told)
        assert await told() == [AgentHelpAnswered(agent_id="a1", by="ivanova")]


@pytest.mark.parametrize(
    ("agent_id", "subject"), [("b1", "ivanova"), ("free", "ivanova"), ("a1", "nobody")]
)
async def test_nobody_orders_what_another_s_team_does(
    service: AgentService, agent_id: str, subject: str
) -> None:
    async with supervisor(service, subject) as client:
        refused = await order(client, agent_id, "sign_out")
        assert (refused.status_code, refused.json()["code"]) == (403, "not-your-team")
    async with service.client("administrator") as admin:
        assert (await order(admin, agent_id, "sign_out")).status_code == 200


async def test_an_agent_does_not_order_and_nobody_orders_whom_there_is_not(
    service: AgentService,
) -> None:
    async with service.client("agent", agent_id="a1") as agent:
        assert (await order(agent, "a1", "ready")).status_code == 403
        assert (await agent.get("/v1/supervision")).status_code == 403
    async with supervisor(service) as client:
        assert (await order(client, "nobody", "ready")).status_code == 404
        wrong = await order(client, "a1", "fire")
        assert wrong.status_code == 422
