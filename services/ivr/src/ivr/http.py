"""The front door over HTTP: calls arrive, press keys, hang up and are looked at."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from msgspec.structs import asdict
from starlette.responses import Response

from contact_events.identity import derived_id
from contact_runtime.http import context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.idempotency import IDEMPOTENCY, Once, Reply, once
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Unit
from ivr.call_views import CallerView, CallView
from ivr.commands import Cause, carry_out, tell_erased, tell_reading
from ivr.desk import Desk
from ivr.domain.call import Call, Connected, Known, Unborn
from ivr.domain.commands import Arrive, HangUp, PressDigits
from ivr.domain.flow import hears
from ivr.domain.masking import seen_by
from ivr.domain.projects import Project
from ivr.domain.refusals import (
    CallOver,
    NoClientKey,
    NotANumber,
    NumberTaken,
    NumberUnknown,
    ProjectFixed,
)
from ivr.hours import with_hours
from ivr.tables import CALL, PROJECT
from ivr.views import CallBody, DigitsBody, ErasureBody, ErasureView, ProjectBody, ProjectView

REFUSALS: dict[type[Exception], int] = {
    CallOver: 409,
    NumberTaken: 409,
    ProjectFixed: 409,
    NumberUnknown: 422,
    NotANumber: 422,
    NoClientKey: 422,
}
POLL_S = 10.0
"""Machine seconds after which a waiting request looks at the row itself: see `get_call`."""

routes = APIRouter(prefix="/v1")

Writes = Annotated[Principal, Depends(require("calls:write"))]
Reads = Annotated[Principal, Depends(require("calls:read"))]
Opens = Annotated[Principal, Depends(require("callers:read"))]
Erases = Annotated[Principal, Depends(require("people:admin"))]
Administers = Annotated[Principal, Depends(require("projects:admin"))]


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


@routes.post("/calls", status_code=201, response_model=CallView)
async def receive_call(
    body: CallBody, principal: Writes, asked: Annotated[Once, Depends(once)], desk: AtDesk
) -> Response:
    """Let a call in: it hears its project's greeting, or waits at once if there is no menu."""
    call_id = derived_id("call", asked.row)
    cause = _cause(desk, f"command:{call_id}")

    async def receive(unit: Unit) -> Reply:
        project = await desk.project_dialled(unit, body.dnis)
        principal.must_read(project.client_id, "the number")
        caller = None
        if body.ani is not None:
            caller = await desk.people.identify(unit, project.client_id, body.ani, body.name)
        arrival = Arrive(
            project=project,
            dnis=body.dnis,
            entry_site_id=body.entry_site,
            channel=body.channel,
            caller=caller,
            attributes=dict(body.attributes),
        )
        before = await unit.load(CALL, call_id)
        command = await with_hours(unit, call_id, before, arrival, cause.time)
        call = await carry_out(unit, call_id, before, command, cause)
        return Reply.of(201, CallView.of(call_id, call, hears(call, project)))

    reply = await desk.carry_out(
        lambda unit: asked.reply(unit, lambda: receive(unit)),
        (CALL, call_id),
        (IDEMPOTENCY, asked.row),
    )
    return reply.response()


@routes.post("/calls/{call_id}/digits")
async def press_digits(call_id: Id, body: DigitsBody, principal: Writes, desk: AtDesk) -> CallView:
    """Press keys, one after the other; they count while the call is in self-service."""
    cause = _cause(desk, f"command:{context.request_id.get()}")

    async def press(unit: Unit) -> CallView:
        call, project = await _theirs(unit, call_id, principal)
        pressed = PressDigits(digits=body.digits, project=project)
        command = await with_hours(unit, call_id, call, pressed, cause.time)
        after = await carry_out(unit, call_id, call, command, cause)
        return CallView.of(call_id, after, hears(after, project))

    return await desk.carry_out(press, (CALL, call_id))


@routes.post("/calls/{call_id}/hangup")
async def hang_up(call_id: Id, principal: Writes, desk: AtDesk) -> CallView:
    """End the call from the caller's side; a call that is over stays as it is."""
    cause = _cause(desk, f"command:{context.request_id.get()}")

    async def leave(unit: Unit) -> CallView:
        call, project = await _theirs(unit, call_id, principal)
        after = await carry_out(unit, call_id, call, HangUp(), cause)
        return CallView.of(call_id, after, hears(after, project))

    return await desk.carry_out(leave, (CALL, call_id))


