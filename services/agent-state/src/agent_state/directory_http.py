"""The directory over HTTP: whom an agent may send a call to, or consult."""

from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec import to_builtins

from agent_state.desk import AtDesk
from agent_state.domain.agent import Agent, station_of
from agent_state.domain.view import status_of
from contact_events.agents import AgentStatus
from contact_events.calls import Text
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.documents import Name

routes = APIRouter(prefix="/v1", tags=["agents"])
Chooser = Annotated[Principal, Depends(require("choices:read"))]


class QueueListed(View):
    """A queue that calls may be sent to."""

    queue_id: Id
    name: Name


class SkillListed(View):
    """A skill whose specialists calls may be sent to."""

    skill_id: Id
    name: Name


class AgentListed(View):
    """A colleague who is signed in; `Ready` is free. Nothing of whom they talk with."""

    agent_id: Id
    name: Name
    site_id: Id
    status: AgentStatus


class DirectoryView(View):
    """Whom a call may be sent to, each list by id."""

    queues: list[QueueListed]
    skills: list[SkillListed]
    agents: list[AgentListed]


@routes.get("/directory")
async def read_directory(_: Chooser, desk: AtDesk) -> DirectoryView:
    """Return the queues, skills and signed-in agents that a transfer or consultation may name.

    Agents are as they were within the last two seconds.
    """
    queues, skills = await desk.directory.queues(), await desk.directory.skills()
    return DirectoryView(
        queues=[QueueListed(queue_id=key, name=_words(name)) for key, name in queues.items()],
        skills=[SkillListed(skill_id=key, name=_words(name)) for key, name in skills.items()],
        agents=[_listed(agent) for agent in await desk.directory.agents()],
    )


def _listed(agent: Agent) -> AgentListed:
    assert agent.profile is not None
    return AgentListed(
        agent_id=agent.agent_id,
        name=_words(agent.profile.name),
        site_id=station_of(agent).site_id,
        status=status_of(agent),
    )


def _words(text: Text) -> Name:
    return Name.model_validate(to_builtins(text))
