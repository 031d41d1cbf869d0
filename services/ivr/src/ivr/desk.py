"""The front desk: what the HTTP routes work with, and the projects whose numbers they know."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from contact_events.hints import QueueState
from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import Clock
from contact_runtime.hints import QueueHints
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Kind, Store, Unit
from ivr.domain.call import Call, Unborn, Waiting
from ivr.domain.flow import Heard, has_something_to_hear, hears
from ivr.domain.projects import Number, Project, must_stay
from ivr.domain.refusals import NumberTaken, NumberUnknown
from ivr.people import People
from ivr.tables import NUMBER, PROJECT

R = TypeVar("R")


Work = Callable[[Unit], Awaitable[R]]


@dataclass(frozen=True, slots=True)
class _Job:
    """Some work, and the rows that it will lock."""

    work: Work[Any]
    needs: tuple[tuple[Kind[Any], str], ...]


class Desk:
    """The parts that the routes need."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        people: People,
        metrics: Metrics | None = None,
        hints: QueueHints | None = None,
    ) -> None:
        """Work on `store`, at the time of `clock`, for callers whose keys `people` hold.

        `hints` is what the routers say of their queues; without them nothing is told of waits.
        """
        self.store = store
        self.clock = clock
        self.people = people
        self.hints = hints
        self._jobs: CommandBatcher[_Job, Any] = CommandBatcher(
            store, _do, needs=lambda job: job.needs, metrics=metrics
        )

    async def carry_out(self, work: Work[R], *needs: tuple[Kind[Any], str]) -> R:
        """Return what `work` returns, committed together with what others ask at this moment.

        `needs` are the rows it will lock: they are locked for all of them in one order.
        """
        result: R = await self._jobs.submit(_Job(work, needs))
        return result

    async def heard(self, call: Call) -> Heard | None:
        """Return what the caller hears now, by their project as it is now."""
        if isinstance(call, Unborn) or not has_something_to_hear(call):
            return None
        project = await self.store.peek(PROJECT, call.project_id)
        return hears(call, project) if project else None

    def hint(self, call: Call) -> QueueState | None:
        """Return what the router last said of the queue that the call waits in."""
        if self.hints is None or not isinstance(call, Waiting) or call.queue_id is None:
            return None
        return self.hints.get(call.pool, call.queue_id)

    async def project_dialled(self, unit: Unit, dnis: str) -> Project:
        """Return the project that has the number.

        Raises:
            NumberUnknown: none has.
        """
        number = await unit.peek(NUMBER, dnis)
        project = await unit.peek(PROJECT, number.project_id) if number.project_id else None
        if project is None:
            raise NumberUnknown(dnis)
        return project

    async def keep_project(self, unit: Unit, project: Project) -> None:
        """Keep the project and its numbers; those it had and gives up are free again.

        Raises:
            ProjectFixed: it would go to another client or pool.
            NumberTaken: a number is another project's.
        """
        before = await unit.load(PROJECT, project.project_id)
        if before is not None:
            must_stay(before, project)
        had = set(before.dnis) if before else set()
        await unit.load_many(NUMBER, had | set(project.dnis))
        for dnis in project.dnis:
            owner = (await unit.load(NUMBER, dnis)).project_id
            if owner not in (None, project.project_id):
                raise NumberTaken(dnis, owner or "")
            unit.put(NUMBER, dnis, Number(project.project_id))
        for dnis in sorted(had - set(project.dnis)):
            unit.put(NUMBER, dnis, Number())
        unit.put(PROJECT, project.project_id, project)


async def _do(unit: Unit, command: _Job) -> Any:
    return await command.work(unit)
