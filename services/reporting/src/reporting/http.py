"""The HTTP API of reporting: contact records, intervals, and the live board's stream."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.ext.asyncio import AsyncEngine
from sse_starlette import EventSourceResponse

from contact_runtime.administration.office import Office
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Moment
from contact_runtime.rows import Store
from contact_runtime.webhooks import answers as webhooks
from reporting import answers, contact_records, metrics_http, queries
from reporting.billing import http as billing
from reporting.billing.invoices import Books
from reporting.boards import Boards
from reporting.builds import http as builds
from reporting.builds.orders import Builds
from reporting.live_protocol import asyncapi
from reporting.reports import http as reports
from reporting.reports import moments
from reporting.reports.desk import Reports
from reporting.tables import READER

PING_S = 10

routes = APIRouter(prefix="/v1")

REFUSALS: dict[type[Exception], int] = {
    **reports.REFUSALS,
    **billing.REFUSALS,
    **builds.REFUSALS,
    **webhooks.REFUSALS,
}
FAULTS = {**reports.FAULTS, **billing.FAULTS, **webhooks.FAULTS}


@dataclass(frozen=True, slots=True)
class Context:
    """What the routes need."""

    engine: AsyncEngine
    boards: Boards
    store: Store
    office: Office
    books: Books
    builds: Builds
    reports: Reports


def context(request: Request) -> Context:
    """Return what `main` put there."""
    found: Context = request.app.state.context
    return found


Asked = Annotated[Context, Depends(context)]
ReportReader = Annotated[Principal, Depends(require("reports:read"))]
LiveReader = Annotated[Principal, Depends(require("live:read"))]
From = Annotated[Moment | None, Query(alias="from", description="inclusive")]
To = Annotated[Moment | None, Query(alias="to", description="exclusive")]


@routes.get("/queue-intervals")
async def queue_intervals(
    asked: Asked, who: ReportReader, start: From = None, end: To = None
) -> answers.QueueIntervals:
    """Return the quarters of an hour of each queue. A client's token sees its own contacts only."""
    async with asked.engine.connect() as connection:
        rows = await queries.queue_rows(connection, queries.Span(start, end, who.client))
        owners = await queries.queue_clients(connection)
        position = await queries.position(connection, READER)
    intervals = [answers.queue_interval(row, owners.get(row["queue_id"])) for row in rows]
    return answers.QueueIntervals(
        definition=queries.DEFINITION, position=position, queue_intervals=intervals
    )


@routes.get("/agent-intervals")
async def agent_intervals(
    asked: Asked, who: ReportReader, start: From = None, end: To = None
) -> answers.AgentIntervals:
    """Return the quarters of an hour of each agent: the operator's, so no client may see them."""
    who.must_read(None, "agent intervals")
    async with asked.engine.connect() as connection:
        rows = await queries.agent_rows(connection, queries.Span(start, end))
        position = await queries.position(connection, READER)
    intervals = [answers.AgentInterval(**row) for row in rows]
    return answers.AgentIntervals(position=position, agent_intervals=intervals)


@routes.get("/position")
async def position(asked: Asked, who: ReportReader) -> answers.Position:
    """Return how far the tables have folded the log."""
    async with asked.engine.connect() as connection:
        return answers.Position(position=await queries.position(connection, READER))


@routes.get("/live", response_class=EventSourceResponse)
async def live(
    asked: Asked,
    who: LiveReader,
    last_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="`id` of the last event that was seen"),
    ] = None,
) -> EventSourceResponse:
    """Stream the board: `snapshot`, then `change` with what changed.

    Who comes back with the last `id` is sent what it missed, or a snapshot if that is no longer
    kept or was given by another replica. `GET /v1/live-protocol` describes the messages.
    """
    frames = asked.boards.frames(who.client, last_id)
    return EventSourceResponse(frames, ping=PING_S, headers={"Cache-Control": "no-store"})


@routes.get("/live-protocol")
async def live_protocol() -> dict[str, Any]:
    """Return the AsyncAPI document of the stream: its messages, and what each field means."""
    return asyncapi()


ROUTES = (
    routes,
    contact_records.routes,
    reports.routes,
    moments.routes,
    metrics_http.routes,
    billing.routes,
    builds.routes,
)


def serve_board(app: FastAPI, folder: Path) -> None:
    """Serve the built pages in `folder` at /board, and lead / there."""

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/board/")

    app.mount("/board", StaticFiles(directory=folder, html=True), name="board")
