"""The API of agent-state: agents, their commands, their sockets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, WebSocket
from msgspec import to_builtins
from msgspec.structs import asdict
from pydantic import AwareDatetime

from agent_state.bodies import CommandBody, ProfileBody
from agent_state.commands import Order
from agent_state.domain.agent import Agent
from agent_state.domain.commands import SetProfile
from agent_state.domain.refusals import UnknownAgent
from agent_state.domain.view import view_of
from agent_state.problems import STATUSES, problem_of
from agent_state.seats import Submit
from agent_state.sockets import Sockets
from agent_state.tables import AGENT
from contact_runtime.http import context as request_context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Store

REFUSALS: dict[type[Exception], int] = {kind: status for kind, status in STATUSES.items()}


@dataclass(frozen=True, slots=True)
class Context:
    """What the routes need; `close` returns once every command that waits is carried out."""

    store: Store
    submit: Submit
    sockets: Sockets
    close: Callable[[], Awaitable[None]]


class SlotView(View):
    """One contact's room with the agent."""

    slot: int
    state: Literal["free", "reserved", "talking", "hold", "wrap_up"]
    call_id: str | None
    attempt: int | None
    reservation_id: str | None
    since: AwareDatetime | None


class HelpView(View):
    """An open call for help: about which call, and which supervisor comes."""

    since: AwareDatetime
    call_id: str | None = None
    answered_by: str | None = None


class StateView(View):
    """What the agent is now.

    `status` is Offline for who is signed out, else the most engaged slot (Talking, Hold, Reserved,
    WrapUp, in this order), else the presence. `next_presence` comes without being asked again:
    Ready at `returns_at`, Offline once no contact is under way. `rona_total` counts offers that
    rang out, ever; `rona_in_a_row` those since the agent answered one.
    """

    agent_id: str
    presence: Literal["Offline", "NotReady", "Ready"]
    reason: str | None
    status: Literal["Offline", "NotReady", "Ready", "Reserved", "Talking", "Hold", "WrapUp"]
    next_presence: Literal["Offline", "NotReady", "Ready"] | None
    returns_at: AwareDatetime | None
    site_id: str
    telephone: str | None
    rona_total: int
    rona_in_a_row: int
    help: HelpView | None
    slots: list[SlotView]


class AnswerView(View):
    """The agent after a command; `sequence` numbers their changes."""

    sequence: int
    agent: StateView


class AgentView(View):
    """An agent: who they are and what they are now."""

    agent_id: str
    name: str
    site_id: str
    team: str | None
    pool: str
    skills: dict[str, int]
    wrap_up_s: float
    telephone: bool
    sequence: int
    state: StateView


class AgentsView(View):
    """A page of agents, by id; `next` is the `after` of the next page."""

    agents: list[AgentView]
    next: str | None


routes = APIRouter(prefix="/v1/agents", tags=["agents"])
Administrator = Annotated[Principal, Depends(require("agents:admin"))]
Reader = Annotated[Principal, Depends(require("agents:read"))]
Actor = Annotated[Principal, Depends(require("agents:act"))]


@routes.put("/{agent_id}")
async def describe_agent(
    agent_id: Id, body: ProfileBody, _: Administrator, request: Request
) -> AgentView:
    """Describe an agent, new or known; the same again changes nothing."""
    context: Context = request.app.state.context
    await context.submit(Order(agent_id, SetProfile(profile=body.profile()), traceparent=trace()))
    return _shown(await context.store.peek(AGENT, agent_id))


@routes.get("/{agent_id}")
async def read_agent(agent_id: Id, _: Reader, request: Request) -> AgentView:
    """Return an agent as they are now."""
    context: Context = request.app.state.context
    return _shown(await context.store.peek(AGENT, agent_id))


@routes.get("")
async def read_agents(
    _: Reader,
    request: Request,
    after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> AgentsView:
    """Return agents as they are now, by id."""
    context: Context = request.app.state.context
    agents = await context.store.scan(AGENT)
    known = sorted(key for key, agent in agents.items() if agent.profile and key > (after or ""))
    page = known[:limit]
    return AgentsView(
        agents=[_shown(agents[key]) for key in page],
        next=page[-1] if len(known) > limit else None,
    )


@routes.post("/{agent_id}/commands")
async def command_agent(
    agent_id: Id, body: CommandBody, principal: Actor, request: Request
) -> AnswerView:
    """Carry out an agent's command; the same `command_id` again gets the same answer.

    409 tells what is true instead, where the command came too late.
    """
    principal.must_be(agent_id)
    context: Context = request.app.state.context
    try:
        answer = await context.submit(Order(agent_id, body.order(), body.command_id, trace()))
    except UnknownAgent:
        raise not_found("the agent") from None
    if answer.refused is not None:
        raise problem_of(answer.refused)
    return AnswerView.model_validate(
        {"sequence": answer.version, "agent": to_builtins(answer.agent)}
    )


@routes.websocket("/{agent_id}/socket")
async def attend_agent(websocket: WebSocket, agent_id: Id, principal: Actor) -> None:
    """Show an agent their state, offers and calls, and take their commands."""
    principal.must_be(agent_id)
    context: Context = websocket.app.state.context
    try:
        await context.sockets.attend(websocket, agent_id, principal)
    except UnknownAgent:
        raise not_found("the agent") from None


def trace() -> str | None:
    """Return the trace that this request is part of."""
    return request_context.traceparent.get()


def _shown(agent: Agent) -> AgentView:
    if agent.profile is None:
        raise not_found("the agent")
    return AgentView.model_validate(
        {
            **asdict(agent.profile),
            "agent_id": agent.agent_id,
            "sequence": agent.version,
            "state": to_builtins(view_of(agent)),
        }
    )