@routes.get("/calls/{call_id}")
async def get_call(
    call_id: Id,
    principal: Reads,
    desk: AtDesk,
    wait_s: Annotated[float, Query(ge=0, le=30, allow_inf_nan=False)] = 0,
    after_version: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> CallView:
    """Show the call; with `wait_s`, once its version is above `after_version` or time is up."""
    ends = time.monotonic() + wait_s
    with desk.store.watch(CALL, call_id) as watch:
        call = _known(await desk.store.peek(CALL, call_id), principal)
        while call.version <= after_version and (left_s := ends - time.monotonic()) > 0:
            # Another replica may have written the row, and its notice may be lost.
            told = await watch.next(min(left_s, POLL_S))
            newest = told if told is not None else await desk.store.peek(CALL, call_id)
            call = _known(newest, principal)
    return CallView.of(call_id, call, await desk.heard(call), desk.hint(call))


@routes.get("/calls/{call_id}/caller")
async def read_caller(call_id: Id, principal: Opens, desk: AtDesk) -> CallerView:
    """Show the caller to the agent who talks with them now, as their role may see them.

    Each reading is a fact. To everybody else, before the talk and after it, there is no such call.
    """
    cause = _cause(desk, f"command:{context.request_id.get()}")

    async def read(unit: Unit) -> CallerView:
        call = await unit.load(CALL, call_id)
        agent_id = principal.agent_id
        if not isinstance(call, Connected) or agent_id != call.joined_agent_id:
            raise not_found("the call")
        identity = await desk.people.open(unit, call.caller) if call.caller else None
        if identity is None:
            return CallerView(number=None, name=None)
        seen = seen_by(principal.role, identity.number, identity.name)
        tell_reading(unit, call_id, call, call.joined_agent_id, cause, masked=seen.masked)
        return CallerView.model_validate(asdict(seen))

    return await desk.carry_out(read, (CALL, call_id))


@routes.post("/people/erasures", response_model=ErasureView)
async def erase_person(
    body: ErasureBody,
    principal: Erases,
    asked: Annotated[Once, Depends(once)],
    desk: AtDesk,
) -> Response:
    """Destroy the keys of a person, so that nobody can read again who they are or what was written.

    Their calls stay, with nothing in them that can be opened. 404 where nobody called the client
    from this number, or they were erased already; who calls again is somebody new.
    """
    principal.must_read(body.client_id, "the client")
    cause = _cause(desk, f"command:{asked.row}")

    async def erase(unit: Unit) -> Reply:
        refs = await desk.people.erase(unit, body.client_id, body.number)
        if not refs:
            raise not_found("the person")
        for ref in refs:
            tell_erased(unit, ref, body.client_id, cause)
        view = ErasureView(client_id=body.client_id, caller_refs=refs, erased_at=cause.time)
        return Reply.of(200, view)

    reply = await desk.carry_out(
        lambda unit: asked.reply(unit, lambda: erase(unit)), (IDEMPOTENCY, asked.row)
    )
    return reply.response()


@routes.put("/projects/{project_id}")
async def put_project(
    project_id: Id, body: ProjectBody, principal: Administers, desk: AtDesk
) -> ProjectView:
    """Keep a project whole: what it was before is replaced, numbers given up are free again."""
    principal.must_read(body.client_id, "the project")
    project = body.plain(project_id)
    desk.people.admit(project.client_id)
    await desk.carry_out(lambda unit: desk.keep_project(unit, project))
    return ProjectView.of(project)


@routes.get("/projects/{project_id}")
async def get_project(project_id: Id, principal: Administers, desk: AtDesk) -> ProjectView:
    """Show a project."""
    project = await desk.store.peek(PROJECT, project_id)
    if project is None or not principal.may_read(project.client_id):
        raise not_found("the project")
    return ProjectView.of(project)


def _cause(desk: Desk, causation: str) -> Cause:
    return Cause(desk.clock.now(), causation, context.traceparent.get(), desk.hints)


async def _theirs(unit: Unit, call_id: str, principal: Principal) -> tuple[Known, Project]:
    call = _known(await unit.load(CALL, call_id), principal)
    project = await unit.peek(PROJECT, call.project_id)
    if project is None:
        raise not_found("the project")
    return call, project


def _known(call: Call, principal: Principal) -> Known:
    if isinstance(call, Unborn) or not principal.may_read(call.client_id):
        raise not_found("the call")
    return call
