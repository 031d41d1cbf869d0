"""The front desk: what the HTTP routes work with, and the projects whose numbers they know."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from contact_runtime.clock import Clock
from contact_runtime.rows import Store, Unit
from ivr.domain.call import Call, Unborn
from ivr.domain.flow import Heard, has_something_to_hear, hears
from ivr.domain.projects import Number, Project, must_stay
from ivr.domain.refusals import NumberTaken, NumberUnknown
from ivr.people import People
from ivr.tables import NUMBER, PROJECT

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that the routes need."""

    store: Store
    clock: Clock
    people: People

    async def carry_out(self, work: Callable[[Unit], Awaitable[R]]) -> R:
        """Return what `work` returns, committed together with what others ask at this moment."""
        async with self.store.unit() as unit:
            return await work(unit)

    async def heard(self, call: Call) -> Heard | None:
        """Return what the caller hears now, by their project as it is now."""
        if isinstance(call, Unborn) or not has_something_to_hear(call):
            return None
        project = await self.store.peek(PROJECT, call.project_id)
        return hears(call, project) if project else None

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
