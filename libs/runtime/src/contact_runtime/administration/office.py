"""Where administrators' work is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import Clock
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Kind, Store, Unit

R = TypeVar("R")
Work = Callable[[Unit], Awaitable[R]]


@dataclass(frozen=True, slots=True)
class _Job:
    """Some work, and the rows that it will lock."""

    work: Work[Any]
    needs: tuple[tuple[Kind[Any], str], ...]


class Office:
    """Where administrators' work is done: what is asked at the same moment, in one transaction."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics | None = None) -> None:
        """Work on `store`, at the time of `clock`."""
        self.clock = clock
        self._jobs: CommandBatcher[_Job, Any] = CommandBatcher(
            store, _do, needs=lambda job: job.needs, metrics=metrics
        )

    async def carry_out(self, work: Work[R], *needs: tuple[Kind[Any], str]) -> R:
        """Return what `work` returns, once it is committed; `needs` are the rows it will lock."""
        result: R = await self._jobs.submit(_Job(work, needs))
        return result

    async def close(self) -> None:
        """Return once nothing waits any more."""
        await self._jobs.close()


async def _do(unit: Unit, job: _Job) -> Any:
    return await job.work(unit)
