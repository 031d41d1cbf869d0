"""The day's roster: handed in as a file, read back, and lived by, breaks asked for in time."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sim.apis import PATIENCE_S, Api, Json, Refused
from sim.pace import Time

LENGTH_S = {"break": 900.0, "lunch": 1_800.0}
"""How long agents are away for each reason, as planned."""

BREAKS_AFTER_H = ((1.5, "break"), (4.0, "lunch"), (6.5, "break"), (9.0, "break"))
"""Hours from the shift's start to the first agents' breaks; the others follow one by one."""

STAGGERED = 8
STAGGER_S = 900.0
LINES_AT_ONCE = 300
HEAD = "agent,site,from,to,breaks"
NOT_YET = "site-unknown"
ASK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """When an agent is to go on a break, and why."""

    at: datetime
    agent_id: str
    reason: str


def lines(
    agents: Mapping[str, Json], zones: Mapping[str, str], first: datetime, hours: float
) -> Iterator[str]:
    """Yield each agent's shifts, one after the other for so many hours from `first` on.

    They change at noon and at midnight of the site, so that each day can be planned anew by itself.
    Breaks are staggered.
    """
    for number, (agent_id, agent) in enumerate(agents.items()):
        site_id = agent["site_id"]
        later = timedelta(seconds=number % STAGGERED * STAGGER_S)
        for start, end in _shifts(first, hours, ZoneInfo(zones[site_id])):
            breaks = " ".join(_breaks(start + later, end))
            yield f"{agent_id},{site_id},{start.isoformat()},{end.isoformat()},{breaks}"


def _shifts(first: datetime, hours: float, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    start, last = first.astimezone(zone), first + timedelta(hours=hours)
    while start < last:
        half = start.replace(hour=start.hour // 12 * 12, minute=0, second=0, microsecond=0)
        yield start, half + timedelta(hours=12)
        start = half + timedelta(hours=12)


def _breaks(start: datetime, end: datetime) -> Iterator[str]:
    for after_h, reason in BREAKS_AFTER_H:
        goes = start + timedelta(hours=after_h)
        back = goes + timedelta(seconds=LENGTH_S[reason])
        if back <= end:
            yield f"{reason}@{goes.isoformat()}/{back.isoformat()}"


async def hand_in(agent_state: Api, roster: Iterable[str]) -> None:
    """Import the roster, once the sites are known there; one that is there already stays.

    Raises:
        TimeoutError: they were not for `PATIENCE_S`.
    """
    left = list(roster)
    async with asyncio.timeout(PATIENCE_S):
        while left:
            text = "\r\n".join([HEAD, *left[:LINES_AT_ONCE]])
            try:
                await agent_state.post_text("/v1/rosters.csv", text, "text/csv")
            except Refused as refused:
                if NOT_YET in refused.faults:
                    await asyncio.sleep(ASK_AGAIN_S)
                    continue
            del left[:LINES_AT_ONCE]


async def read(agent_state: Api, first: date, last: date) -> list[Break]:
    """Return the breaks that are planned on these days, in their order."""
    found: list[Break] = []
    after: str | None = ""
    while after is not None:
        query = {"from": first.isoformat(), "to": last.isoformat(), "limit": 200}
        page = await agent_state.get("/v1/rosters", **query, **({"after": after} if after else {}))
        found += [
            Break(datetime.fromisoformat(each["from"]), day["agent_id"], each["reason"])
            for day in page["items"]
            for shift in day["shifts"]
            for each in shift["breaks"]
        ]
        after = page["next"]
    return sorted(found)


async def live(breaks: Iterable[Break], time: Time, desk_of: Callable[[str], Api]) -> None:
    """Have each agent ask for their breaks when these are planned; those missed are past."""
    async with asyncio.TaskGroup() as asking:
        begun = time.now()
        for each in breaks:
            if each.at >= begun:
                await time.until(each.at)
                asking.create_task(_ask(each, desk_of(each.agent_id)))


async def _ask(each: Break, desk: Api) -> None:
    with suppress(Refused, TimeoutError):  # signed out, or away already: no break then
        await desk.post(f"/v1/agents/{each.agent_id}/break", {"reason": each.reason})
