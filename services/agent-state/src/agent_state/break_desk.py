"""Breaks carried out: what a team's line decides becomes the next status of its agents."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from agent_state.clocking import Change
from agent_state.commands import BreakOrder, Cause, carry_out, once
from agent_state.domain import breaks
from agent_state.domain.agent import Agent, NotReady, Offline, is_free
from agent_state.domain.answers import Answer
from agent_state.domain.breaks import Asked, Outcome, Rules, Stay, TeamBreaks
from agent_state.domain.commands import (
    AskForBreak,
    BecomeNotReady,
    BecomeReady,
    ShowBreak,
    TellOverrun,
    WithdrawBreak,
)
from agent_state.domain.facts import Fact
from agent_state.domain.refusals import (
    NotABreak,
    NotSignedIn,
    OnBreakAlready,
    Refusal,
    UnknownAgent,
)
from agent_state.domain.rosters import days_around, plan_key, planned_break_s
from agent_state.tables import AGENT, BREAKS, REASON, ROSTER, TEAM
from contact_runtime.catalogue import AGENT_STAYS_OVERDUE
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Unit
from contact_runtime.timers import Tick

NO_TEAM = ""
"""Under which key the breaks of agents without a team are kept: they have no limit."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an agent's break at a moment; `by` is the supervisor who does."""

    agent_id: str
    at: datetime
    causation: str
    by: str | None = None


def team_of(agent: Agent) -> str:
    """Return under which key the breaks of the agent's team are kept."""
    return (agent.profile.team if agent.profile else None) or NO_TEAM


async def obey(unit: Unit, order: BreakOrder, now: datetime) -> Answer:
    """Carry out what an agent asks over the desktop's protocol, and return its one answer.

    Raises:
        UnknownAgent, CommandIdReused: see `commands.once`.
    """
    wish = Wish(order.agent_id, now, f"command:{order.command_id}")
    await _lock(unit, await _team(unit, order.agent_id), order.agent_id)

    async def effect(_: Agent) -> Iterable[Fact]:
        match order.command:
            case AskForBreak(reason=reason):
                await ask(unit, wish, reason)
            case WithdrawBreak():
                await withdraw(unit, wish)
            case _:
                assert_never(order.command)
        return []

    return await once(unit, order, effect)


async def ask(unit: Unit, wish: Wish, reason: str) -> TeamBreaks:
    """Carry out that an agent asks for a break, and return their team's breaks.

    Raises:
        UnknownAgent, NotSignedIn, OnBreakAlready, NotABreak: see `refusals`.
    """
    team_id = await _team(unit, wish.agent_id)
    found = await unit.peek(REASON, reason)
    if found is None or found.said.deactivated or not found.said.is_break:
        raise NotABreak(f"{reason} is no reason of a break", reason=reason)
    before = await _lock(unit, team_id, wish.agent_id)
    agent = await unit.load(AGENT, wish.agent_id)
    if isinstance(agent.presence, Offline):
        raise NotSignedIn(f"agent {wish.agent_id} is not signed in")
    if is_free(agent) and _is_away(agent, reason):
        raise OnBreakAlready(f"agent {wish.agent_id} is on a break", reason=reason)
    asked = Asked(wish.agent_id, reason, wish.at)
    return await _take(unit, team_id, breaks.ask(before, asked, await _rules(unit, team_id)), wish)


async def withdraw(unit: Unit, wish: Wish) -> TeamBreaks:
    """Carry out that an agent no longer wants the break they asked for.

    Raises:
        UnknownAgent, NoBreakAsked: see `refusals`.
    """
    team_id = await _team(unit, wish.agent_id)
    before = await unit.load(BREAKS, team_id)
    rules = await _rules(unit, team_id)
    return await _take(unit, team_id, breaks.withdraw(before, wish.agent_id, wish.at, rules), wish)


async def grant(unit: Unit, wish: Wish) -> TeamBreaks:
    """Carry out that a supervisor gives who waits a place.

    Raises:
        UnknownAgent, NoBreakAsked: see `refusals`.
    """
    team_id = await _team(unit, wish.agent_id)
    before = await unit.load(BREAKS, team_id)
    rules = await _rules(unit, team_id)
    given = breaks.grant(before, wish.agent_id, wish.by or "", wish.at, rules)
    return await _take(unit, team_id, given, wish)


async def follow(unit: Unit, changes: Sequence[Change]) -> None:
    """Take what the log tells of who went and who came back, and give the places that are free."""
    teams: defaultdict[str, list[Change]] = defaultdict(list)
    for change in filter(_matters, changes):
        for team_id in {change.before.team_id or NO_TEAM, change.now.team_id or NO_TEAM}:
            teams[team_id].append(change)
    await unit.load_many(BREAKS, teams)
    outcomes: dict[str, Outcome] = {}
    concerned: set[str] = set()
    for team_id, told in sorted(teams.items()):
        before = await unit.load(BREAKS, team_id)
        outcomes[team_id] = await _followed(unit, team_id, before, told)
        concerned |= _concerned(before, outcomes[team_id])
    await unit.load_many(AGENT, concerned)  # of all teams at once, in the order of their ids
    for team_id, outcome in outcomes.items():
        wish = Wish("", teams[team_id][-1].at, f"break:{team_id}")
        await _take(unit, team_id, outcome, wish)


async def _followed(unit: Unit, team_id: str, after: TeamBreaks, told: Sequence[Change]) -> Outcome:
    """Return what the changes of a team's agents make of its breaks."""
    for change in told:
        after = await _came_or_went(unit, team_id, after, change)
    return breaks.settle(after, told[-1].at, await _rules(unit, team_id))


