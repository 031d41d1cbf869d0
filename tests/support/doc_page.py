"""Pages of docs/ whose commands can be run: what they ask, and of whom."""

import re
import shlex
from pathlib import Path

import httpx

COMMAND = re.compile(r"^(curl .*?)  # ([0-9]{3})$", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[tuple[list[str], int]]:
    """Return the words of each command of the page, and the status that it says is answered."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    found = [match for block in blocks for match in COMMAND.findall(block)]
    assert sum(block.count("curl ") for block in blocks) == len(found)
    return [(shlex.split(command), int(status)) for command, status in found]


async def asked(client: httpx.AsyncClient, words: list[str], service: str) -> httpx.Response:
    """Carry out a command as curl would, with the client's own token; `service` is its address."""
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
                url = word.removeprefix(service)
    return await client.request(method, url, content=body, headers=headers)
