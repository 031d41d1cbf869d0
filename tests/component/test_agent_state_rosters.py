"""Rosters over HTTP: planned as documents and as files, all or nothing, and what follows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.agents import AgentChanged
from contact_events.calls import CallConnected, CallDisconnected
from contact_events.routing import RouterEpochStarted
from contact_runtime.rows import Store
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.wait import until

DAY = "/v1/rosters/a1/2026-03-02"
HEAD = "agent,site,from,to,breaks\r\n"
LUNCH = {
    "reason": "lunch",
    "from": "2026-03-02T12:40:00+03:00",
    "to": "2026-03-02T12:45:00+03:00",
}
SHIFT = {
    "site_id": "moscow",
    "from": "2026-03-02T12:30:00+03:00",
    "to": "2026-03-02T13:00:00+03:00",
    "breaks": [LUNCH],
}
"""The clock stands at noon in Moscow."""


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with agent_store(url) as made:
        yield made


@pytest.fixture
async def service(store: Store, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_service(store, tmp_path / "keys") as made:
        await made.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await made.sites(moscow="Europe/Moscow", krasnoyarsk="Asia/Krasnoyarsk")
        await made.describe("a1", "a2")
        yield made


async def upload(
    client: httpx.AsyncClient, *lines: str, **query: Any
) -> tuple[int, dict[str, Any]]:
    text = HEAD + "\r\n".join(lines)
    headers = {"Content-Type": "text/csv"}
    answer = await client.post("/v1/rosters.csv", content=text, headers=headers, params=query)
    return answer.status_code, answer.json()


async def team(client: httpx.AsyncClient, **rules: Any) -> None:
    name = {"ru": "Команда", "en": "Team"}
    answer = await client.put("/v1/teams/t1", json={"name": name, **rules})
    assert answer.status_code == 200, answer.text


async def presence(service: AgentService, agent_id: str = "a1") -> tuple[str, str | None]:
    async with service.client("supervisor") as reader:
        state = (await reader.get(f"/v1/agents/{agent_id}")).json()["state"]
    return state["presence"], state["reason"]


async def say(service: AgentService, command: str, agent_id: str = "a1", **more: Any) -> None:
    body = {"command_id": f"{command}-{service.clock.now():%H%M%S}", "command": command, **more}
    async with service.client("integrator") as client:
        answer = await client.post(f"/v1/agents/{agent_id}/commands", json=body)
        assert answer.status_code == 200, answer.text


async def test_a_day_is_planned_and_changed_only_by_who_has_seen_it(service: AgentService) -> None:
    async with service.client("administrator") as admin:
        made = await admin.put(DAY, json={"shifts": [SHIFT]})
        assert (made.status_code, made.headers["ETag"]) == (200, '"1"')
        assert made.json()["shifts"] == [SHIFT]
        assert (await admin.put(DAY, json={"shifts": [SHIFT]})).headers["ETag"] == '"1"'
        longer = {"shifts": [{**SHIFT, "to": "2026-03-02T14:00:00+03:00"}]}
        assert (await admin.put(DAY, json=longer)).json()["code"] == "precondition-missing"
        stale = await admin.put(DAY, json=longer, headers={"If-Match": '"7"'})
        assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
        changed = await admin.put(DAY, json=longer, headers={"If-Match": '"1"'})
        assert changed.headers["ETag"] == '"2"'
        assert (await admin.get(DAY)).json() == changed.json()
        assert (await admin.get(DAY, headers={"If-None-Match": '"2"'})).status_code == 304
        cleared = await admin.delete(DAY, headers={"If-Match": '"2"'})
        assert cleared.json()["shifts"] == []
        assert (await admin.get(DAY)).status_code == 404
    async with service.client("supervisor") as reader:
        assert (await reader.put(DAY, json={"shifts": [SHIFT]})).status_code == 403


async def test_a_day_that_makes_no_sense_is_refused_with_its_faults(
    service: AgentService,
) -> None:
    wrong = {**SHIFT, "site_id": "nowhere", "breaks": [{**LUNCH, "reason": "fish"}]}
    async with service.client("administrator") as admin:
        answer = await admin.put(DAY, json={"shifts": [wrong]})
        errors = [(error["code"], error["pointer"]) for error in answer.json()["errors"]]
        assert errors == [
            ("site-unknown", "#/shifts/0/site_id"),
            ("reason-unknown", "#/shifts/0/breaks/0/reason"),
        ]
        unknown = await admin.put("/v1/rosters/nobody/2026-03-02", json={"shifts": [SHIFT]})
        assert unknown.status_code == 404
        night = {**SHIFT, "from": "2026-03-01T23:00:00+03:00", "breaks": []}
        before = {"shifts": [{**night, "to": "2026-03-02T12:31:00+03:00"}]}
        assert (await admin.put("/v1/rosters/a1/2026-03-01", json=before)).status_code == 200
        overlap = await admin.put(DAY, json={"shifts": [SHIFT]})
        assert overlap.json()["errors"][0]["code"] == "shifts-overlap"


async def test_a_file_is_planned_whole_or_not_at_all(service: AgentService) -> None:
    good = "a1,krasnoyarsk,2026-03-02T09:00,2026-03-02T18:00,lunch@13:00/13:30"
    async with service.client("administrator") as admin:
        bad = "a9,moscow,2026-03-02T09:00,soon,"
        status, tried = await upload(admin, good, bad, dry_run=True)
        assert status == 200
        assert [(fault["row"], fault["column"], fault["code"]) for fault in tried["faults"]] == [
            (3, "agent", "agent-unknown"),
            (3, "to", "time-wrong"),
        ]
        status, told = await upload(admin, good, bad)
        assert (status, told["code"], told["faults"]) == (422, "rows-refused", tried["faults"])
        assert (await admin.get(DAY)).status_code == 404
        counted = {"shifts": 1, "days": 1, "changed": 1, "faults": []}
        assert await upload(admin, good, dry_run=True) == (200, {"dry_run": True, **counted})
        assert (await admin.get(DAY)).status_code == 404
        assert await upload(admin, good) == (200, {"dry_run": False, **counted})
        assert (await upload(admin, good))[1]["changed"] == 0
        shown = (await admin.get(DAY)).json()["shifts"][0]
    assert (shown["from"], shown["to"]) == (
        "2026-03-02T09:00:00+07:00",
        "2026-03-02T18:00:00+07:00",
    )


async def test_more_faults_than_a_form_can_have_are_all_told(service: AgentService) -> None:
    async with service.client("administrator") as admin:
        lines = ["a1,moscow,2026-03-02T09:00,2026-03-02T08:00,"] * 120
        status, told = await upload(admin, *lines)
    assert (status, len(told["faults"])) == (422, 120)


async def test_what_was_exported_is_imported_again(service: AgentService) -> None:
    span = {"from": "2026-03-01", "to": "2026-03-05"}
    async with service.client("administrator") as admin:
        await upload(
            admin,
            "a1,moscow,2026-03-02T09:00,2026-03-02T18:00,lunch@13:00/13:30",
            "a2,krasnoyarsk,2026-03-03T22:00,2026-03-04T06:00,break@02:00/02:15",
        )
        exported = await admin.get("/v1/rosters.csv", params=span)
        lines = exported.text.split("\r\n")
        assert (exported.headers["content-type"], len(lines)) == ("text/csv; charset=utf-8", 4)
        assert (await upload(admin, *lines[1:]))[1]["changed"] == 0
        listed = (await admin.get("/v1/rosters", params=span)).json()["items"]
        assert [(day["agent_id"], day["day"]) for day in listed] == [
            ("a1", "2026-03-02"),
            ("a2", "2026-03-03"),
        ]
        too_long = await admin.get("/v1/rosters", params={"from": "2026-01-01", "to": "2026-12-31"})
        assert too_long.status_code == 422


async def test_after_the_shift_no_calls_come_and_after_the_grace_the_agent_is_signed_out(
    service: AgentService,
) -> None:
    async with service.client("administrator") as admin:
        await team(admin, sign_out_after_shift=True, sign_out_grace_s=300)
        await service.describe("a3", team="t1")
        plan = "/v1/rosters/a3/2026-03-02"
        assert (await admin.put(plan, json={"shifts": [SHIFT]})).status_code == 200
        await say(service, "ready", "a3")
        service.clock.advance(3600)
        await until("the shift is over", lambda: is_now(service, "a3", "NotReady"))
        longer = {"shifts": [{**SHIFT, "to": "2026-03-02T13:10:00+03:00"}]}
        await admin.put(plan, json=longer, headers={"If-Match": "*"})
        assert await presence(service, "a3") == ("NotReady", "signed_in")
        await say(service, "ready", "a3")
        service.clock.advance(600)
        await until("the longer shift is over", lambda: is_now(service, "a3", "NotReady"))
        assert await presence(service, "a3") == ("NotReady", "shift_over")
        service.clock.advance(300)
        await until("the grace is over", lambda: is_now(service, "a3", "Offline"))

    async def gone() -> AgentChanged | None:
        told = await service.told("agent-state")
        last = next(event for event in reversed(told) if event.agent_id == "a3")
        return last if last.presence == "Offline" else None

    last = await until("the sign-out to be published", gone)
    assert last is not None
    assert (last.cause, last.reason) == ("shift_over", "shift_over")


async def test_a_talk_at_the_end_of_the_shift_is_talked_to_its_end(service: AgentService) -> None:
    async with service.client("administrator") as admin:
        await team(admin, sign_out_after_shift=True)
        await service.describe("a3", team="t1", wrap_up_s=60)
        await admin.put("/v1/rosters/a3/2026-03-02", json={"shifts": [SHIFT]})
    await say(service, "ready", "a3")
    offer = service.floor.offer("k1", "a3")
    await service.append(offer)
    await until("the ring", lambda: is_now(service, "a3", "Ready", "Reserved"))
    await say(service, "accept", "a3", reservation_id=offer.reservation_id)
    joined = CallConnected(
        call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a3"
    )
    await service.append(joined)
    service.clock.advance(3600)
    await until("the shift is over", lambda: is_now(service, "a3", "NotReady", "Talking"))
    await service.append(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    await until("the wrap-up", lambda: is_now(service, "a3", "NotReady", "WrapUp"))
    service.clock.advance(60)
    await until("signed out", lambda: is_now(service, "a3", "Offline", "Offline"))


async def is_now(
    service: AgentService, agent_id: str, presence: str, status: str | None = None
) -> bool:
    async with service.client("supervisor") as reader:
        state = (await reader.get(f"/v1/agents/{agent_id}")).json()["state"]
    return state["presence"] == presence and status in (None, state["status"])


async def test_shifts_are_measured_against_what_was(service: AgentService) -> None:
    async with service.client("administrator") as admin:
        await admin.put(DAY, json={"shifts": [SHIFT]})
        service.clock.advance(1800 + 300)  # five minutes late
        await say(service, "ready")
        service.clock.advance(600)
        await say(service, "not_ready", reason="lunch")
        service.clock.advance(300)
        await say(service, "sign_out")
        service.clock.advance(3600)

        async def measured() -> Any:
            [found] = (await admin.get("/v1/adherence/a1/2026-03-02")).json()
            return found if found["signed_out_at"] else None

        found = await until("the shift is measured", measured)
        # Planned: 10 minutes of work, 5 of lunch, 15 of work. There: 5 to 15 work, 15 to 20 lunch.
        assert (found["sign_in_late_s"], found["sign_out_early_s"]) == (300, 600)
        assert found["planned_s"] == 1800
        assert found["adherence"] == pytest.approx(5 / 30)
        assert found["conformance"] == pytest.approx(15 / 30)
        sheet = (await admin.get("/v1/timesheets/a1/2026-03-02")).json()
        assert sheet == {
            "agent_id": "a1",
            "day": "2026-03-02",
            "time_zone": "Europe/Moscow",
            "states": {"Ready": 600.0, "NotReady": 300.0},
            "not_ready": {"lunch": 300.0},
            "signed_in_s": 900.0,
            "paid_s": 600.0,
            "unpaid_s": 300.0,
        }
        listed = (await admin.get("/v1/timesheets", params={"day": "2026-03-02"})).json()
        assert [item["signed_in_s"] for item in listed["items"]] == [900.0, 0.0]
        attended = (await admin.get("/v1/adherence", params={"day": "2026-03-02"})).json()
        assert attended["items"] == [found]


async def test_a_state_that_is_still_on_counts_up_to_now(service: AgentService) -> None:
    await say(service, "ready")
    service.clock.advance(90)
    async with service.client("supervisor") as reader:

        async def sheet() -> Any:
            found = (await reader.get("/v1/timesheets/a1/2026-03-02")).json()
            return found["states"].get("Ready")

        assert await until("the sheet", sheet) == 90.0
        assert (await reader.get("/v1/timesheets/nobody/2026-03-02")).status_code == 404
