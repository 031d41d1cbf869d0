"""The commands of docs/policy.md do what the page says they do."""

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.router_app import RunningRouter

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
COMMAND = re.compile(r"^(curl .*?)  # ([0-9]{3})$", re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[list[str], int]]:
    """Return the words of each command of the page, and the status that it says is answered."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found = [match for block in blocks for match in COMMAND.findall(block)]
    assert sum(block.count("curl ") for block in blocks) == len(found)
    return [(shlex.split(command), int(status)) for command, status in found]


@pytest.fixture
async def admin(router: RunningRouter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with router.client(tmp_path) as client:
        yield client


async def test_each_command_is_answered_as_the_page_says(admin: httpx.AsyncClient) -> None:
    kinds = set()
    for words, status in commands():
        answer = await _asked(admin, words)
        assert answer.status_code == status, (words, answer.text)
        kinds.add(str(answer.url.path).split("/")[2])
    assert kinds == {"skills", "calendars", "queues", "sites", "policies"}


async def _asked(client: httpx.AsyncClient, words: list[str]) -> httpx.Response:
    """Carry out a command as curl would, with the client's own token."""
    method, body, headers, url = "GET", None, {}, ""
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-d":
                body = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                if value:
                    headers[name] = value
                elif name == "$JSON":
                    headers["Content-Type"] = "application/json"
                else:
                    assert name == "$AS"
            case _:
                url = word.removeprefix("$ROUTER")
    return await client.request(method, url, content=body, headers=headers)
