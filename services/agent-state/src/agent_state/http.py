"""The API of agent-state: agents, their commands, their sockets."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, WebSocket
from msgspec import to_builtins
from pydantic import BaseModel, Field

from agent_state import break_http, directory_http, roster_http, supervising, times_http
from agent_state.bodies import CommandBody
from agent_state.desk import Context
from agent_state.desktop_protocol import asyncapi
from agent_state.domain.refusals import UnknownAgent
from agent_state.kinds import CODES, KINDS
from agent_state.notes_http import routes as notes
from agent_state.problems import STATUSES, problem_of
from agent_state.sheets_http import LARGER as LARGER_SHEETS
from agent_state.sheets_http import RowsRefused
from agent_state.sheets_http import routes as sheets
from agent_state.tables import AGENT
from agent_state.views import AnswerView
from agent_state.webhooks import telling
from contact_runtime.administration.routes import routes_of
from contact_runtime.http import context as request_context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.preconditions import EtagMalformed, PreconditionMissing, RevisionStale
from contact_runtime.http.problems import not_found
from contact_runtime.http.sockets import SocketRoute
from contact_runtime.webhooks import answers as webhooks

__all__ = ["FAULTS", "LARGER", "REFUSALS", "SOCKETS", "Context", "routes"]

REFUSALS: dict[type[Exception], int] = {
    **{refusal: status for refusal, status in STATUSES.items()},
    EtagMalformed: 400,
    RevisionStale: 412,
    PreconditionMissing: 428,
    RowsRefused: 422,
    **webhooks.REFUSALS,
}
LARGER = LARGER_SHEETS | roster_http.LARGER
FAULTS = {**CODES, **webhooks.FAULTS, **telling.FAULTS}


_agents = APIRouter(prefix="/v1/agents", tags=["agents"])
_protocol = APIRouter(prefix="/v1/desktop-protocol", tags=["agents"])
Actor = Annotated[Principal, Depends(require("agents:act"))]


@_agents.post("/{agent_id}/commands")
async def command_agent(
    agent_id: Id, body: CommandBody, principal: Actor, request: Request
) -> AnswerView:
    """Carry out an agent's command; the same `command_id` again gets the same answer.

    409 tells what is true instead, where the command came too late.
    """
    principal.must_be(agent_id)
    context: Context = request.app.state.context
    try:
        answer = await context.submit(body.order(agent_id, trace()))
    except UnknownAgent:
        raise not_found("the agent") from None
    if answer.refused is not None:
        raise problem_of(answer.refused)
    return AnswerView.model_validate(
        {"sequence": answer.version, "agent": to_builtins(answer.agent)}
    )


@_agents.get("/{agent_id}/socket", status_code=204)
async def may_attend(agent_id: Id, principal: Actor, request: Request) -> None:
    """Say whether a socket would be opened: nothing, or the problem that refuses it.

    A browser is not told why a WebSocket was refused; here a page can ask.
    """
    principal.must_be(agent_id)
    context: Context = request.app.state.context
    if (await context.store.peek(AGENT, agent_id)).profile is None:
        raise not_found("the agent")


class Attended(BaseModel):
    """Whose desktop opens a socket, and the last `sequence` that it showed."""

    agent_id: Id
    after: int | None = Field(default=None, ge=0)


async def attend_agent(websocket: WebSocket, asked: Attended, principal: Principal) -> None:
    """Show an agent their state, offers and calls, and take their commands."""
    principal.must_be(asked.agent_id)
    context: Context = websocket.app.state.context
    try:
        await context.sockets.attend(websocket, asked.agent_id, principal, asked.after)
    except UnknownAgent:
        raise not_found("the agent") from None


def trace() -> str | None:
    """Return the trace that this request is part of."""
    return request_context.traceparent.get()


@_protocol.get("")
async def read_desktop_protocol() -> dict[str, Any]:
    """Return the AsyncAPI document of the desktop's WebSocket; it needs no token."""
    return asyncapi()


SOCKETS = [
    SocketRoute("/v1/agents/{agent_id}/socket", attend_agent, asked=Attended, needs="agents:act")
]
routes = APIRouter()
for _part in (  # tried in this order: what desktops and integrators ask all day comes first
    _agents,
    supervising.routes,
    notes,
    *map(routes_of, KINDS),
    sheets,
    roster_http.routes,
    times_http.routes,
    break_http.routes,
    directory_http.routes,
    _protocol,
):
    routes.include_router(_part)
