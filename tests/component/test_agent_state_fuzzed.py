"""agent-state as its OpenAPI document has it, asked for what nobody thought of (schemathesis)."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contact_events.routing import RouterEpochStarted
from tests.support.agent_service import AgentService, agent_service, agent_store

pytestmark = pytest.mark.postgres

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EFFORT = int(os.environ.get("FUZZ_EFFORT", "1"))
"""How many times as much is asked; `make soak` asks more."""

SEED = int(os.environ.get("FUZZ_SEED", "1"))


def bounded(examples: int) -> settings:
    """Return settings of a run that is the same each time and ends soon."""
    return settings(
        max_examples=examples * EFFORT,
        stateful_step_count=15,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
async def service(postgres_url: str, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with (
        agent_store(postgres_url) as store,
        agent_service(store, tmp_path / "keys") as made,
    ):
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.describe("a1")
        yield made


class Asker:
    """Asks a running service, and counts what was answered to what."""

    def __init__(self, service: AgentService) -> None:
        self.schema = schemathesis.openapi.from_url(f"http://{service.url}/openapi.json")
        self.headers = {"Authorization": f"Bearer {service.token('administrator')}"}
        self.answered: Counter[tuple[str, int]] = Counter()

    @property
    def operations(self) -> list[Any]:
        """What the document has, each with a way to ask it."""
        return [found.ok() for found in self.schema.get_all_operations()]  # type: ignore[union-attr]

    @property
    def done(self) -> set[str]:
        """The routes that did what they were asked."""
        return {label for label, status in self.answered if status < 300}

    def check(self, case: Any, response: Any) -> None:
        """Fail if the answer is not one that the document has."""
        case.validate_response(response, checks=CHECKS)
        self.answered[case.operation.label, response.status_code] += 1

    def each(self) -> None:
        """Ask each route some things that its document allows, and some that it does not."""
        for operation in self.operations:
            self._one(operation, GenerationMode.POSITIVE)
            with suppress(Unsatisfiable):  # nothing can be wrong in what takes no parameters
                self._one(operation, GenerationMode.NEGATIVE)

    def _one(self, operation: Any, mode: GenerationMode) -> None:
        @hypothesis.seed(SEED)
        @bounded(2)
        @hypothesis.given(case=operation.as_strategy(mode))
        def ask(case: Any) -> None:
            self.check(case, case.call(headers=self.headers))

        ask()

    def in_turn(self, family: str, examples: int) -> None:
        """Ask the routes of one family in turn, each about what another has answered."""
        schema = self.schema.include(path_regex=f"^/v1/{family}(/|$)")
        schema.config.generation.update(modes=[GenerationMode.POSITIVE])
        asker, machine = self, schema.as_state_machine()

        class Machine(machine):  # type: ignore[misc, valid-type]
            def get_call_kwargs(self, case: Any) -> dict[str, Any]:
                return {"headers": asker.headers}

            def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
                asker.check(case, response)

        hypothesis.seed(SEED)(Machine)
        Machine.run(settings=bounded(examples))


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
