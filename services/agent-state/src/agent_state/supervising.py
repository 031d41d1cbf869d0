"""Supervisors: their teams as they are now, and what they order of an agent."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from msgspec import to_builtins

from agent_state.bodies import SupervisorBody
from agent_state.commands import Order
from agent_state.desk import AtDesk, Context
from agent_state.domain.agent import Agent
from agent_state.domain.documents import Team
from agent_state.domain.refusals import NotYourTeam, UnknownAgent
from agent_state.domain.view import view_of
from agent_state.problems import problem_of
from agent_state.tables import AGENT, TEAM
from agent_state.views import AnswerView, StateView
from contact_runtime.http import context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.documents import Name, Text
from contact_runtime.http.problems import not_found

PAGE = 1_000
"""Rows that are read with one statement."""

routes = APIRouter(prefix="/v1", tags=["supervision"])
Supervisor = Annotated[Principal, Depends(require("agents:supervise"))]


class MemberView(View):
    """An agent of a team as they are now."""

    name: Name
    sequence: int
    state: StateView


class TeamNowView(View):
    """A team as it is now; who calls for help comes first, then by id."""

    team_id: Id
    name: Name
    agents: list[MemberView]


class TeamsNowView(View):
    """The teams of a supervisor, by id."""

    teams: list[TeamNowView]


@routes.get("/supervision")
async def read_my_teams(
    principal: Supervisor,
    desk: AtDesk,
    team_id: Annotated[Id | None, Query(description="only this one")] = None,
) -> TeamsNowView:
    """Return the supervisor's own teams with their agents as they are now.

    Administrators see every team.
    """
    teams = {
        key: team
        for key, team in (await _teams(desk)).items()
        if _is_theirs(team, principal) and team_id in (None, key)
    }
    members: dict[str, list[Agent]] = {key: [] for key in teams}
    after = ""
    while teams and (page := await desk.store.page(AGENT, after, PAGE)):
        for agent in page.values():
            if agent.profile and not agent.profile.deactivated and agent.profile.team in members:
                members[agent.profile.team].append(agent)
        after = max(page)
    return TeamsNowView(
        teams=[
            TeamNowView(
                team_id=key,
                name=Text.model_validate(to_builtins(teams[key].name)),
                agents=[_shown(agent) for agent in sorted(members[key], key=_help_first)],
            )
            for key in sorted(teams)
        ]
    )


@routes.post("/agents/{agent_id}/orders")
async def order_agent(
    agent_id: Id, body: SupervisorBody, principal: Supervisor, desk: AtDesk
) -> AnswerView:
    """Order what an agent of one's own team does; `agent.changed` names who ordered it.

    Who is in a talk is signed out after it. The same `command_id` again gets the same answer.
    """
    agent = await desk.store.peek(AGENT, agent_id)
    if agent.profile is None:
        raise not_found("the agent")
    await _must_be_theirs(desk, agent, principal)
    by = principal.subject
    trace = context.traceparent.get()
    try:
        answer = await desk.submit(Order(agent_id, body.order(by), body.command_id, trace, by))
    except UnknownAgent:
        raise not_found("the agent") from None
    if answer.refused is not None:
        raise problem_of(answer.refused)
    return AnswerView.model_validate(
        {"sequence": answer.version, "agent": to_builtins(answer.agent)}
    )


async def _teams(desk: Context) -> dict[str, Team]:
    found = await desk.store.scan(TEAM)
    return {key: team.said for key, team in found.items() if team and not team.said.deactivated}


async def _must_be_theirs(desk: Context, agent: Agent, principal: Principal) -> None:
    team_id = agent.profile.team if agent.profile else None
    found = await desk.store.peek(TEAM, team_id) if team_id else None
    if not _is_theirs(found.said if found else None, principal):
        raise NotYourTeam(f"agent {agent.agent_id} is in no team of yours", team=team_id)


def _is_theirs(team: Team | None, principal: Principal) -> bool:
    if principal.role == "administrator":
        return True
    return team is not None and principal.subject in team.supervisors


def _shown(agent: Agent) -> MemberView:
    assert agent.profile is not None
    return MemberView.model_validate(
        {
            "name": to_builtins(agent.profile.name),
            "sequence": agent.version,
            "state": to_builtins(view_of(agent)),
        }
    )


def _help_first(agent: Agent) -> tuple[bool, str]:
    return agent.help is None, agent.agent_id
