"""The demo service served in this process, on free ports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.serve import Background, serve
from tests.support.demo_app import demo_app

LIMIT_S = 60.0


@dataclass
class Served:
    """A running service: its ports, and the task whose result is the exit code."""

    code: asyncio.Task[int]
    health: Health
    http: int = 0
    ops: int = 0

    async def ended(self) -> int:
        """Return the exit code once it has stopped."""
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.shield(self.code)


def start(keys: Path, *tasks: Background, http_port: int = 0) -> tuple[Served, asyncio.Event]:
    """Return a service that starts, and the event that both its ports listen."""
    metrics, health = Metrics(), Health()
    listening = asyncio.Event()

    def heard(http: int, ops: int) -> None:
        served.http, served.ops = http, ops
        listening.set()

    code = asyncio.create_task(
        serve(
            demo_app(keys, MemoryStore(), metrics=metrics),
            create_ops_app(health, metrics),
            health=health,
            http_port=http_port,
            ops_port=0,
            tasks=tasks,
            on_listening=heard,
            grace_s=1.0,
        )
    )
    served = Served(code, health)
    return served, listening


@asynccontextmanager
async def serving(keys: Path, *tasks: Background) -> AsyncIterator[Served]:
    """Serve while the block is open."""
    served, listening = start(keys, *tasks)
    try:
        async with asyncio.timeout(LIMIT_S):
            await listening.wait()
        yield served
    finally:
        served.code.cancel()
        with suppress(asyncio.CancelledError):
            await served.code
