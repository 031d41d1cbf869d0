"""Rosters over HTTP: an agent's day as a document, and whole files as CSV."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response

from agent_state import roster_csv, roster_desk, times
from agent_state.commands import Cause
from agent_state.desk import Administers, AtDesk, Context
from agent_state.domain.rosters import FAULTS, DayPlan, Shift, plan_key
from agent_state.roster_csv import LineFault
from agent_state.roster_views import DayBody, DayView, ImportView
from agent_state.sheets_http import LIMIT_BYTES, REFUSED, BadRowView, cells_in, text_of
from agent_state.tables import PROFILE, ROSTER
from contact_runtime.http import context as request_context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import Page, Senseless
from contact_runtime.http.openapi import documented
from contact_runtime.http.preconditions import (
    CONDITIONS,
    Demanded,
    etag,
    revisions_of,
)
from contact_runtime.http.problems import (
    INVALID_REQUEST,
    MEDIA_TYPE_UNSUPPORTED,
    Problem,
    not_found,
)

MOST_DAYS: Final = 62
CSV: Final = "text/csv"
LARGER: Final = {"/v1/rosters.csv": LIMIT_BYTES}
"""The limit of a body's bytes where it is not everybody's."""

Reader = Annotated[Principal, Depends(require("agents:read"))]
Day = Annotated[date, Path(description="the day on which the shifts begin, by the site's clock")]
First = Annotated[date, Query(alias="from", description="the first day")]
Last = Annotated[date, Query(alias="to", description=f"the last day, at most {MOST_DAYS} in all")]
OfTeam = Annotated[Id | None, Query(description="agents of this team only")]

_FILE: Final = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {
                "schema": {"type": "string"},
                "example": "agent,site,from,to,breaks\n"
                "anna,minsk,2026-03-02T09:00,2026-03-02T18:00,lunch@13:00/13:30\n",
            }
        },
    }
}

routes = APIRouter(prefix="/v1", tags=["rosters"])


@dataclass(frozen=True)
class Planning:
    """Who plans a day anew, and what must be true of it."""

    response: Response
    principal: Administers
    desk: AtDesk
    demanded: Demanded

    async def carry_out(self, agent_id: str, day: date, shifts: Iterable[Shift]) -> DayView:
        """Return the plan that counts then.

        Raises:
            Problem: there is no such agent.
            RevisionStale: the plan is not as demanded.
        """
        if await self.desk.store.peek(PROFILE, agent_id) is None:
            raise not_found("the agent")
        cause = _cause(self.desk)
        plan = await self.desk.planning.carry_out(
            lambda unit: roster_desk.plan_day(unit, agent_id, day, shifts, self.demanded, cause)
        )
        self.response.headers["ETag"] = etag(plan.revision)
        [shown] = await _shown(self.desk, [plan])
        return shown


Planner = Annotated[Planning, Depends()]


@routes.get("/rosters")
async def read_rosters(
    _: Reader,
    desk: AtDesk,
    first: First,
    last: Last,
    team: OfTeam = None,
    after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="agents in a page")] = 50,
) -> Page[DayView]:
    """Return what agents are to work from one day to another, by agent and day."""
    agents, following = await times.page_of_agents(desk.store, team, after, limit)
    plans = await times.plans(desk.store, agents, _days(first, last))
    return Page(items=await _shown(desk, plans), next=following)


@routes.get("/rosters/{agent_id}/{day}")
async def read_roster(
    agent_id: Id,
    day: Day,
    _: Reader,
    desk: AtDesk,
    response: Response,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="304 if it still is this `ETag`")
    ] = None,
) -> Any:
    """Return the shifts of an agent that begin on a day."""
    plan = await desk.store.peek(ROSTER, plan_key(agent_id, day))
    if not plan.shifts:
        raise not_found("the roster")
    response.headers["ETag"] = etag(plan.revision)
    if if_none_match and plan.revision in revisions_of(if_none_match):
        return Response(status_code=304, headers={"ETag": etag(plan.revision)})
    [shown] = await _shown(desk, [plan])
    return shown


@routes.put("/rosters/{agent_id}/{day}", responses=CONDITIONS)
async def plan_roster(agent_id: Id, day: Day, body: DayBody, planner: Planner) -> DayView:
    """Plan an agent's day, new or known. What is planned is changed only with `If-Match`."""
    shifts = [shift.shift() for shift in body.shifts]
    if faults := await roster_desk.faults_of_day(planner.desk.store, day, shifts):
        raise Senseless(faults)
    return await planner.carry_out(agent_id, day, shifts)


