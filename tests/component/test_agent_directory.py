"""The directory: whom an agent may send a call to, by name; and nothing of callers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_events.calls import Text
from contact_events.config import QueueChanged, SkillChanged
from contact_events.routing import RouterEpochStarted
from contact_runtime.rows import Store
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.wait import until

CARDS, LOANS = Text("Карты", "Cards"), Text("Кредиты", "Loans")


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with agent_store(url) as made:
        yield made


@pytest.fixture
async def service(store: Store, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1", "a2", "a3")
        yield made


def queue(queue_id: str, name: Text, revision: int = 1, *, deleted: bool = False) -> QueueChanged:
    return QueueChanged(
        document_id=f"queue:{queue_id}",
        revision=revision,
        changed_by="t",
        queue_id=queue_id,
        name=name,
        deleted=deleted,
    )


async def shown(service: AgentService, role: str = "agent") -> dict[str, Any]:
    async with service.client(role, agent_id="a1") as agent:
        answer = await agent.get("/v1/directory")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_queues_and_skills_are_called_as_the_router_s_documents_say(
    service: AgentService,
) -> None:
    skill = SkillChanged(
        document_id="skill:loans", revision=1, changed_by="t", skill_id="loans", name=LOANS
    )
    await service.documents(queue("cards", LOANS), queue("old", LOANS), skill)
    await service.documents(queue("cards", CARDS, 2), queue("old", LOANS, 2, deleted=True))
    wanted = [{"queue_id": "cards", "name": {"ru": "Карты", "en": "Cards"}}]

    async def known() -> bool:
        return bool((await shown(service))["queues"] == wanted)

    await until("the names are known", known)
    found = await shown(service)
    assert found["skills"] == [{"skill_id": "loans", "name": {"ru": "Кредиты", "en": "Loans"}}]


@pytest.mark.parametrize("role", ["agent", "partner"])
async def test_an_agent_sees_who_is_there_and_free_and_not_with_whom_they_talk(
    service: AgentService, role: str
) -> None:
    async with service.desktop("a1") as one, service.desktop("a2") as two:
        assert (await one.ask("ready"))["ok"]
        assert (await two.ask("ready"))["ok"]
        await service.append(service.floor.offer("k1", "a2"))
        await two.heard("offer")

        async def listed() -> list[dict[str, Any]]:
            agents: list[dict[str, Any]] = (await shown(service, role))["agents"]
            return agents if len(agents) == 2 and agents[1]["status"] == "Reserved" else []

        agents = await until("both are listed as they are", listed)
    assert agents == [
        {
            "agent_id": agent_id,
            "name": {"ru": agent_id, "en": agent_id},
            "site_id": "moscow",
            "status": status,
        }
        for agent_id, status in (("a1", "Ready"), ("a2", "Reserved"))
    ]


async def test_a_client_has_no_directory(service: AgentService) -> None:
    async with service.client("client", client="acme") as client:
        answer = await client.get("/v1/directory")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
