"""agent-state as its OpenAPI document has it, asked for what nobody thought of (schemathesis)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contact_events.routing import RouterEpochStarted
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.fuzzing import Asker

pytestmark = pytest.mark.postgres


@pytest.fixture
async def service(postgres_url: str, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with (
        agent_store(postgres_url) as store,
        agent_service(store, tmp_path / "keys") as made,
    ):
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1")
        yield made


async def test_every_route_answers_as_it_is_documented_whatever_it_is_asked(
    service: AgentService,
) -> None:
    asker = await asyncio.to_thread(Asker, service)
    await asyncio.to_thread(asker.each)
    routes = {operation.label for operation in asker.operations}
    assert {label for label, _ in asker.answered} == routes


@pytest.mark.parametrize(("family", "examples"), [("webhooks", 8), ("agents", 4)])
async def test_routes_answer_as_documented_about_what_others_have_answered(
    service: AgentService, family: str, examples: int
) -> None:
    asker = await asyncio.to_thread(Asker, service)
    await asyncio.to_thread(asker.in_turn, family, examples)
    about_one = {label for label in asker.done if "/{" in label}
    assert len(about_one) >= 3, asker.done