@routes.delete("/rosters/{agent_id}/{day}", responses=CONDITIONS)
async def clear_roster(agent_id: Id, day: Day, planner: Planner) -> DayView:
    """Plan nothing for the agent on that day any more."""
    return await planner.carry_out(agent_id, day, [])


@routes.get("/rosters.csv", response_class=Response, responses={200: {"content": {CSV: {}}}})
async def export_rosters(
    _: Reader, desk: AtDesk, first: First, last: Last, team: OfTeam = None
) -> Response:
    """Return the rosters of these days as CSV, as they can be imported again."""
    days, plans = _days(first, last), list[DayPlan]()
    following: str | None = ""
    while following is not None:
        agents, following = await times.page_of_agents(desk.store, team, following, 200)
        plans += await times.plans(desk.store, agents, days)
    zones = await times.zones_of(desk.store, _sites(plans))
    return Response(roster_csv.write(plans, zones), media_type=f"{CSV}; charset=utf-8")


@routes.post(
    "/rosters.csv",
    openapi_extra=_FILE,
    responses={
        415: documented(MEDIA_TYPE_UNSUPPORTED, "Not declared as CSV"),
        422: documented(REFUSED, "Lines have faults; nothing was written"),
    },
)
async def import_rosters(
    request: Request,
    _: Administers,
    desk: AtDesk,
    dry_run: Annotated[bool, Query(description="write nothing, and tell every fault")] = False,
) -> ImportView:
    """Plan anew every day of an agent that the file names: the whole file, or with a fault nothing.

    Times are by the clock of the line's site, or carry an offset. 422 lists every bad line.
    """
    rows = cells_in(await text_of(request))
    lines, faults = await roster_desk.read_file(desk.store, rows)
    cause = _cause(desk)
    found = await desk.planning.carry_out(
        lambda unit: roster_desk.import_file(unit, lines, faults, cause, dry_run=dry_run)
    )
    view = ImportView(
        dry_run=dry_run,
        shifts=found.shifts,
        days=found.days,
        changed=found.changed,
        faults=[_told(fault) for fault in found.faults],
    )
    if found.faults and not dry_run:
        listed = [fault.model_dump() for fault in view.faults]
        raise Problem(REFUSED, f"{len(listed)} fault(s)", faults=listed)
    return view


def _told(fault: LineFault) -> BadRowView:
    return BadRowView(
        row=fault.line, column=fault.column or None, code=fault.code, detail=FAULTS[fault.code]
    )


def _days(first: date, last: date) -> list[date]:
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        fault = {"in": "query", "parameter": "to", "code": "days", "detail": "1 to 62 days"}
        raise Problem(INVALID_REQUEST, "1 fault(s)", errors=[fault])
    return [first + timedelta(days=number) for number in range(count)]


async def _shown(desk: Context, plans: Sequence[DayPlan]) -> list[DayView]:
    zones = await times.zones_of(desk.store, _sites(plans))
    return [DayView.of(plan, zones, times.NOWHERE) for plan in plans]


def _sites(plans: Iterable[DayPlan]) -> set[str]:
    return {shift.site_id for plan in plans for shift in plan.shifts}


def _cause(desk: Context) -> Cause:
    now = desk.planning.clock.now()
    return Cause(now, f"command:{request_context.request_id.get()}")
