"""agent-state as a process that is killed at its k-th commit of agents, "before" or "after" it.

Before it, all is written and nothing committed; after it, nobody was told that it is.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from agent_state.main import main
from agent_state.settings import Settings
from agent_state.tables import AGENT
from contact_runtime import store
from contact_runtime.driver import Driver
from contact_runtime.entry import start
from contact_runtime.unit import RowWrite


class _Death:
    """Counts the commits that write agents."""

    def __init__(self, at: int, when: str) -> None:
        self._left = at
        self._when = when
        self._flush, self._commit = store.SqlStore._flush, store._commit

    async def flush(self, of: Any, driver: Driver, unit: Any, rows: Sequence[RowWrite]) -> None:
        await self._flush(of, driver, unit, rows)
        self._left -= any(row.kind == AGENT.name for row in rows)
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    async def commit(self, driver: Driver) -> None:
        await self._commit(driver)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def doomed(at: int, when: str) -> None:
    """Let this process die there."""
    death = _Death(at, when)

    async def flush(*told: Any) -> None:
        await death.flush(*told)

    vars(store)["_commit"] = death.commit
    type.__setattr__(store.SqlStore, "_flush", flush)


if __name__ == "__main__":
    doomed(int(sys.argv[1]), sys.argv[2])
    sys.exit(start("agent_state", Settings, main, []))
