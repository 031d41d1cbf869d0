"""Rosters changed in one transaction: one agent's day, or a whole file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent_state import roster_csv
from agent_state.commands import Cause, carry_out
from agent_state.domain.commands import ExtendShift
from agent_state.domain.rosters import (
    FAULTS,
    DayPlan,
    Shift,
    covering,
    days_around,
    faults_of,
    in_order,
    overlaps,
    plan_key,
    planned_anew,
)
from agent_state.roster_csv import Line, LineFault
from agent_state.tables import PROFILE, REASON, ROSTER
from agent_state.times import zones_of
from contact_runtime.http.documents import Fault, Senseless
from contact_runtime.http.preconditions import Precondition
from contact_runtime.rows import Store, Unit


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file plans: how many shifts, on how many days, how many of them anew; its faults."""

    shifts: int
    days: int
    changed: int
    faults: tuple[LineFault, ...]


async def faults_of_day(store: Store, day: date, shifts: Iterable[Shift]) -> list[Fault]:
    """Return what makes no sense in a day by itself."""
    wanted = list(shifts)
    zones = await zones_of(store, {shift.site_id for shift in wanted})
    reasons = {pause.reason for shift in wanted for pause in shift.breaks}
    known = await store.peek_many(REASON, reasons)
    found = list(faults_of(day, wanted, zones, known.keys()))
    if overlaps(wanted):
        found.append(("shifts-overlap", ("shifts",)))
    return [Fault(where, code, FAULTS[code]) for code, where in found]


async def plan_day(
    unit: Unit, agent_id: str, day: date, shifts: Iterable[Shift], demanded: Precondition, c: Cause
) -> DayPlan:
    """Plan an agent's day anew, and return the plan that counts.

    Raises:
        Senseless: a shift overlaps with one of the day before or after.
        RevisionStale, PreconditionMissing: the day is not planned as demanded.
    """
    keys = [plan_key(agent_id, each) for each in days_around(day)]
    await unit.load_many(ROSTER, keys)
    before = await unit.load(ROSTER, plan_key(agent_id, day))
    wanted = in_order(shifts)
    others = [s for key in (keys[0], keys[2]) for s in (await unit.load(ROSTER, key)).shifts]
    if overlaps([*wanted, *others]):
        raise Senseless([Fault(("shifts",), "shifts-overlap", FAULTS["shifts-overlap"])])
    if wanted != before.shifts or demanded.absent:
        name = f"the roster of {agent_id} on {day}"
        demanded.hold(name, before.revision, exists=bool(before.shifts))
    return await _put(unit, before, wanted, c)


async def read_file(
    store: Store, rows: Sequence[Sequence[str]]
) -> tuple[list[Line], list[LineFault]]:
    """Return the lines of a file that make sense by themselves, and what is wrong with others."""
    agents, sites = roster_csv.named(rows)
    known = await store.peek_many(PROFILE, agents)
    reasons = await store.scan(REASON)
    zones = await zones_of(store, sites)
    return roster_csv.read(rows, roster_csv.Known(known.keys(), zones, reasons.keys()))


async def import_file(
    unit: Unit, lines: list[Line], faults: list[LineFault], cause: Cause, *, dry_run: bool
) -> Imported:
    """Plan anew each day of an agent that a file names; all of them or, with a fault, none."""
    days = _by_day(lines)
    around = {plan_key(a, each) for a, day in days for each in days_around(day)}
    await unit.load_many(ROSTER, around)
    plans = {key: await unit.load(ROSTER, key) for key in sorted(around)}
    named = {plan_key(agent_id, day) for agent_id, day in days}
    staying = [plan for key, plan in plans.items() if key not in named]
    found = [*faults, *roster_csv.clashes(lines, _by_agent(staying))]
    changed = 0
    for (agent_id, day), shifts in sorted(days.items()):
        before = plans[plan_key(agent_id, day)]
        changed += in_order(shifts) != before.shifts
        if not dry_run and not found:
            await _put(unit, before, shifts, cause)
    told = tuple(sorted(found, key=lambda fault: fault.line))
    return Imported(len(lines), len(days), changed, told)


async def _put(unit: Unit, before: DayPlan, shifts: Iterable[Shift], cause: Cause) -> DayPlan:
    wanted = in_order(shifts)
    if wanted == before.shifts:
        return before
    after = planned_anew(before, wanted, cause.time)
    unit.put(ROSTER, plan_key(before.agent_id, before.day), after)
    if covering(wanted, cause.time) is not None:
        await carry_out(unit, before.agent_id, ExtendShift(), cause)
    return after


def _by_day(lines: Iterable[Line]) -> dict[tuple[str, date], list[Shift]]:
    found: dict[tuple[str, date], list[Shift]] = {}
    for line in lines:
        found.setdefault((line.agent_id, line.day), []).append(line.shift)
    return found


def _by_agent(plans: Iterable[DayPlan]) -> Mapping[str, list[Shift]]:
    found: dict[str, list[Shift]] = {}
    for plan in plans:
        found.setdefault(plan.agent_id, []).extend(plan.shifts)
    return found
