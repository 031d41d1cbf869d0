"""Shifts as they are sent and shown."""

from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from agent_state.domain.rosters import (
    MOST_BREAKS,
    MOST_SHIFTS,
    DayPlan,
    PlannedBreak,
    Shift,
)
from agent_state.sheets_http import BadRowView
from contact_runtime.http.bodies import Body, Id, Moment, View

From = Annotated[Moment, Field(alias="from", examples=["2026-03-02T09:00:00+03:00"])]


class BreakBody(Body):
    """A planned absence within a shift."""

    reason: Id = Field(description="one of `/v1/not-ready-reasons`", examples=["lunch"])
    starts_at: From
    ends_at: Moment = Field(alias="to", examples=["2026-03-02T13:30:00+03:00"])


class ShiftBody(Body):
    """When an agent is to be signed in, where, and when they are to be away from calls."""

    site_id: Id = Field(examples=["minsk"])
    starts_at: From
    ends_at: Moment = Field(alias="to", examples=["2026-03-02T18:00:00+03:00"])
    breaks: list[BreakBody] = Field(default=[], max_length=MOST_BREAKS)

    def shift(self) -> Shift:
        """Return the shift that it says."""
        breaks = (PlannedBreak(one.reason, one.starts_at, one.ends_at) for one in self.breaks)
        return Shift(
            site_id=self.site_id,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            breaks=tuple(breaks),
        )


class DayBody(Body):
    """The shifts of an agent that begin on one day, by the clock of each shift's site."""

    shifts: list[ShiftBody] = Field(min_length=1, max_length=MOST_SHIFTS)


class BreakView(View):
    """A planned break."""

    reason: str
    starts_at: AwareDatetime = Field(alias="from")
    ends_at: AwareDatetime = Field(alias="to")


class ShiftView(View):
    """A shift, its times by the clock of its site."""

    site_id: str
    starts_at: AwareDatetime = Field(alias="from")
    ends_at: AwareDatetime = Field(alias="to")
    breaks: list[BreakView]

    @classmethod
    def of(cls, shift: Shift, zone: ZoneInfo) -> "ShiftView":
        """Return the shift as it is shown."""

        def span(starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
            return {"from": starts_at.astimezone(zone), "to": ends_at.astimezone(zone)}

        breaks = [{"reason": b.reason, **span(b.starts_at, b.ends_at)} for b in shift.breaks]
        span_of_shift = span(shift.starts_at, shift.ends_at)
        return cls.model_validate({"site_id": shift.site_id, **span_of_shift, "breaks": breaks})


class DayView(View):
    """What an agent is to work on one day. `ETag` is the revision in quotes."""

    agent_id: str
    day: date
    revision: int
    shifts: list[ShiftView]

    @classmethod
    def of(cls, plan: DayPlan, zones: dict[str, ZoneInfo], otherwise: ZoneInfo) -> "DayView":
        """Return the plan as it is shown."""
        return cls(
            agent_id=plan.agent_id,
            day=plan.day,
            revision=plan.revision,
            shifts=[
                ShiftView.of(shift, zones.get(shift.site_id, otherwise)) for shift in plan.shifts
            ],
        )


class ImportView(View):
    """What a file says: shifts on days of agents, of which so many are planned anew by it."""

    dry_run: bool
    shifts: int
    days: int
    changed: int = Field(description="days that say something else than before")
    faults: list[BadRowView] = Field(description="of every bad line; empty if it was imported")
