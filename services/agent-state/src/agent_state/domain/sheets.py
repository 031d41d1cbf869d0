"""An agent's time as the log tells it: what they were, quarter by quarter, and when they worked.

It is folded from `agent.changed` alone. Quarters of an hour are those of UTC, which begin when
the quarters of every time zone begin: so a local day, of 23 to 25 hours, is a sum of them, and
nothing that is kept depends on a zone.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from contact_events.agents import AgentChanged

QUARTER: Final = timedelta(minutes=15)
MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)

WORK: Final = ""
"""The activity of an agent who takes or handles contacts; any other is a reason of NotReady."""


class Clocked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an agent is, since when; None where that is Offline."""

    status: str = "Offline"
    reason: str | None = None
    since: datetime | None = None
    team_id: str | None = None


class Spell(msgspec.Struct, frozen=True, array_like=True):
    """A time without a gap in which an agent was signed in and did one thing."""

    starts_at: datetime
    ends_at: datetime
    activity: str


class Sheet(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agent's UTC day: microseconds in each state by quarter of the day, and the spells.

    A state is a status; of NotReady, with its reason: `NotReady:lunch`.
    """

    quarters: dict[int, dict[str, int]] = {}
    spells: tuple[Spell, ...] = ()


def after(before: Clocked, changed: AgentChanged, at: datetime) -> Clocked:
    """Return what the agent is after the change; `before` itself if that is the same."""
    reason = changed.reason if changed.status == "NotReady" else None
    same = (before.status, before.reason) == (changed.status, reason)
    if same:
        return (
            before
            if before.team_id == changed.team_id
            else replace(before, team_id=changed.team_id)
        )
    since = None if changed.status == "Offline" else max(at, before.since or at)
    return Clocked(changed.status, reason, since, changed.team_id)


def state_of(clocked: Clocked) -> str:
    """Return the state under which a sheet counts this time."""
    return f"NotReady:{clocked.reason or ''}" if clocked.status == "NotReady" else clocked.status


def activity_of(clocked: Clocked) -> str:
    """Return what the agent does in this state: work, or what they are away for."""
    return (clocked.reason or "NotReady") if clocked.status == "NotReady" else WORK


def pieces(clocked: Clocked, until: datetime) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield the time in this state up to `until`, cut at the days of UTC."""
    start = clocked.since
    while start is not None and start < until:
        day = start.astimezone(UTC).date()
        end = min(until, datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY)
        yield day, start, end
        start = end


def added(sheet: Sheet, clocked: Clocked, start: datetime, end: datetime) -> Sheet:
    """Return the sheet with a piece of time in this state, all of it within the sheet's day."""
    quarters = {number: dict(states) for number, states in sheet.quarters.items()}
    state = state_of(clocked)
    for number, length in _quarters(start, end):
        states = quarters.setdefault(number, {})
        states[state] = states.get(state, 0) + length
    return Sheet(quarters, _joined((*sheet.spells, Spell(start, end, activity_of(clocked)))))


def joined_spells(sheets: Iterable[Sheet]) -> tuple[Spell, ...]:
    """Return the spells of several days in a row as one history."""
    return _joined(spell for sheet in sheets for spell in sheet.spells)


def totals(day: date, sheet: Sheet, starts_at: datetime, ends_at: datetime) -> dict[str, int]:
    """Return microseconds by state in the sheet's quarters from `starts_at` to `ends_at`."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found: dict[str, int] = {}
    for number, states in sheet.quarters.items():
        if starts_at <= midnight + number * QUARTER < ends_at:
            for state, length in states.items():
                found[state] = found.get(state, 0) + length
    return found


def _quarters(start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    """Yield each quarter of the UTC day that the time touches, with its microseconds there."""
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while start < end:
        number = (start - midnight) // QUARTER
        cut = min(end, midnight + (number + 1) * QUARTER)
        yield number, (cut - start) // MICROSECOND
        start = cut


def _joined(spells: Iterable[Spell]) -> tuple[Spell, ...]:
    found: list[Spell] = []
    for spell in spells:
        if found and (found[-1].ends_at, found[-1].activity) == (spell.starts_at, spell.activity):
            spell = Spell(found[-1].starts_at, spell.ends_at, spell.activity)
            found[-1] = spell
        else:
            found.append(spell)
    return tuple(found)
