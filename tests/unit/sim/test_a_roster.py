"""The simulator's roster covers the day, changes at the site's noon and midnight, and staggers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import httpx
import pytest

from agent_state import roster_csv
from agent_state.sheets import rows_of
from contact_runtime.clock import machine_now
from sim import roster
from sim.apis import Api
from sim.pace import Pace, Time

ZONES = {"moscow": "Europe/Moscow", "krasnoyarsk": "Asia/Krasnoyarsk"}
AGENTS = {
    f"a{number:02}": {"site_id": ("moscow", "krasnoyarsk")[number % 2]} for number in range(16)
}
FIRST = datetime(2026, 3, 2, 7, 45, tzinfo=UTC)
KNOWN = roster_csv.Known(
    AGENTS, {name: ZoneInfo(zone) for name, zone in ZONES.items()}, {"break", "lunch"}
)


def planned() -> list[roster_csv.Line]:
    text = "\n".join([roster.HEAD, *roster.lines(AGENTS, ZONES, FIRST, 26.0)])
    lines, faults = roster_csv.read(rows_of(text), KNOWN)
    assert faults == []
    assert list(roster_csv.clashes(lines, {})) == []
    return lines


def test_there_is_somebody_from_the_first_moment_to_the_last() -> None:
    for agent_id in AGENTS:
        shifts = [line.shift for line in planned() if line.agent_id == agent_id]
        assert shifts[0].starts_at == FIRST
        assert shifts[-1].ends_at >= FIRST + timedelta(hours=26)
        assert all(one.ends_at == other.starts_at for one, other in pairwise(shifts))


def test_no_shift_goes_on_into_another_day_of_its_site() -> None:
    for line in planned():
        zone = ZoneInfo(ZONES[line.shift.site_id])
        last = (line.shift.ends_at - timedelta(seconds=1)).astimezone(zone)
        assert last.date() == line.day


def test_few_are_on_a_break_at_once() -> None:
    breaks = [
        pause for line in planned() if line.shift.site_id == "moscow" for pause in line.shift.breaks
    ]
    assert len(breaks) >= 8 * 6
    for pause in breaks:
        at_once = sum(
            other.starts_at <= pause.starts_at < other.ends_at and other.reason == pause.reason
            for other in breaks
        )
        assert at_once <= 4


async def test_a_roster_is_handed_in_again_until_the_sites_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster, "ASK_AGAIN_S", 0.0)
    said: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        said.append(len(request.content.splitlines()))
        if len(said) < 3:
            wrong = {"code": "rows-refused", "faults": [{"code": "site-unknown"}]}
            return httpx.Response(422, json=wrong)
        return httpx.Response(200, json={})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await roster.hand_in(Api(client, "http://agents", "token"), ["line"] * 301)
    assert said == [301, 301, 301, 2]


async def test_all_who_are_to_go_at_the_same_moment_ask_and_who_was_to_go_before_does_not() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    now = machine_now()
    time = Time(Pace(now, now, 1000.0))
    soon = now + timedelta(seconds=60)
    breaks = [
        roster.Break(now - timedelta(seconds=1), "a0", "lunch"),
        roster.Break(soon, "a1", "lunch"),
        roster.Break(soon, "a2", "lunch"),
    ]
    await roster.live(breaks, time, lambda agent_id: Api(client, "http://agents", agent_id))
    assert sorted(asked) == ["/v1/agents/a1/break", "/v1/agents/a2/break"]