def ticking(metrics: Metrics) -> Tick:
    """Return what a team's breaks do when one is overdue or a grant was not taken in time."""

    async def tick(unit: Unit, team_id: str, now: datetime) -> None:
        marked, overdue = breaks.overdue(await unit.load(BREAKS, team_id), now)
        outcome = breaks.settle(marked, now, await _rules(unit, team_id))
        wish = Wish("", now, f"timer:break:{team_id}")
        await _take(unit, team_id, outcome, wish)
        for stay in overdue:
            metrics.add(AGENT_STAYS_OVERDUE, stay.limit or "")
            await _tell_overrun(unit, stay, Cause(now, wish.causation))

    return tick


async def _tell_overrun(unit: Unit, stay: Stay, cause: Cause) -> None:
    if stay.overdue_at is None or stay.limit is None:
        return
    command = TellOverrun(reason=stay.reason, overdue_at=stay.overdue_at, limit=stay.limit)
    await carry_out(unit, stay.agent_id, command, cause)


async def _came_or_went(unit: Unit, team_id: str, before: TeamBreaks, change: Change) -> TeamBreaks:
    if change.now.status == "Offline" or (change.now.team_id or NO_TEAM) != team_id:
        return breaks.left(before, change.agent_id, change.at)
    if change.now.status != "NotReady":
        return breaks.came_back(before, change.agent_id)
    counts = team_id != NO_TEAM or change.agent_id in breaks.places(before)
    stay = await _stay(unit, change, counts=counts)
    return breaks.went(before, stay) if stay else breaks.came_back(before, change.agent_id)


async def _stay(unit: Unit, change: Change, *, counts: bool) -> Stay | None:
    """Return the stay that begins with a change; None if it has neither a place nor a limit.

    A break `counts` where there is a team, or the agent has asked for it.
    """
    reason, since = change.now.reason or "", change.now.since or change.at
    found = await unit.peek(REASON, reason)
    holds_place = counts and found is not None and found.said.is_break
    longest_s = found.said.longest_stay_s if found else None
    planned_s = await _planned_s(unit, change.agent_id, reason, since)
    overdue_at, limit = breaks.limited(since, planned_s, longest_s)
    if not holds_place and overdue_at is None:
        return None
    return Stay(change.agent_id, reason, since, holds_place, overdue_at, limit)


async def _planned_s(unit: Unit, agent_id: str, reason: str, at: datetime) -> float | None:
    days = days_around(at.date())
    plans = [await unit.peek(ROSTER, plan_key(agent_id, day)) for day in days]
    return planned_break_s([shift for plan in plans for shift in plan.shifts], reason, at)


async def _lock(unit: Unit, team_id: str, agent_id: str) -> TeamBreaks:
    """Lock a team's breaks, then the agent with all whose turn may change, in the order of ids."""
    found = await unit.load(BREAKS, team_id)
    waiting = {one.agent_id for one in found.waiting}
    granted = {one.agent_id for one in found.granted}
    await unit.load_many(AGENT, waiting | granted | {agent_id})
    return found


async def _take(unit: Unit, team_id: str, outcome: Outcome, wish: Wish) -> TeamBreaks:
    """Keep a team's breaks, and tell the agents whom they concern what comes next for them."""
    before, after = await unit.load(BREAKS, team_id), outcome.breaks
    if before != after:
        unit.put(BREAKS, team_id, after)
    concerned, places = sorted(_concerned(before, outcome)), breaks.places(after)
    await unit.load_many(AGENT, concerned)
    cause = Cause(wish.at, wish.causation)
    for agent_id in concerned:
        await carry_out(unit, agent_id, ShowBreak(place=places.get(agent_id)), cause)
    for taken in outcome.withdrawn:
        agent = await unit.load(AGENT, taken.agent_id)
        if not is_free(agent) and _is_away(agent, taken.reason):
            await _say(unit, taken.agent_id, BecomeReady(), cause)
    for given in outcome.granted:
        by = replace(cause, by=given.by)
        await _say(unit, given.agent_id, BecomeNotReady(reason=given.reason), by)
    return after


def _concerned(before: TeamBreaks, outcome: Outcome) -> set[str]:
    """Return the agents whose place in their team's breaks is another one then."""
    was, now = breaks.places(before), breaks.places(outcome.breaks)
    moved = {agent_id for agent_id in was | now if was.get(agent_id) != now.get(agent_id)}
    return moved | {one.agent_id for one in (*outcome.withdrawn, *outcome.granted)}


async def _say(unit: Unit, agent_id: str, command: BecomeReady | BecomeNotReady, c: Cause) -> None:
    with suppress(Refusal):  # signed out meanwhile: their place is free once the log has said so
        await carry_out(unit, agent_id, command, c)


async def _rules(unit: Unit, team_id: str) -> Rules:
    team = await unit.peek(TEAM, team_id)
    if team is None:
        return Rules()
    return Rules(team.said.breaks_at_once, team.said.break_taken_within_s)


async def _team(unit: Unit, agent_id: str) -> str:
    """Return the key of the agent's breaks.

    Raises:
        UnknownAgent: nobody has described such an agent.
    """
    agent = await unit.peek(AGENT, agent_id)
    if agent.profile is None:
        raise UnknownAgent(f"agent {agent_id} does not exist")
    return team_of(agent)


def _is_away(agent: Agent, reason: str) -> bool:
    return isinstance(agent.presence, NotReady) and agent.presence.reason == reason


def _matters(change: Change) -> bool:
    """Return whether somebody came, went, signed out or changed teams: most changes are calls."""
    statuses = {change.before.status, change.now.status}
    moved = change.before.team_id != change.now.team_id
    return moved or bool(statuses & {"NotReady", "Offline"})
