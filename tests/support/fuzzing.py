"""A service as its OpenAPI document has it, asked for what nobody thought of (schemathesis)."""

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Protocol

import hypothesis
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


PATIENCE_S = 60.0
"""Machine seconds for one answer: other tests may have the machine."""


class Service(Protocol):
    """What is asked: where it listens, and who may ask it."""

    url: str

    def token(self, role: str) -> str:
        """Return a token of the local issuer."""
        ...


class Asker:
    """Asks a running service, and counts what was answered to what."""

    def __init__(self, service: Service, without: str | None = None) -> None:
        """Ask the service, but not the paths that match `without`."""
        schema = schemathesis.openapi.from_url(
            f"http://{service.url}/openapi.json", timeout=PATIENCE_S
        )
        self.schema = schema.exclude(path_regex=without) if without else schema
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

    def rightly(self, family: str, examples: int, given: dict[str, Any], *less: str) -> None:
        """Ask each route of one family with this in its query, less what chance cannot know."""
        for operation in self.operations:
            if operation.path.startswith(f"/v1/{family}"):
                self._one(operation, GenerationMode.POSITIVE, examples, given, less)

    def _one(
        self,
        operation: Any,
        mode: GenerationMode,
        examples: int = 2,
        given: Mapping[str, Any] = MappingProxyType({}),
        less: tuple[str, ...] = (),
    ) -> None:
        @hypothesis.seed(SEED)
        @bounded(examples)
        @hypothesis.given(case=operation.as_strategy(mode))
        def ask(case: Any) -> None:
            if given:
                asked = {name: said for name, said in case.query.items() if name not in less}
                case.query = {**asked, **given}
            self.check(case, case.call(headers=self.headers, timeout=PATIENCE_S))

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
