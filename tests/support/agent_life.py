"""One process of agent-state that can die at any step, and a desktop at it.

Readers, timers, relay, group commit and sockets are those of production, with all their tasks; the
store and the log are doubles in memory that a death leaves as they are.
"""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.websockets import WebSocket

from agent_state.main import background, parts
from contact_runtime.clock import Clock
from contact_runtime.http.auth import Principal
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from tests.support.mortal import Died, Fate, MortalLog, MortalStore

GRACE_S = 2.0
LATER = datetime.now(UTC) + timedelta(days=1)
ANYBODY = Principal("test", "administrator", None, None, frozenset(), LATER)


class Life:
    """One process, from its start to its death."""

    def __init__(
        self, store: MemoryStore, log: MemoryLog, clock: Clock, fate: Fate, torn: str | None
    ) -> None:
        self.fate = fate
        self.store = MortalStore(store, fate, torn)
        metrics = Metrics()
        self.context = parts(self.store, clock, metrics, grace_s=GRACE_S, heartbeat_s=600.0)
        mortal, sockets, stop = MortalLog(log, fate), self.context.sockets, asyncio.Event()
        self.tasks = [
            asyncio.create_task(_until_death(each.run(stop), fate), name=each.name)
            for each in background(self.store, mortal, clock, sockets, metrics)
        ]

    def check(self) -> None:
        """Do nothing as long as the process has not failed by itself."""
        for task in self.tasks:
            if task.done() and not self.fate.dead:
                task.result()
                raise RuntimeError(f"{task.get_name()} ended by itself")


async def _until_death(work: Awaitable[None], fate: Fate) -> None:
    try:
        await work
    except BaseException:
        if not fate.dead:
            raise


def mourn(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what went wrong in a task that nobody waits for, if it was not the death."""
    if not isinstance(context.get("exception"), Died):
        loop.default_exception_handler(context)


class Tab:
    """A desktop's socket."""

    def __init__(self) -> None:
        self._comes: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.shown = False
        self._comes.put_nowait({"type": "websocket.connect"})

    def opened(self, life: Life, agent_id: str) -> asyncio.Task[None]:
        """Open it at the process; the task ends when it breaks, or the process dies."""

        async def send(message: Any) -> None:
            self.shown = True

        scope = {"type": "websocket", "subprotocols": [], "headers": [], "path": "/"}
        socket = WebSocket(scope, self._comes.get, send)
        attending = life.context.sockets.attend(socket, agent_id, ANYBODY, None)
        return asyncio.create_task(_until_death(attending, life.fate))

    def cut(self) -> None:
        """Break the line."""
        self._comes.put_nowait({"type": "websocket.disconnect", "code": 1006})
