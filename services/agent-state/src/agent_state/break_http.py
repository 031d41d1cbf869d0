"""Breaks over HTTP: an agent asks for one, a supervisor sees and grants."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from agent_state import break_desk
from agent_state.break_desk import Wish
from agent_state.desk import AtDesk, Context
from agent_state.domain.breaks import Granted, Stay, TeamBreaks, places
from agent_state.domain.refusals import Refusal
from agent_state.problems import problem_of_refusal
from agent_state.tables import AGENT, BREAKS, TEAM
from contact_runtime.administration.office import Work
from contact_runtime.http import context as request_context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Body, Id, View
from contact_runtime.http.problems import not_found

Actor = Annotated[Principal, Depends(require("agents:act"))]
Supervisor = Annotated[Principal, Depends(require("agents:supervise"))]
Reader = Annotated[Principal, Depends(require("agents:read"))]


class BreakBody(Body):
    """Which break an agent asks for."""

    reason: Id = Field(description="a reason for NotReady that `is_break`", examples=["lunch"])


class BreakView(View):
    """An agent's break: `none`, waited for in the team's line, granted, or begun (`away`)."""

    agent_id: str
    state: Literal["none", "waiting", "granted", "away"]
    reason: str | None = None
    position: int | None = Field(default=None, description="in the line; 1 is next", examples=[2])
    take_by: AwareDatetime | None = Field(
        default=None, description="a grant that is not taken by then passes to who waits"
    )
    overdue_at: AwareDatetime | None = None
    overdue: bool = False


class AwayView(View):
    """An agent who is NotReady for a reason that has a place or a limit."""

    agent_id: str
    reason: str
    since: AwareDatetime
    holds_place: bool = Field(description="counts against `breaks_at_once`")
    overdue_at: AwareDatetime | None = None
    limit: Literal["planned", "longest_stay"] | None = Field(
        default=None, description="what makes it overdue: the roster, or the reason"
    )
    overdue: bool


class GrantView(View):
    """A place that is an agent's, who has not gone yet."""

    agent_id: str
    reason: str
    granted_at: AwareDatetime
    take_by: AwareDatetime
    by: str | None = Field(default=None, description="the supervisor who gave it")


class TeamBreaksView(View):
    """The breaks of a team: who is away, who may go, and who waits, in order."""

    team_id: str
    breaks_at_once: int | None = Field(description="null: any number")
    away: list[AwayView]
    granted: list[GrantView]
    waiting: list[BreakView]


routes = APIRouter(prefix="/v1", tags=["breaks"])


@routes.post("/agents/{agent_id}/break")
async def ask_for_break(agent_id: Id, body: BreakBody, principal: Actor, desk: AtDesk) -> BreakView:
    """Ask for a break: granted at once, or when the agent's turn comes.

    A grant is the agent's next status: the break begins when talk and after-call work are over.
    Asking again changes the reason and keeps the place in the line.
    """
    principal.must_be(agent_id)
    wish = _wish(desk, agent_id)
    return await _carried_out(desk, agent_id, lambda unit: break_desk.ask(unit, wish, body.reason))


@routes.get("/agents/{agent_id}/break")
async def read_break(agent_id: Id, principal: Actor, desk: AtDesk) -> BreakView:
    """Return what the agent's break is: asked for, granted, begun, or none."""
    principal.must_be(agent_id)
    agent = await desk.store.peek(AGENT, agent_id)
    if agent.profile is None:
        raise not_found("the agent")
    found = await desk.store.peek(BREAKS, break_desk.team_of(agent))
    return _shown(agent_id, found)


@routes.delete("/agents/{agent_id}/break")
async def withdraw_break(agent_id: Id, principal: Actor, desk: AtDesk) -> BreakView:
    """Ask for it no more, or give the place back; a break that has begun ends with `ready`."""
    principal.must_be(agent_id)
    wish = _wish(desk, agent_id)
    return await _carried_out(desk, agent_id, lambda unit: break_desk.withdraw(unit, wish))


@routes.post("/agents/{agent_id}/break/grant")
async def grant_break(agent_id: Id, principal: Supervisor, desk: AtDesk) -> BreakView:
    """Give an agent who waits a place now, above the team's limit if need be."""
    wish = _wish(desk, agent_id, by=principal.subject)
    return await _carried_out(desk, agent_id, lambda unit: break_desk.grant(unit, wish))


@routes.get("/teams/{team_id}/breaks")
async def read_breaks(team_id: Id, _: Reader, desk: AtDesk) -> TeamBreaksView:
    """Return who of a team is away, overdue, granted a break, or waits for one."""
    team = await desk.store.peek(TEAM, team_id)
    if team is None:
        raise not_found("the team")
    found = await desk.store.peek(BREAKS, team_id)
    return TeamBreaksView(
        team_id=team_id,
        breaks_at_once=team.said.breaks_at_once,
        away=[_away(stay) for stay in found.away],
        granted=[_granted(grant) for grant in found.granted],
        waiting=[_shown(asked.agent_id, found) for asked in found.waiting],
    )


def _wish(desk: Context, agent_id: str, by: str | None = None) -> Wish:
    cause = f"command:{request_context.request_id.get()}"
    return Wish(agent_id, desk.planning.clock.now(), cause, by)


async def _carried_out(desk: Context, agent_id: str, work: Work[TeamBreaks]) -> BreakView:
    team_id = break_desk.team_of(await desk.store.peek(AGENT, agent_id))
    try:
        return _shown(agent_id, await desk.planning.carry_out(work, (BREAKS, team_id)))
    except Refusal as refused:
        raise problem_of_refusal(refused) from None


def _shown(agent_id: str, found: TeamBreaks) -> BreakView:
    place = places(found).get(agent_id)
    if place is None:
        return BreakView(agent_id=agent_id, state="none")
    return BreakView(
        agent_id=agent_id,
        state=place.state,
        reason=place.reason,
        position=place.position,
        take_by=place.take_by,
        overdue_at=place.overdue_at,
        overdue=place.overdue,
    )


def _away(stay: Stay) -> AwayView:
    return AwayView.model_validate(
        {
            "agent_id": stay.agent_id,
            "reason": stay.reason,
            "since": stay.since,
            "holds_place": stay.holds_place,
            "overdue_at": stay.overdue_at,
            "limit": stay.limit,
            "overdue": stay.alerted,
        }
    )


def _granted(grant: Granted) -> GrantView:
    return GrantView(
        agent_id=grant.agent_id,
        reason=grant.reason,
        granted_at=grant.at,
        take_by=grant.take_by,
        by=grant.by,
    )
