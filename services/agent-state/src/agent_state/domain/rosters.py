"""Who is to work when: shifts with their planned breaks, and what is wrong with a plan.

A plan is one agent's local day: the shifts that begin on it, by the site's clock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

LONGEST_SHIFT: Final = timedelta(hours=24)
MOST_BREAKS: Final = 20
MOST_SHIFTS: Final = 4

FAULTS: Final[dict[str, str]] = {
    "agent-unknown": "No agent has this id.",
    "site-unknown": "No site has this id.",
    "reason-unknown": "No reason for NotReady has this id.",
    "time-wrong": "Not a moment: `2026-03-02T09:00`, by the site's clock or with an offset.",
    "time-skipped": "The site's clock never shows this time: it is put forward over it.",
    "time-twice": "The site's clock shows this time twice: say which with an offset.",
    "break-wrong": "Not a break: `lunch@12:00/12:30`, several with a space between them.",
    "to-before-from": "It ends when it begins, or before.",
    "shift-too-long": "A shift lasts 24 hours at most.",
    "shifts-overlap": "Another shift of this agent covers part of it.",
    "breaks-overlap": "Another break of this shift covers part of it.",
    "break-outside-shift": "The break is not within the shift.",
    "too-many": "At most 4 shifts begin on one day, and a shift has at most 20 breaks.",
    "too-many-lines": "At most 10,000 lines at once.",
    "date-wrong": "The shift does not begin on this day by the site's clock.",
    "column-missing": "The first line names the columns agent, site, from, to and breaks.",
    "row-wrong": "The line has another number of columns than the first.",
}
"""What may be wrong with a plan, each with a sentence for who wrote it."""


class PlannedBreak(msgspec.Struct, frozen=True):
    """A planned absence for a reason of NotReady: lunch, rest, training."""

    reason: str
    starts_at: datetime
    ends_at: datetime


class Shift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When an agent is to be signed in, where, and when they are to be away from calls."""

    site_id: str
    starts_at: datetime
    ends_at: datetime
    breaks: tuple[PlannedBreak, ...] = ()


class DayPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The shifts of one agent that begin on one local day, in their order.

    Of `ended` shifts the end was carried out; who is to leave after it does so at `leaving_at`.
    """

    agent_id: str
    day: date
    shifts: tuple[Shift, ...] = ()
    revision: int = 0
    ended: int = 0
    leaving_at: datetime | None = None


Fault = tuple[str, tuple[str | int, ...]]
"""What is wrong with a plan: a code of `FAULTS`, and where in it."""


def plan_key(agent_id: str, day: date) -> str:
    """Return the key of an agent's plan of one local day."""
    return f"{agent_id}/{day.isoformat()}"


def unplanned(key: str) -> DayPlan:
    """Return the plan of a day before anybody planned it."""
    agent_id, _, day = key.rpartition("/")
    return DayPlan(agent_id=agent_id, day=date.fromisoformat(day))


def due_of(plan: DayPlan) -> datetime | None:
    """Return when the plan next asks something of the agent; None once all was asked."""
    dues = [] if plan.leaving_at is None else [plan.leaving_at]
    return min((*dues, *(shift.ends_at for shift in plan.shifts[plan.ended :])), default=None)


def days_around(day: date) -> tuple[date, date, date]:
    """Return the days whose shifts can overlap with one that begins on `day`."""
    return day - timedelta(days=1), day, day + timedelta(days=1)


def faults_of(
    day: date, shifts: Iterable[Shift], zones: Mapping[str, ZoneInfo], reasons: Collection[str]
) -> Iterator[Fault]:
    """Yield what is wrong with the shifts of one day, each by itself."""
    for number, shift in enumerate(shifts):
        zone = zones.get(shift.site_id)
        if zone is None:
            yield "site-unknown", ("shifts", number, "site_id")
        elif shift.starts_at.astimezone(zone).date() != day:
            yield "date-wrong", ("shifts", number, "from")
        for code, where in shift_faults(shift, reasons):
            yield code, ("shifts", number, *where)


def shift_faults(shift: Shift, reasons: Collection[str]) -> Iterator[Fault]:
    """Yield what is wrong with one shift."""
    if shift.ends_at <= shift.starts_at:
        yield "to-before-from", ("to",)
        return
    if shift.ends_at - shift.starts_at > LONGEST_SHIFT:
        yield "shift-too-long", ("to",)
    if len(shift.breaks) > MOST_BREAKS:
        yield "too-many", ("breaks",)
    for number, pause in enumerate(shift.breaks):
        yield from _break_faults(shift, pause, number, reasons)
    ordered = sorted(shift.breaks, key=lambda pause: pause.starts_at)
    if any(later.starts_at < earlier.ends_at for earlier, later in pairwise(ordered)):
        yield "breaks-overlap", ("breaks",)


def _break_faults(
    shift: Shift, pause: PlannedBreak, number: int, reasons: Collection[str]
) -> Iterator[Fault]:
    if pause.reason not in reasons:
        yield "reason-unknown", ("breaks", number, "reason")
    if pause.ends_at <= pause.starts_at:
        yield "to-before-from", ("breaks", number, "to")
    elif pause.starts_at < shift.starts_at or shift.ends_at < pause.ends_at:
        yield "break-outside-shift", ("breaks", number)


def overlaps(shifts: Iterable[Shift]) -> list[Shift]:
    """Return the shifts, of one agent, that begin before an earlier one has ended."""
    found: list[Shift] = []
    ends_at: datetime | None = None
    for shift in sorted(shifts, key=_order):
        if ends_at is not None and shift.starts_at < ends_at:
            found.append(shift)
        ends_at = max(shift.ends_at, ends_at or shift.ends_at)
    return found


def in_order(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """Return the shifts as they follow each other, their breaks too."""
    return tuple(
        msgspec.structs.replace(
            shift, breaks=tuple(sorted(shift.breaks, key=lambda pause: pause.starts_at))
        )
        for shift in sorted(shifts, key=_order)
    )


def planned_anew(plan: DayPlan, shifts: Iterable[Shift], now: datetime) -> DayPlan:
    """Return the plan with these shifts, one revision on; what is past asks nothing any more."""
    ordered = in_order(shifts)
    return DayPlan(
        agent_id=plan.agent_id,
        day=plan.day,
        shifts=ordered,
        revision=plan.revision + 1,
        ended=sum(shift.ends_at <= now for shift in ordered),
    )


def ended(plan: DayPlan, now: datetime, leaving_at: datetime | None) -> DayPlan:
    """Return the plan after the end of every shift that is over was carried out."""
    over = sum(shift.ends_at <= now for shift in plan.shifts)
    return msgspec.structs.replace(plan, ended=over, leaving_at=leaving_at)


def covering(shifts: Iterable[Shift], at: datetime) -> Shift | None:
    """Return the shift that is on at `at`, or None between shifts."""
    return next((shift for shift in shifts if shift.starts_at <= at < shift.ends_at), None)


def planned_break_s(shifts: Iterable[Shift], reason: str, at: datetime) -> float | None:
    """Return how long the break for `reason` nearest to `at` is planned, in seconds.

    None where the shift that is on at `at` plans no such break.
    """
    shift = covering(shifts, at)
    pauses = [pause for pause in shift.breaks if pause.reason == reason] if shift else []
    if not pauses:
        return None
    nearest = min(pauses, key=lambda pause: abs(pause.starts_at - at))
    return (nearest.ends_at - nearest.starts_at).total_seconds()


def _order(shift: Shift) -> tuple[datetime, datetime]:
    return shift.starts_at, shift.ends_at
