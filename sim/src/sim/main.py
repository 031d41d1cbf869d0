"""A day in the centre, through the public APIs only."""

import asyncio
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import httpx
from pydantic import ValidationError

from contact_runtime.client_keys import add_client
from contact_runtime.issuer import CLIENT_KEYS_FILE, mint
from sim import agents, apis, centre, dayfile, planned, roster
from sim.apis import Api, Json
from sim.callers import Callers, Talks, live
from sim.pace import Time
from sim.profiles import CLOSES_H, OPENS_H
from sim.settings import Settings

MOSCOW = timezone(timedelta(hours=3))
QUARTER_S = 900
SIGN_IN_S = 20.0
"""Business seconds that agents get to sign in before the first call."""

SETTLE_S = 120.0

ROSTERED_H = 26.0
"""For so long there is somebody: until the last caller of the longest day has gone."""


@dataclass(frozen=True, slots=True)
class Apis:
    """The APIs as the administrator and as the front door use them."""

    ivr: Api
    router: Api
    agent_state: Api
    reporting: Api
    front_door: Api


def apis_of(settings: Settings, client: httpx.AsyncClient) -> Apis:
    """Return the APIs, with tokens of the local issuer."""
    administrator = mint(settings.issuer_state, "administrator", subject="sim-administrator")
    integrator = mint(settings.issuer_state, "integrator", subject="sim-front-door")
    return Apis(
        ivr=Api(client, settings.ivr_url, administrator),
        router=Api(client, settings.router_url, administrator),
        agent_state=Api(client, settings.agent_state_url, administrator),
        reporting=Api(client, settings.reporting_url, administrator),
        front_door=Api(client, settings.ivr_url, integrator),
    )


async def furnish(to: Apis, settings: Settings) -> dict[str, Json]:
    """Describe sites, queues, projects and agents to the system; return the agents."""
    for client_id in dict.fromkeys(project.client_id for project in centre.PROJECTS):
        add_client(settings.issuer_state / CLIENT_KEYS_FILE, client_id)
    for skill_id, skill in centre.skill_documents().items():
        await apis.propose(to.router, f"/v1/skills/{skill_id}", skill)
    for site in centre.SITES:
        await apis.propose(to.router, f"/v1/sites/{site.site_id}", site.document())
    for queue_id, queue in centre.queue_documents().items():
        await apis.propose(to.router, f"/v1/queues/{queue_id}", queue)
    for project in centre.PROJECTS:
        await to.ivr.put(f"/v1/projects/{project.project_id}", project.document())
    for team_id, team in centre.team_documents(settings.agents).items():
        await apis.propose(to.agent_state, f"/v1/teams/{team_id}", team)
    documents = centre.agent_documents(settings.agents, settings.seed)
    for agent_id, agent in documents.items():
        await apis.propose(to.agent_state, f"/v1/agents/{agent_id}", agent)
    yours = centre.free_agent_document()
    await apis.propose(to.agent_state, f"/v1/agents/{centre.FREE_AGENT}", yours)
    return documents


async def rostered(to: Apis, staff: Mapping[str, Json], begins: datetime) -> list[roster.Break]:
    """Plan the agents' day through the public API, and return the breaks as planned there."""
    first = begins.replace(minute=begins.minute // 15 * 15, second=0, microsecond=0)
    zones = {site.site_id: site.time_zone for site in centre.SITES}
    await roster.hand_in(to.agent_state, roster.lines(staff, zones, first, ROSTERED_H))
    return await roster.read(to.agent_state, first.date(), first.date() + timedelta(days=2))


def plans(settings: Settings, now: datetime) -> tuple[list[planned.PlannedCall], str]:
    """Return the calls of the run, counted from `now`, and a line that says what day it is.

    Raises:
        dayfile.NotADayFile: the file cannot be replayed.
    """
    local = now.astimezone(MOSCOW)
    if settings.calls is None or settings.day is None:
        hour = local.hour + local.minute / 60 + local.second / 3600
        start_h = hour if OPENS_H <= hour < CLOSES_H else float(OPENS_H)
        calls = list(planned.from_profile(settings.seed, start_h, settings.peak_per_hour))
        return calls, f"a day by the profile, from {local:%H:%M} in Moscow: {len(calls)} calls"
    day = dayfile.read_day(settings.calls, settings.day)
    rows = dayfile.busiest(day.rows, settings.hours) if settings.hours < 24 else day.rows
    first_s = rows[0].at_s // QUARTER_S * QUARTER_S
    start_s = first_s - _to_next_quarter_s(now)
    dirt = ", ".join(f"{count} {what}" for what, count in sorted(day.dirt.items()))
    said = f"{settings.day} of {settings.calls.name}: {len(rows)} calls ({dirt or 'nothing dirty'})"
    return list(dayfile.planned(rows, settings.seed, start_s)), said


def _to_next_quarter_s(now: datetime) -> int:
    """Return the seconds to the next quarter of an hour: quarters of the file stay quarters."""
    passed_s = now.timestamp() % QUARTER_S
    return QUARTER_S - math.floor(passed_s)


async def run(settings: Settings) -> None:
    """Live one day, say that it has ended, and stay."""
    async with apis.many_connections() as client:
        to = apis_of(settings, client)
        staff = await furnish(to, settings)
        time = Time(await apis.pace(to.reporting))
        breaks = await rostered(to, staff, time.now())
        talks = Talks()
        shift = agents.Shift(
            socket_url=settings.agent_state_url.replace("http", "ws", 1),
            token_of=token_of(settings.issuer_state),
            time=time,
            talks=talks,
            seed=settings.seed,
        )
        working = asyncio.create_task(agents.work(shift, list(staff)))
        resting = asyncio.create_task(roster.live(breaks, time, desks(client, settings)))
        print(f"{len(staff)} agents sign in", flush=True)
        await time.pass_by(SIGN_IN_S)
        begun = time.now()
        calls, said = plans(settings, begun)
        print(said, flush=True)
        callers = Callers(to.front_door, time, f"{begun:%Y%m%dT%H%M%S.%f}", begun, talks)
        await live(callers, calls)
        await time.pass_by(SETTLE_S)
        shift.over.set()
        resting.cancel()
        await working
        fates = ", ".join(f"{count} {fate}" for fate, count in callers.fates.most_common())
        print(f"the day has ended: {fates}", flush=True)
        await asyncio.Event().wait()


def desks(client: httpx.AsyncClient, settings: Settings) -> Callable[[str], Api]:
    """Return what gives each agent the API as they use it."""
    token = token_of(settings.issuer_state)
    return lambda agent_id: Api(client, settings.agent_state_url, token(agent_id))


def token_of(issuer: Path) -> Callable[[str], str]:
    """Return what gives each agent their token, minted once."""

    @cache
    def token(agent_id: str) -> str:
        return mint(issuer, "agent", subject=agent_id, agent_id=agent_id)

    return token


def main() -> int:
    """Return the exit code: 0 after Ctrl-C, 2 if the settings or the file are wrong."""
    try:
        asyncio.run(run(Settings()))
    except (ValidationError, dayfile.NotADayFile) as wrong:
        print(f"sim: {wrong}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0
