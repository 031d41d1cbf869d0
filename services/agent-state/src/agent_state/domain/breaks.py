"""Breaks of a team: at most so many at once, the others in their order, none longer than agreed.

A place is granted, then taken: the grant becomes the agent's next status at once and the break
begins when talk and after-call work are over. A grant that is not taken in time passes to the
next, and who could not take it is first in the line again; while nobody waits it stays theirs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from agent_state.domain.agent import BreakPlace
from agent_state.domain.refusals import NoBreakAsked
from contact_events.agents import StayLimit


class Rules(msgspec.Struct, frozen=True):
    """How many of a team may be away at once (None: any number), and how long a grant stands."""

    most_at_once: int | None = None
    take_within_s: float = 600.0


class Asked(msgspec.Struct, frozen=True):
    """An agent who waits for a break."""

    agent_id: str
    reason: str
    at: datetime


class Granted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that is an agent's, who has not gone yet; `by` is the supervisor who gave it."""

    agent_id: str
    reason: str
    asked_at: datetime
    at: datetime
    take_by: datetime
    by: str | None = None


class Stay(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent who is NotReady for a reason with a place or a limit.

    `holds_place` says that it is one of the team's breaks. `limit` is what `overdue_at` follows
    from: the planned length, or the longest stay for this reason. `alerted` once that has passed.
    """

    agent_id: str
    reason: str
    since: datetime
    holds_place: bool
    overdue_at: datetime | None = None
    limit: StayLimit | None = None
    alerted: bool = False


class TeamBreaks(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who of a team waits for a break, in order, who was granted one, and who is away."""

    waiting: tuple[Asked, ...] = ()
    granted: tuple[Granted, ...] = ()
    away: tuple[Stay, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What became of a team's breaks: whom a place was given, from whom it was taken back."""

    breaks: TeamBreaks
    granted: tuple[Granted, ...] = ()
    withdrawn: tuple[Granted, ...] = ()


def due_of(breaks: TeamBreaks) -> datetime | None:
    """Return when a stay is overdue next, or a grant passes to somebody who waits."""
    dues = [stay.overdue_at for stay in breaks.away if stay.overdue_at and not stay.alerted]
    if breaks.waiting:
        dues += [grant.take_by for grant in breaks.granted]
    return min(dues, default=None)


def ask(breaks: TeamBreaks, asked: Asked, rules: Rules) -> Outcome:
    """Return what asking leads to: a place at once, or the end of the line.

    Who asks again, for another reason, keeps the place in the line.
    """
    if _of(breaks.granted, asked.agent_id) is not None:
        return Outcome(breaks)
    if _of(breaks.waiting, asked.agent_id) is not None:
        again = (
            replace(one, reason=asked.reason) if one.agent_id == asked.agent_id else one
            for one in breaks.waiting
        )
        return Outcome(replace(breaks, waiting=tuple(again)))
    return settle(replace(breaks, waiting=(*breaks.waiting, asked)), asked.at, rules)


def withdraw(breaks: TeamBreaks, agent_id: str, at: datetime, rules: Rules) -> Outcome:
    """Return the breaks without what the agent asked for; a place goes to the next.

    Raises:
        NoBreakAsked: the agent has asked for none, or is away already.
    """
    grant = _of(breaks.granted, agent_id)
    if grant is None and _of(breaks.waiting, agent_id) is None:
        raise NoBreakAsked(f"agent {agent_id} has asked for no break")
    found = settle(_without(breaks, agent_id, at), at, rules)
    return replace(found, withdrawn=(*found.withdrawn, *([grant] if grant else [])))


def grant(breaks: TeamBreaks, agent_id: str, by: str, at: datetime, rules: Rules) -> Outcome:
    """Return the breaks after a supervisor gave who waits a place, above the limit if need be.

    Raises:
        NoBreakAsked: the agent does not wait.
    """
    asked = _of(breaks.waiting, agent_id)
    if asked is None:
        raise NoBreakAsked(f"agent {agent_id} does not wait for a break")
    given = _granted(asked, at, rules, by)
    rest = tuple(one for one in breaks.waiting if one is not asked)
    return Outcome(replace(breaks, waiting=rest, granted=(*breaks.granted, given)), (given,))


def went(breaks: TeamBreaks, stay: Stay) -> TeamBreaks:
    """Return the breaks after the agent went: a grant or a request for it is used up."""
    rest = _without(breaks, stay.agent_id, stay.since) if stay.holds_place else breaks
    return replace(rest, away=(*came_back(rest, stay.agent_id).away, stay))


def came_back(breaks: TeamBreaks, agent_id: str) -> TeamBreaks:
    """Return the breaks without the agent's stay; what they asked for meanwhile stays."""
    away = tuple(one for one in breaks.away if one.agent_id != agent_id)
    return breaks if away == breaks.away else replace(breaks, away=away)


def left(breaks: TeamBreaks, agent_id: str, at: datetime) -> TeamBreaks:
    """Return the breaks without the agent, who signed out at `at`, or is of another team since.

    What was asked or granted later than that is of a later attendance, and stays.
    """
    return came_back(_without(breaks, agent_id, at), agent_id)


def settle(breaks: TeamBreaks, at: datetime, rules: Rules) -> Outcome:
    """Return the breaks as they are at `at`: grants out of time passed on, free places given.

    As many pass on as there are others who wait; the rest have the same time once more.
    """
    late = [one for one in breaks.granted if one.take_by <= at] if breaks.waiting else []
    withdrawn, renewed = late[: len(breaks.waiting)], late[len(breaks.waiting) :]
    new = [_granted(one, at, rules) for one in breaks.waiting[: len(withdrawn)]]
    again = (Asked(one.agent_id, one.reason, one.asked_at) for one in withdrawn)
    waiting = [*again, *breaks.waiting[len(withdrawn) :]]
    take_by = at + timedelta(seconds=rules.take_within_s)
    kept = [
        replace(one, take_by=take_by) if one in renewed else one
        for one in breaks.granted
        if one not in withdrawn
    ]
    taken = len(kept) + len(new) + sum(stay.holds_place for stay in breaks.away)
    while waiting and (rules.most_at_once is None or taken < rules.most_at_once):
        new.append(_granted(waiting.pop(0), at, rules))
        taken += 1
    after = replace(breaks, waiting=tuple(waiting), granted=(*kept, *new))
    back = {one.agent_id for one in new}
    return Outcome(after, tuple(new), tuple(w for w in withdrawn if w.agent_id not in back))


def overdue(breaks: TeamBreaks, at: datetime) -> tuple[TeamBreaks, tuple[Stay, ...]]:
    """Return the breaks with who is overdue by `at` marked so, and those who are so now."""
    found = tuple(
        stay
        for stay in breaks.away
        if stay.overdue_at is not None and stay.overdue_at <= at and not stay.alerted
    )
    away = tuple(replace(stay, alerted=True) if stay in found else stay for stay in breaks.away)
    return (replace(breaks, away=away) if found else breaks), found


def limited(
    since: datetime, planned_s: float | None, longest_stay_s: float | None
) -> tuple[datetime | None, StayLimit | None]:
    """Return when a stay is overdue and by what: the shorter of plan and longest stay."""
    limits: list[tuple[float, StayLimit]] = []
    if planned_s is not None:
        limits.append((planned_s, "planned"))
    if longest_stay_s is not None:
        limits.append((longest_stay_s, "longest_stay"))
    if not limits:
        return None, None
    length_s, name = min(limits)
    return since + timedelta(seconds=length_s), name


def position(breaks: TeamBreaks, agent_id: str) -> int | None:
    """Return the agent's place in the line, 1 for the next; None if they do not wait."""
    ids = [one.agent_id for one in breaks.waiting]
    return ids.index(agent_id) + 1 if agent_id in ids else None


def places(breaks: TeamBreaks) -> dict[str, BreakPlace]:
    """Return what each agent is shown of their break; of who waits while away, that."""
    away = {
        stay.agent_id: BreakPlace(
            state="away", reason=stay.reason, overdue_at=stay.overdue_at, overdue=stay.alerted
        )
        for stay in breaks.away
    }
    waiting = {
        one.agent_id: BreakPlace(state="waiting", reason=one.reason, position=number)
        for number, one in enumerate(breaks.waiting, 1)
    }
    granted = {
        one.agent_id: BreakPlace(state="granted", reason=one.reason, take_by=one.take_by)
        for one in breaks.granted
    }
    return away | waiting | granted


def _granted(asked: Asked, at: datetime, rules: Rules, by: str | None = None) -> Granted:
    take_by = at + timedelta(seconds=rules.take_within_s)
    return Granted(asked.agent_id, asked.reason, asked.at, at, take_by, by)


def _without(breaks: TeamBreaks, agent_id: str, until: datetime) -> TeamBreaks:
    """Return the breaks without what the agent asked for or was granted up to `until`."""

    def stays(one: Asked | Granted) -> bool:
        return one.agent_id != agent_id or one.at > until

    waiting = tuple(one for one in breaks.waiting if stays(one))
    granted = tuple(one for one in breaks.granted if stays(one))
    if (waiting, granted) == (breaks.waiting, breaks.granted):
        return breaks
    return replace(breaks, waiting=waiting, granted=granted)


def _of(ones: Iterable[Any], agent_id: str) -> Any:
    return next((one for one in ones if one.agent_id == agent_id), None)
