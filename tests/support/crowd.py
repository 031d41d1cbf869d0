"""Desktops in a process of their own, so that what they cost is not taken for the service's.

`python -m tests.support.crowd TOKEN PORT FIRST COUNT`, an order a line on stdin, an answer in JSON
a line on stdout: `open` some at a time; `hold S` for so many seconds; `back PORT` loses all without
a word and opens them at once, at the process on that port.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.agent_process import Desk, opened

OPENED_AT_ONCE = 100


def agent_ids(first: int, count: int) -> list[str]:
    """Return the agents of this benchmark, or a part of them."""
    return [f"a{number:05d}" for number in range(first, first + count)]


@dataclass
class Crowd:
    """The process, as the benchmark sees it."""

    process: asyncio.subprocess.Process

    async def order(self, *words: object) -> dict[str, Any]:
        """Have something done and return what came of it.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the desktops' process has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def crowd(token: str, port: int, first: int, count: int) -> AsyncIterator[Crowd]:
    """Run the desktops of `count` agents in a process while the block is open."""
    words = (token, str(port), str(first), str(count))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crowd",
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    try:
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class _Desks:
    """What the process holds."""

    def __init__(self, token: str, port: int, ids: list[str]) -> None:
        self._token = token
        self._port = port
        self._ids = ids
        self._open: list[Desk] = []

    async def do(self, what: str, number: float = 0.0) -> dict[str, Any]:
        began, cpu_s = time.monotonic(), time.process_time()
        took: list[float] = []
        match what:
            case "open":
                for start in range(0, len(self._ids), OPENED_AT_ONCE):
                    took += await self._opened(self._ids[start : start + OPENED_AT_ONCE], began)
            case "back":
                for desk in self._open:
                    desk.cut()
                self._open, self._port = [], int(number)
                took = await self._opened(self._ids, began)
            case "hold":
                await self._held(number)
        wrong = sum(desk.presence != "Ready" for desk in self._open)
        spent_s = time.process_time() - cpu_s
        return {"took": sorted(took), "cpu_s": spent_s, "wrong": wrong, "open": len(self._open)}

    async def _opened(self, ids: list[str], began: float) -> list[float]:
        async def one(agent_id: str) -> float:
            desk = await opened(self._token, self._port, agent_id)
            await desk.until("snapshot")
            self._open.append(desk)
            return time.monotonic() - began

        return list(await asyncio.gather(*(one(agent_id) for agent_id in ids)))

    async def _held(self, seconds: float) -> None:
        if not self._open:
            return await asyncio.sleep(seconds)
        listening = [asyncio.create_task(desk.until("gone")) for desk in self._open]
        done, _ = await asyncio.wait(listening, timeout=seconds)
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)
        if done:
            raise RuntimeError(f"{len(done)} desktops were closed")


async def _main(token: str, port: int, first: int, count: int) -> None:
    desks = _Desks(token, port, agent_ids(first, count))
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, *numbers = line.split()
        print(json.dumps(await desks.do(what, *map(float, numbers))), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], *map(int, sys.argv[2:])))
