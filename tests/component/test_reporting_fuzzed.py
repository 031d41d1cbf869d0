"""reporting as its OpenAPI document has it, asked for what nobody thought of (schemathesis)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contact_runtime.issuer import mint
from reporting.reports.kinds import KINDS
from tests.support.fuzzing import Asker
from tests.support.listening import listening
from tests.support.reported import WEEK, reported

pytestmark = pytest.mark.postgres

UNKNOWABLE = (
    "after",
    "definition",
    "time_zone",
    "threshold_s",
    "short_abandon_s",
    "compare_to",
)
"""What makes almost every question by chance a wrong one."""

ENDLESS = "^/v1/live$"
"""A stream that nobody ends; it has tests of its own."""


@dataclass
class Service:
    """Where reporting listens, and who may ask it."""

    url: str
    keys: Path

    def token(self, role: str) -> str:
        """Return a token of the local issuer."""
        return mint(self.keys, role)


@pytest.fixture
async def service(postgres_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    keys = tmp_path / "keys"
    async with (
        reported(postgres_url, keys, calls=20) as told,
        listening(told.app.transport.app) as url,  # type: ignore[arg-type]
    ):
        yield Service(url, keys)


async def test_every_route_answers_as_it_is_documented_whatever_it_is_asked(
    service: Service,
) -> None:
    asker = await asyncio.to_thread(Asker, service, ENDLESS)
    await asyncio.to_thread(asker.each)
    routes = {operation.label for operation in asker.operations}
    assert {label for label, _ in asker.answered} == routes
    reports = {f"GET /v1/reports/{name}" for name in KINDS}
    assert reports <= {label for label, status in asker.answered if status == 422}


async def test_reports_answer_as_documented_whatever_a_right_question_asks(
    service: Service,
) -> None:
    asker = await asyncio.to_thread(Asker, service, ENDLESS)
    await asyncio.to_thread(asker.rightly, "reports", 6, WEEK, *UNKNOWABLE)
    assert {f"GET /v1/reports/{name}" for name in KINDS} <= asker.done, asker.answered
