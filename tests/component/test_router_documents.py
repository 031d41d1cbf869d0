"""Policy as documents over HTTP: revisions, preconditions, faults all at once, history."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from contact_events.calls import Text
from contact_events.config import SkillChanged
from contact_events.topics import ROUTER_SNAPSHOTS, ROUTING_CONFIG
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from router.orders import Revision
from sim.apis import Api, propose
from sim.centre import SITES, queue_documents, skill_documents
from tests.support.router_app import PARTITION, POOL, RunningRouter
from tests.support.wait import until

CONFIG = TopicPartition(ROUTING_CONFIG.name, PARTITION)
NAME = {"ru": "Имя", "en": "Name"}
QUEUE = {"name": NAME, "skills": {"sales": 1}}
OFFICE = {
    "name": NAME,
    "time_zone": "Europe/Moscow",
    "hours": {"monday": [{"opens": "09:00", "closes": "18:00"}]},
    "holidays": "RU",
}
RESERVE = {"queue_ids": ["general"], "open_above_s": 60, "close_below_s": 20}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/skills/loans": {"name": NAME},
    "/v1/calendars/shop": OFFICE
    | {"exceptions": [{"date": "2026-12-31", "hours": [{"opens": "09:00", "closes": "14:00"}]}]},
    f"/v1/policies/{POOL}": {
        "selection": "least_skilled",
        "fairness_window_s": 10,
        "ageing_per_s": 0.5,
        "raises": [{"attribute": "vip", "value": "gold", "by": 50}],
        "lost": {"share": 0.3, "within_s": 4, "at_least": 7, "back_after_s": 30},
        "unserved_s": 90,
    },
    "/v1/sites/partner": {
        "name": NAME,
        "status": "closed",
        "time_zone": "Asia/Krasnoyarsk",
        "lat": 56.0,
        "lon": 92.8,
        "regions": ["RU-KYA"],
        "adjust_by_s": 10,
        "reserve": RESERVE | {"hold_s": 120, "open_below_share": 0.7},
        "calendar_id": "office",
    },
    "/v1/queues/vip": {
        "client_id": "acme",
        "name": NAME,
        "skills": {"sales": 2},
        "priority": 7,
        "service_target_s": 10,
        "max_wait_s": 300,
        "return_transfers_s": 45,
        "ring_s": 15,
        "overflow_to": "general",
        "when_deleted": "drain",
        "selection": "most_skilled",
        "preferred_agent_s": 30,
        "team_ids": ["gold"],
        "calendar_id": "office",
        "steps": [
            {"name": "home", "reach": "home"},
            {"name": "better", "reach": "sites", "site_ids": ["moscow"], "wait_improved_s": 15},
            {"name": "lower", "after_s": 20, "reach": "any", "skills": {"sales": 1}},
            {"name": "reserve", "after_s": 40, "raise_priority": 5, "open_site_id": "reserve"},
            {"name": "away", "after_s": 60, "move_to": "queue", "queue_id": "general"},
        ],
    },
}
"""One body of each kind, with every field set."""


@pytest.fixture
async def admin(router: RunningRouter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with router.client(tmp_path) as client:
        await _put(client, "/v1/skills/sales", {"name": NAME})
        await _put(client, "/v1/calendars/office", OFFICE)
        await _put(client, "/v1/queues/general", QUEUE)
        await _put(client, "/v1/sites/moscow", {"name": NAME})
        await _put(client, "/v1/sites/reserve", {"name": NAME, "reserve": RESERVE})
        yield client


async def _put(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], match: str | None = None
) -> httpx.Response:
    headers = {"If-Match": match} if match else {}
    answer = await client.put(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def _codes(answer: httpx.Response) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    errors = answer.json()["errors"]
    return {(error.get("pointer", error.get("parameter")), error["code"]) for error in errors}


@pytest.mark.parametrize("path", BODIES)
async def test_every_field_of_a_document_is_shown_as_it_was_ordered(
    admin: httpx.AsyncClient, path: str
) -> None:
    put = await _put(admin, path, BODIES[path])
    got = await admin.get(path)
    assert got.json() == put.json()
    assert _without_defaults(got.json(), BODIES[path]) == BODIES[path]
    assert got.headers["ETag"] == put.headers["ETag"] == '"1"'
    assert (got.json()["revision"], got.json()["deleted"]) == (1, False)
    assert got.json()["changed_by"] and got.json()["changed_at"]


def _without_defaults(shown: Any, said: Any) -> Any:
    """Return of what is shown what was said, at every depth."""
    if isinstance(said, dict):
        return {key: _without_defaults(shown.get(key), inner) for key, inner in said.items()}
    if isinstance(said, list) and len(said) == len(shown):
        return [_without_defaults(a, b) for a, b in zip(shown, said, strict=True)]
    return shown


async def test_what_exists_is_changed_only_by_who_has_seen_it(admin: httpx.AsyncClient) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE)
    changed = QUEUE | {"priority": 5}
    unseen = await admin.put("/v1/queues/sales", json=changed)
    assert (unseen.status_code, unseen.json()["code"]) == (428, "precondition-missing")
    second = await _put(admin, "/v1/queues/sales", changed, '"1"')
    assert second.headers["ETag"] == '"2"'
    stale = await admin.put(
        "/v1/queues/sales", json=QUEUE | {"priority": 6}, headers={"If-Match": '"1"'}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "revision-stale")
    assert (stale.headers["ETag"], stale.json()["revision"]) == ('"2"', 2)
    await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 7}, '"1", "2"')
    await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 8}, "*")
    assert (await admin.get("/v1/queues/sales")).json()["revision"] == 4


async def test_a_lost_answer_is_no_trap(admin: httpx.AsyncClient, log: MemoryLog) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE)
    await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 5}, '"1"')
    written = len(log.records[CONFIG])
    again = await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 5}, '"1"')
    assert again.json()["revision"] == 2
    assert len(log.records[CONFIG]) == written


async def test_a_creation_may_demand_that_there_is_nothing_yet(admin: httpx.AsyncClient) -> None:
    absent = {"If-None-Match": "*"}
    assert (await admin.put("/v1/queues/new", json=QUEUE, headers=absent)).status_code == 200
    again = await admin.put("/v1/queues/new", json=QUEUE, headers=absent)
    assert (again.status_code, again.headers["ETag"]) == (412, '"1"')
    seen = await admin.put("/v1/queues/other", json=QUEUE, headers={"If-Match": '"1"'})
    assert (seen.status_code, "ETag" in seen.headers, seen.json()["revision"]) == (412, False, 0)
    assert (await admin.get("/v1/queues/other")).status_code == 404


async def test_what_is_no_entity_tag_is_refused(admin: httpx.AsyncClient) -> None:
    for tag in ("1", '"1', "W/1", "nonsense", '"1" "2"', '"1",,'):
        answer = await admin.put("/v1/queues/general", json=QUEUE, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (400, "etag-malformed"), tag
    answer = await admin.put("/v1/queues/general", json=QUEUE, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (400, "etag-malformed")


async def test_a_tag_that_is_not_the_present_one_matches_nothing(
    admin: httpx.AsyncClient,
) -> None:
    changed = QUEUE | {"priority": 5}
    for tag in ('W/"1"', '"01x"', '"99"', '"-1"'):
        answer = await admin.put("/v1/queues/general", json=changed, headers={"If-Match": tag})
        assert (answer.status_code, answer.headers["ETag"]) == (412, '"1"'), tag


async def test_who_has_the_present_revision_is_told_so_without_it(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/v1/queues/general", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"1"')
    other = await admin.get("/v1/queues/general", headers={"If-None-Match": '"2"'})
    assert other.status_code == 200


async def test_of_two_who_change_at_once_one_wins_and_the_other_is_told(
    admin: httpx.AsyncClient, log: MemoryLog, tmp_path: Path
) -> None:
    elsewhere = RunningRouter(log).start()
    try:
        async with elsewhere.client(tmp_path) as other:
            seen = {"If-Match": '"1"'}
            bodies = [QUEUE | {"priority": n} for n in range(1, 9)]
            answers = await asyncio.gather(
                *(
                    client.put("/v1/queues/general", json=body, headers=seen)
                    for client, body in zip([admin, other] * 4, bodies, strict=True)
                )
            )
            codes = sorted(answer.status_code for answer in answers)
            assert codes == [200] + [412] * 7
            winner = next(answer for answer in answers if answer.status_code == 200)
            assert (await other.get("/v1/queues/general")).json() == winner.json()
            assert (await admin.get("/v1/queues/general")).json() == winner.json()
            losers = [answer for answer in answers if answer.status_code == 412]
            assert {answer.headers["ETag"] for answer in losers} == {'"2"'}
    finally:
        await elsewhere.stop()


async def test_of_two_orders_at_once_that_do_not_go_together_none_leaves_a_name_that_leads_nowhere(
    admin: httpx.AsyncClient, log: MemoryLog, tmp_path: Path
) -> None:
    elsewhere = RunningRouter(log).start()
    try:
        async with elsewhere.client(tmp_path) as other:
            for number in range(8):
                skill, queue = f"/v1/skills/s{number}", f"/v1/queues/q{number}"
                await _put(admin, skill, {"name": NAME})
                await until("both know it", partial(_there, other, skill))
                named, deleted = await asyncio.gather(
                    admin.put(queue, json={"name": NAME, "skills": {f"s{number}": 1}}),
                    other.delete(skill, headers={"If-Match": '"1"'}),
                )
                done = [named.status_code == 200, deleted.status_code == 200]
                assert done != [True, True]
                if not done[0]:
                    assert _codes(named) == {(f"#/skills/s{number}", "unknown_skill")}
                if not done[1]:
                    assert deleted.json()["code"] == "document-in-use"
                stands = (done[0], not done[1])

                async def agreed(
                    paths: tuple[str, str] = (queue, skill), stands: tuple[bool, bool] = stands
                ) -> bool:
                    told = [await _there(c, path) for c in (admin, other) for path in paths]
                    return told == [*stands, *stands]

                await until("both say what came of it", agreed)
    finally:
        await elsewhere.stop()


async def _there(client: httpx.AsyncClient, path: str) -> bool:
    return (await client.get(path)).status_code == 200


async def test_history_says_what_was_said_by_whom_and_when(
    admin: httpx.AsyncClient, router: RunningRouter, tmp_path: Path
) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE)
    for revision in range(1, 5):
        await _put(admin, "/v1/queues/sales", QUEUE | {"priority": revision}, f'"{revision}"')
    await admin.delete("/v1/queues/sales", headers={"If-Match": '"5"'})
    first = (await admin.get("/v1/queues/sales/history?limit=4")).json()
    items = first["items"]
    assert [item["revision"] for item in items] == [6, 5, 4, 3]
    assert [item["deleted"] for item in items] == [True, False, False, False]
    assert [item["priority"] for item in items] == [4, 4, 3, 2]
    assert all(item["changed_by"] and item["changed_at"] for item in items)
    rest = (await admin.get(f"/v1/queues/sales/history?before={first['next']}")).json()
    assert [item["revision"] for item in rest["items"]] == [2, 1]
    assert rest["next"] is None
    assert (await admin.get("/v1/queues/nobody/history")).status_code == 404


async def test_a_deleted_document_keeps_what_it_said_and_can_come_back(
    admin: httpx.AsyncClient, router: RunningRouter
) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 3})
    assert (await admin.delete("/v1/queues/sales")).status_code == 428
    seen = {"If-Match": '"1"'}
    deleted = await admin.delete("/v1/queues/sales", headers=seen)
    assert (deleted.status_code, deleted.headers["ETag"]) == (200, '"2"')
    assert (deleted.json()["deleted"], deleted.json()["priority"]) == (True, 3)
    again = await admin.delete("/v1/queues/sales", headers=seen)
    assert again.json() == deleted.json()
    assert (await admin.get("/v1/queues/sales")).status_code == 404
    leader = router.loop.replica.leader
    assert leader is not None and leader.state.queues["sales"].deleted
    stale = await admin.post("/v1/queues/sales/rollback", json={"revision": 1}, headers=seen)
    assert stale.status_code == 412
    back = await admin.post("/v1/queues/sales/rollback", json={"revision": 1})
    assert (back.status_code, back.json()["revision"], back.json()["priority"]) == (200, 3, 3)
    assert not leader.state.queues["sales"].deleted


async def test_a_roll_back_is_a_new_revision_that_says_the_old_one(
    admin: httpx.AsyncClient,
) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE)
    await _put(admin, "/v1/queues/sales", QUEUE | {"priority": 9}, '"1"')
    path = "/v1/queues/sales/rollback"
    assert (await admin.post(path, json={"revision": 1})).status_code == 428
    back = await admin.post(path, json={"revision": 1}, headers={"If-Match": '"2"'})
    assert (back.json()["revision"], back.json()["priority"]) == (3, 0)
    unknown = await admin.post(path, json={"revision": 8}, headers={"If-Match": '"3"'})
    assert _codes(unknown) == {("#/revision", "unknown_revision")}
    nobody = await admin.post("/v1/queues/nobody/rollback", json={"revision": 1})
    assert nobody.status_code == 404


async def test_a_roll_back_is_validated_as_things_are_now(admin: httpx.AsyncClient) -> None:
    await _put(admin, "/v1/skills/old", {"name": NAME})
    await _put(admin, "/v1/queues/sales", QUEUE | {"skills": {"old": 1}})
    await _put(admin, "/v1/queues/sales", QUEUE, '"1"')
    assert (await admin.delete("/v1/skills/old", headers={"If-Match": '"1"'})).status_code == 200
    back = await admin.post(
        "/v1/queues/sales/rollback", json={"revision": 1}, headers={"If-Match": '"2"'}
    )
    assert _codes(back) == {("skills.old", "unknown_skill")}


async def test_what_others_name_is_not_deleted(admin: httpx.AsyncClient) -> None:
    await _put(admin, "/v1/queues/sales", QUEUE | {"overflow_to": "general"})
    for path, users in [
        ("/v1/skills/sales", ["queue:general", "queue:sales"]),
        ("/v1/queues/general", ["queue:sales", "site:reserve"]),
    ]:
        answer = await admin.delete(path, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (409, "document-in-use")
        assert answer.json()["used_by"] == users


async def test_lists_come_in_pages_by_id(admin: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await _put(admin, f"/v1/skills/{name}", {"name": NAME})
    await admin.delete("/v1/skills/b", headers={"If-Match": '"1"'})
    found, after = [], None
    while True:
        query = {"limit": 2} | ({"after": after} if after else {})
        page = (await admin.get("/v1/skills", params=query)).json()
        found += [item["skill_id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == ["a", "c", "sales"]
    every = (await admin.get("/v1/skills", params={"deleted": True})).json()["items"]
    assert [item["skill_id"] for item in every if item["deleted"]] == ["b"]
    assert (await admin.get("/v1/skills", params={"limit": 0})).status_code == 422


async def test_all_faults_of_shape_and_sense_are_told_at_once(
    admin: httpx.AsyncClient, log: MemoryLog
) -> None:
    written = len(log.records[CONFIG])
    answer = await admin.put(
        "/v1/queues/sales",
        json={
            "name": "Sales",
            "colour": "red",
            "skills": {"chess": 1, "sales": -1},
            "ring_s": 0,
            "overflow_to": "nowhere",
            "calendar_id": "never",
            "team_ids": ["a", "a", "!"],
            "steps": [
                {"name": "one", "after_s": 20, "reach": "sites", "site_ids": ["mars"]},
                {"name": "one", "after_s": 10, "reach": "home", "wait_improved_s": 5},
                {"name": "two", "after_s": 30, "open_site_id": "moscow"},
                {"name": "three", "after_s": 30, "move_to": "queue"},
                {"name": "four", "after_s": 40, "skills": {"poker": 1}},
                {"name": "five", "after_s": "soon", "reach": "sites"},
            ],
        },
    )
    assert _codes(answer) >= {
        ("#/name", "model_attributes_type"),
        ("#/colour", "extra_forbidden"),
        ("#/skills/chess", "unknown_skill"),
        ("#/skills/sales", "greater_than_equal"),
        ("#/ring_s", "greater_than_equal"),
        ("#/overflow_to", "unknown_queue"),
        ("#/calendar_id", "unknown_calendar"),
        ("#/team_ids/1", "repeated"),
        ("#/team_ids/2", "string_pattern_mismatch"),
        ("#/steps/0/site_ids/0", "unknown_site"),
        ("#/steps/1/name", "repeated"),
        ("#/steps/1/after_s", "steps_out_of_order"),
        ("#/steps/1/wait_improved_s", "useless_beside"),
        ("#/steps/2/open_site_id", "not_a_reserve"),
        ("#/steps/3/queue_id", "missing_beside"),
        ("#/steps/4", "step_unreachable"),
        ("#/steps/4", "step_empty"),
        ("#/steps/4/skills", "useless_beside"),
        ("#/steps/4/skills/poker", "unknown_skill"),
        ("#/steps/5/after_s", "float_type"),
        ("#/steps/5/site_ids", "missing_beside"),
    }
    assert len(log.records[CONFIG]) == written


async def test_calls_never_go_round(admin: httpx.AsyncClient) -> None:
    await _put(admin, "/v1/queues/a", QUEUE)
    moves = {"name": "b", "move_to": "queue", "queue_id": "a"}
    await _put(admin, "/v1/queues/b", QUEUE | {"steps": [moves]})
    await _put(admin, "/v1/queues/c", QUEUE | {"overflow_to": "b"})
    seen = {"If-Match": '"1"'}
    for path, target in [
        ("/v1/queues/a", "c"),
        ("/v1/queues/a", "a"),
        ("/v1/queues/b", "c"),
    ]:
        answer = await admin.put(path, json=QUEUE | {"overflow_to": target}, headers=seen)
        assert _codes(answer) == {("#/overflow_to", "overflow_loop")}
    moved = QUEUE | {"steps": [moves | {"queue_id": "c"}]}
    answer = await admin.put("/v1/queues/a", json=moved, headers=seen)
    assert _codes(answer) == {("#/steps/0/queue_id", "overflow_loop")}
    assert "a -> c -> b -> a" in answer.text
    # Beyond the end nobody goes on: no loop.
    elsewhere = QUEUE | {"overflow_to": "c", "beyond": "end"}
    answer = await admin.put("/v1/queues/a", json=elsewhere, headers=seen)
    assert _codes(answer) == {("#/overflow_to", "useless_beside")}


SENSELESS: list[tuple[str, dict[str, Any], set[tuple[str, str]]]] = [
    (
        "/v1/sites/new",
        {"reserve": RESERVE | {"close_below_s": 60}},
        {("#/reserve/close_below_s", "reserve_thresholds")},
    ),
    (
        "/v1/sites/new",
        {"reserve": RESERVE | {"queue_ids": ["nowhere", "nowhere"]}, "regions": ["RU-MOW"] * 2},
        {
            ("#/reserve/queue_ids/0", "unknown_queue"),
            ("#/reserve/queue_ids/1", "unknown_queue"),
            ("#/reserve/queue_ids/1", "repeated"),
            ("#/regions/1", "repeated"),
        },
    ),
    ("/v1/sites/new", {"calendar_id": "x"}, {("#/calendar_id", "unknown_calendar")}),
    ("/v1/sites/new", {"time_zone": "Moscow"}, {("#/time_zone", "time_zone")}),
    ("/v1/policies/other", {}, {("policy_id", "not_this_pool")}),
    (
        f"/v1/policies/{POOL}",
        {"raises": [{"attribute": "vip", "value": "gold", "by": n} for n in (1, 2)]},
        {("#/raises/1", "repeated")},
    ),
    (f"/v1/policies/{POOL}", {"lost": {"share": 0}}, {("#/lost/share", "greater_than")}),
    ("/v1/calendars/new", {"hours": {}}, {("#/hours", "never_open")}),
    ("/v1/calendars/new", {"holidays": "FR"}, {("#/holidays", "literal_error")}),
    (
        "/v1/calendars/new",
        {
            "hours": {
                "monday": [
                    {"opens": "9:00", "closes": "12:00"},
                    {"opens": "11:00", "closes": "25:00"},
                ],
                "sunday": [
                    {"opens": "20:00", "closes": "02:00"},
                    {"opens": "21:00", "closes": "23:00"},
                ],
            },
            "exceptions": [{"date": "2026-02-30"}, {"date": "2026-03-01"}] * 2,
        },
        {
            ("#/hours/monday/0/opens", "time_of_day"),
            ("#/hours/monday/1/closes", "time_of_day"),
            ("#/hours/sunday/1", "hours_overlap"),
            ("#/exceptions/0/date", "date"),
            ("#/exceptions/2/date", "date"),
            ("#/exceptions/2/date", "repeated"),
            ("#/exceptions/3/date", "repeated"),
        },
    ),
]


async def test_what_makes_no_sense_is_refused(admin: httpx.AsyncClient, log: MemoryLog) -> None:
    written = len(log.records[CONFIG])
    for path, changes, expected in SENSELESS:
        body = OFFICE if "calendars" in path else {} if "policies" in path else {"name": NAME}
        assert _codes(await admin.put(path, json=body | changes)) == expected
    assert len(log.records[CONFIG]) == written


async def test_a_site_that_a_step_opens_stays_a_reserve(admin: httpx.AsyncClient) -> None:
    opens = {"name": "reserve", "after_s": 40, "open_site_id": "reserve"}
    await _put(admin, "/v1/queues/sales", QUEUE | {"steps": [opens]})
    seen = {"If-Match": '"1"'}
    answer = await admin.put("/v1/sites/reserve", json={"name": NAME}, headers=seen)
    assert _codes(answer) == {("#/reserve", "reserve_needed")}
    await _put(admin, "/v1/queues/sales", QUEUE, '"1"')
    await _put(admin, "/v1/sites/reserve", {"name": NAME}, '"1"')


async def test_the_simulator_can_put_its_centre_at_every_start(
    router: RunningRouter, log: MemoryLog, tmp_path: Path
) -> None:
    documents = {
        **{f"/v1/skills/{skill_id}": body for skill_id, body in skill_documents().items()},
        **{f"/v1/sites/{site.site_id}": site.document() for site in SITES},
        **{f"/v1/queues/{queue_id}": body for queue_id, body in queue_documents().items()},
    }
    async with router.client(tmp_path) as admin:
        token = admin.headers["Authorization"].removeprefix("Bearer ")
        api = Api(admin, "http://router", token)
        for path, body in documents.items():
            await propose(api, path, body)
        written = len(log.records[CONFIG])
        assert written == len(documents)
        closed = SITES[0].document() | {"status": "closed"}
        path = f"/v1/sites/{SITES[0].site_id}"
        await _put(admin, path, closed, '"1"')
        for path, body in documents.items():
            await propose(api, path, body)
        assert len(log.records[CONFIG]) == written + 1, "what people changed stays as it is"


async def test_who_is_of_a_client_sees_and_changes_that_clients_queues_only(
    admin: httpx.AsyncClient, router: RunningRouter, tmp_path: Path
) -> None:
    await _put(admin, "/v1/queues/acme-sales", QUEUE | {"client_id": "acme"})
    await _put(admin, "/v1/queues/other-sales", QUEUE | {"client_id": "other"})
    async with router.client(tmp_path, client="acme") as theirs:
        listed = (await theirs.get("/v1/queues")).json()["items"]
        assert [item["queue_id"] for item in listed] == ["acme-sales"]
        assert (await theirs.get("/v1/queues/other-sales")).status_code == 404
        assert (await theirs.get("/v1/queues/other-sales/history")).status_code == 404
        seen = {"If-Match": '"1"'}
        for body in (QUEUE | {"client_id": "other"}, QUEUE | {"client_id": "acme"}):
            answer = await theirs.put("/v1/queues/other-sales", json=body, headers=seen)
            assert answer.status_code == 404
        assert (await theirs.delete("/v1/queues/other-sales", headers=seen)).status_code == 404
        assert (await theirs.put("/v1/sites/new", json={"name": NAME})).status_code == 404


async def test_every_field_is_described(admin: httpx.AsyncClient) -> None:
    schemas = (await admin.get("/openapi.json")).json()["components"]["schemas"]
    ours = [name for name in schemas if name.endswith("Body") or name == "Text"]
    assert len(ours) == 13, ours
    for body in ours:
        for name, field in schemas[body]["properties"].items():
            assert field.get("description"), (body, name)


async def test_the_examples_are_taken_as_they_stand(admin: httpx.AsyncClient) -> None:
    schemas = (await admin.get("/openapi.json")).json()["components"]["schemas"]
    await _put(admin, "/v1/queues/sales", QUEUE)
    await _put(admin, "/v1/sites/partner", {"name": NAME, "reserve": RESERVE})
    for kind, plural in [("Queue", "queues"), ("Skill", "skills"), ("Site", "sites")]:
        for number, example in enumerate(schemas[f"{kind}Body"]["examples"]):
            await _put(admin, f"/v1/{plural}/example-{number}", example)
    for example in schemas["CalendarBody"]["examples"]:
        await _put(admin, "/v1/calendars/example", example)
    for example in schemas["PolicyBody"]["examples"]:
        await _put(admin, f"/v1/policies/{POOL}", example)


SKILL_ID = "skill:sales"
MANIFESTS = TopicPartition(ROUTER_SNAPSHOTS.name, PARTITION)


def _skill(number: int) -> SkillChanged:
    name = Text(f"Имя {number}", f"Name {number}")
    return SkillChanged(
        document_id=SKILL_ID, revision=0, changed_by="me", skill_id="sales", name=name
    )


def _new(document: SkillChanged, last: Revision | None) -> SkillChanged:
    return document


async def test_a_start_from_a_snapshot_knows_the_whole_history(log: MemoryLog) -> None:
    leader = RunningRouter(log, version="this", snapshot_every=10)
    follower = RunningRouter(log, version="this", snapshot_every=10)
    late = RunningRouter(log, version="this", snapshot_every=10)
    running = [await leader.start().leading(), follower.start()]
    try:
        for number in range(30):
            order = partial(_new, _skill(number))
            await leader.loop.orders.change(SKILL_ID, order, f"c{number}")
        await until("a snapshot", lambda: log.records.get(MANIFESTS), limit_s=20)
        running.append(late.start())
        await until("the late replica", lambda: late.loop.caught_up)
        told_of = late.metrics.text().decode().splitlines()
        assert 'router_snapshots_total{fate="resumed"} 1.0' in told_of
        told = [revision.document for revision in late.loop.orders.history(SKILL_ID)]
        assert told == [replace(_skill(number), revision=number + 1) for number in range(30)]
    finally:
        for router in running:
            await router.stop()
