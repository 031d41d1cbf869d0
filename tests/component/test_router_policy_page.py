"""The commands of docs/policy.md do what the page says they do."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.doc_page import asked, commands
from tests.support.router_app import RunningRouter

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"


@pytest.fixture
async def admin(router: RunningRouter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with router.client(tmp_path) as client:
        yield client


async def test_each_command_is_answered_as_the_page_says(admin: httpx.AsyncClient) -> None:
    kinds = set()
    for words, status in commands(PAGE):
        answer = await asked(admin, words, "$ROUTER")
        assert answer.status_code == status, (words, answer.text)
        kinds.add(str(answer.url.path).split("/")[2])
    assert kinds == {"skills", "calendars", "queues", "sites", "policies"}
