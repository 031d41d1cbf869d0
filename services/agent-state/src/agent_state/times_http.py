"""Timesheets and adherence over HTTP, from the rows that follow the log."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, Field

from agent_state import times
from agent_state.desk import AtDesk, Context
from agent_state.domain.adherence import Kept
from agent_state.domain.timesheets import SECOND, Timesheet
from agent_state.roster_views import ShiftView
from agent_state.tables import PROFILE, REASON
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.documents import Page
from contact_runtime.http.problems import not_found

Reader = Annotated[Principal, Depends(require("agents:read"))]
Day = Annotated[date, Path(description="a day by the clock of the agent's site")]
OfDay = Annotated[date, Query(description="a day by the clock of each agent's site")]
After = Annotated[Id | None, Query(description="`next` of the page before")]
OfTeam = Annotated[Id | None, Query(description="agents of this team only")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class TimesheetView(View):
    """Where an agent's time of one local day went, in seconds. `states` sum to `signed_in_s`."""

    agent_id: str
    day: date
    time_zone: str = Field(examples=["Asia/Krasnoyarsk"])
    states: dict[str, float] = Field(examples=[{"Ready": 5400.0, "Talking": 16200.5}])
    not_ready: dict[str, float] = Field(description="of NotReady, by reason")
    signed_in_s: float
    paid_s: float = Field(description="signed in, less NotReady for reasons that are not paid")
    unpaid_s: float


class AttendanceView(View):
    """A shift as it was planned and kept. Shares are of the planned time that has passed."""

    agent_id: str
    shift: ShiftView
    signed_in_at: AwareDatetime | None
    signed_out_at: AwareDatetime | None = Field(description="null: still signed in, or never was")
    sign_in_late_s: float | None = Field(description="below 0: early")
    sign_out_early_s: float | None = Field(description="below 0: late")
    planned_s: float
    adherence: float | None = Field(description="share of planned time spent as planned, 0 to 1")
    conformance: float | None = Field(
        description="share of each planned amount that was reached, whenever it was, 0 to 1"
    )


routes = APIRouter(prefix="/v1", tags=["times"])


@routes.get("/timesheets")
async def read_timesheets(
    _: Reader,
    desk: AtDesk,
    day: OfDay,
    team: OfTeam = None,
    after: After = None,
    limit: Limit = 200,
) -> Page[TimesheetView]:
    """Return agents' timesheets of one local day, by agent; up to now where it is not over."""
    sites, following = await times.page_of_agents(desk.store, team, after, limit)
    return Page(items=await _timesheets(desk, await _zoned(desk, sites), day), next=following)


@routes.get("/timesheets/{agent_id}/{day}")
async def read_timesheet(agent_id: Id, day: Day, _: Reader, desk: AtDesk) -> TimesheetView:
    """Return an agent's timesheet of one local day; up to now where it is not over."""
    [found] = await _timesheets(desk, await _one(desk, agent_id), day)
    return found


@routes.get("/adherence")
async def read_adherences(
    _: Reader,
    desk: AtDesk,
    day: OfDay,
    team: OfTeam = None,
    after: After = None,
    limit: Limit = 200,
) -> Page[AttendanceView]:
    """Return how agents kept their shifts of one local day, by agent; who has none is left out."""
    sites, following = await times.page_of_agents(desk.store, team, after, limit)
    return Page(items=await _attendance(desk, await _zoned(desk, sites), day), next=following)


@routes.get("/adherence/{agent_id}/{day}")
async def read_adherence(agent_id: Id, day: Day, _: Reader, desk: AtDesk) -> list[AttendanceView]:
    """Return how an agent kept the shifts of one local day."""
    return await _attendance(desk, await _one(desk, agent_id), day)


Agents = dict[str, ZoneInfo]
"""Agents with the time zone of their site, by id."""


async def _one(desk: Context, agent_id: str) -> Agents:
    revision = await desk.store.peek(PROFILE, agent_id)
    if revision is None:
        raise not_found("the agent")
    return await _zoned(desk, {agent_id: revision.said.site_id})


async def _zoned(desk: Context, sites: Mapping[str, str]) -> Agents:
    zones = await times.zones_of(desk.store, sites.values())
    return {agent_id: zones.get(site_id, times.NOWHERE) for agent_id, site_id in sites.items()}


async def _timesheets(desk: Context, agents: Agents, day: date) -> list[TimesheetView]:
    reasons = await desk.store.scan(REASON)
    unpaid = [reason for reason, found in reasons.items() if found and not found.said.paid]
    found = await times.timesheets(desk.store, agents, day, desk.planning.clock.now(), unpaid)
    return [_sheet(agent_id, day, zone, found[agent_id]) for agent_id, zone in agents.items()]


async def _attendance(desk: Context, agents: Agents, day: date) -> list[AttendanceView]:
    found = await times.attendance(desk.store, list(agents), day, desk.planning.clock.now())
    return [
        _kept(agent_id, zone, kept)
        for agent_id, zone in agents.items()
        for kept in found.get(agent_id, ())
    ]


def _sheet(agent_id: str, day: date, zone: ZoneInfo, found: Timesheet) -> TimesheetView:
    return TimesheetView(
        agent_id=agent_id,
        day=day,
        time_zone=zone.key,
        states={state: us / SECOND for state, us in found.states_us.items()},
        not_ready={reason: us / SECOND for reason, us in found.not_ready_us.items()},
        signed_in_s=found.signed_in_us / SECOND,
        paid_s=found.paid_us / SECOND,
        unpaid_s=(found.signed_in_us - found.paid_us) / SECOND,
    )


def _kept(agent_id: str, zone: ZoneInfo, found: Kept) -> AttendanceView:
    return AttendanceView(
        agent_id=agent_id,
        shift=ShiftView.of(found.shift, zone),
        signed_in_at=found.signed_in_at,
        signed_out_at=found.signed_out_at,
        sign_in_late_s=found.sign_in_late_s,
        sign_out_early_s=found.sign_out_early_s,
        planned_s=found.planned_s,
        adherence=found.adherence,
        conformance=found.conformance,
    )
