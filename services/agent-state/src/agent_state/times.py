"""The times and plans of agents as they are looked up: sheets with the state that is still on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent_state.domain.adherence import Kept, kept
from agent_state.domain.local_times import day_of
from agent_state.domain.rosters import DayPlan, plan_key
from agent_state.domain.sheets import Clocked, Sheet, added, joined_spells, pieces
from agent_state.domain.timesheets import Timesheet, timesheet
from agent_state.tables import CLOCKED, PROFILE, ROSTER, SHEET, SITE, clocked_key, sheet_key
from contact_runtime.rows import Store

NOWHERE: Final = ZoneInfo("UTC")
"""The time zone of a site that the router does not know."""

_DAY: Final = timedelta(days=1)


async def zones_of(store: Store, sites: Iterable[str]) -> dict[str, ZoneInfo]:
    """Return the time zone of those of the sites that are known."""
    found = await store.peek_many(SITE, sites)
    return {site_id: ZoneInfo(zone) for site_id, zone in found.items() if zone is not None}


async def page_of_agents(
    store: Store, team: str | None, after: str | None, limit: int
) -> tuple[dict[str, str], str | None]:
    """Return at most `limit` agents after `after`, of the team or of all, with their sites.

    Then comes the `after` of the next page; None on the last one.
    """
    sites: dict[str, str] = {}
    last = after or ""
    while len(sites) <= limit and (page := await store.page(PROFILE, last, limit + 1)):
        for agent_id, revision in page.items():
            if revision is not None and team in (None, revision.said.team):
                sites[agent_id] = revision.said.site_id
        last = max(page)
    ids = list(sites)[:limit]
    return {each: sites[each] for each in ids}, ids[-1] if len(sites) > limit else None


async def timesheets(
    store: Store, agents: Mapping[str, ZoneInfo], day: date, now: datetime, unpaid: Iterable[str]
) -> dict[str, Timesheet]:
    """Return each agent's timesheet of their local day, what is still on counted up to `now`."""
    spans = {agent_id: day_of(day, zone) for agent_id, zone in agents.items()}
    sheets = await _sheets(store, spans, now)
    without_pay = tuple(unpaid)
    return {
        agent_id: timesheet(sheets[agent_id], *span, without_pay)
        for agent_id, span in spans.items()
    }


async def plans(store: Store, agents: Iterable[str], days: Sequence[date]) -> list[DayPlan]:
    """Return the plans there are of these agents and days, by agent and day."""
    keys = [plan_key(agent_id, day) for agent_id in agents for day in days]
    found = await store.peek_many(ROSTER, keys)
    return [found[key] for key in keys if key in found]


async def attendance(
    store: Store, agents: Iterable[str], day: date, now: datetime
) -> dict[str, list[Kept]]:
    """Return how each agent kept the shifts that begin on this local day, up to `now`."""
    planned = {plan.agent_id: plan.shifts for plan in await plans(store, agents, [day])}
    spans = {
        agent_id: (shifts[0].starts_at - _DAY, shifts[-1].ends_at + _DAY)
        for agent_id, shifts in planned.items()
        if shifts
    }
    sheets = await _sheets(store, spans, now)
    histories = {
        agent_id: joined_spells(days[each] for each in sorted(days))
        for agent_id, days in sheets.items()
    }
    return {
        agent_id: [kept(shift, histories[agent_id], now) for shift in planned[agent_id]]
        for agent_id in spans
    }


async def _sheets(
    store: Store, spans: Mapping[str, tuple[datetime, datetime]], now: datetime
) -> dict[str, dict[date, Sheet]]:
    """Return the UTC days that each agent's span touches, with the state that is still on."""
    days = {agent_id: _days(*span) for agent_id, span in spans.items()}
    found: dict[str, dict[date, Sheet]] = {}
    while missing := [agent_id for agent_id in days if agent_id not in found]:
        touched = {agent_id: days[agent_id] for agent_id in missing}
        found |= await _read_sheets(store, touched, now)
    return found


async def _read_sheets(
    store: Store, days: Mapping[str, list[date]], now: datetime
) -> dict[str, dict[date, Sheet]]:
    """Return the sheets of those agents whose state did not change while they were read."""
    clocks = {agent_id: clocked_key(agent_id) for agent_id in days}
    keys = [sheet_key(agent_id, day) for agent_id, touched in days.items() for day in touched]
    before = await store.peek_many(CLOCKED, clocks.values())
    sheets = await store.peek_many(SHEET, keys)
    clocked = await store.peek_many(CLOCKED, clocks.values())
    found: dict[str, dict[date, Sheet]] = {}
    for agent_id, touched in days.items():
        key = clocks[agent_id]
        if before.get(key) == clocked.get(key):
            own = {day: sheets.get(sheet_key(agent_id, day), Sheet()) for day in touched}
            found[agent_id] = _running(own, clocked.get(key, Clocked()), now)
    return found


def _running(sheets: dict[date, Sheet], clocked: Clocked, now: datetime) -> dict[date, Sheet]:
    for day, start, end in pieces(clocked, now):
        if day in sheets:
            sheets[day] = added(sheets[day], clocked, start, end)
    return sheets


def _days(starts_at: datetime, ends_at: datetime) -> list[date]:
    first, last = starts_at.astimezone(UTC).date(), ends_at.astimezone(UTC).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
