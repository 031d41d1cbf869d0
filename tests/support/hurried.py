"""An event loop in which nobody waits: when nothing is left to do, time jumps to what is next."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

TURN_S = 1e-6
"""What a turn of the loop takes at least: who waits for the clock to move sees it move."""


def hurried(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, run in a loop whose sleeps and time-outs cost no time."""
    with asyncio.Runner(loop_factory=_Hurried) as runner:
        return runner.run(_alone(work))


async def _alone(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, once everything is over that it left behind."""
    try:
        return await work
    finally:
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left)


class _Hurried(asyncio.SelectorEventLoop):
    """Its time is what was not waited for: how slow the machine is changes nothing."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self.skipped_s


class _Impatient(selectors.DefaultSelector):
    """Looks whether anything has come; what it should have waited is skipped."""

    def __init__(self, loop: _Hurried) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("everybody waits for ever")
        if not found and timeout is not None:
            self._loop.skipped_s += max(TURN_S, timeout)
        return found
