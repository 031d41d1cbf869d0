"""Agents, skills, teams, reasons and codes as documents: revisions, preconditions, faults."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent_service import AgentService, agent_service, agent_store

NAME = {"ru": "Имя", "en": "Name"}
DEMANDED = ("name", "site_id", "mode", "url")
BODIES: dict[str, dict[str, Any]] = {
    "/v1/agents/a1": {
        "name": {"ru": "Анна", "en": "Anna"},
        "site_id": "minsk",
        "team": "t0",
        "pool": "north",
        "skills": {"sales": 3},
        "wrap_up_s": 15.0,
        "telephone": True,
        "channels": {"voice": 1, "chat": 2},
        "interrupts": {"voice": ["chat"]},
        "deactivated": True,
    },
    "/v1/teams/t1": {
        "name": NAME,
        "site_id": "minsk",
        "breaks_at_once": 2,
        "rona": {"returns_after_s": 60.0, "stays_ready": False, "most_in_a_row": 3},
        "deactivated": True,
    },
    "/v1/not-ready-reasons/gym": {
        "name": NAME,
        "paid": False,
        "counted_in_occupancy": True,
        "longest_stay_s": 900.0,
        "deactivated": True,
    },
    "/v1/wrap-up-codes/refund": {"name": NAME, "parent_id": "complaint", "deactivated": True},
    "/v1/wrap-up-policies/cards": {
        "mode": "timed_extendable",
        "after_s": 30.0,
        "extend_by_s": 20.0,
        "extensions": 2,
        "codes_required": True,
        "codes_from": "complaint",
        "calls_meanwhile": True,
        "deactivated": True,
    },
    "/v1/screen-pops/acme-shop": {
        "name": NAME,
        "url": "https://crm.example/open?call={call_id}",
        "deactivated": True,
    },
}
"""One body of each kind, with every field set."""
NAMED = {
    path: {k: "timed" if k == "mode" else v for k, v in body.items() if k in DEMANDED}
    for path, body in BODIES.items()
}
"""The same with nothing but what is demanded."""
NAMED["/v1/screen-pops/acme-shop"]["url"] = "https://crm.example"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_store(None) as store, agent_service(store, tmp_path / "keys") as made:
        yield made


@pytest.fixture
async def admin(service: AgentService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("administrator", subject="boss") as client:
        await put(client, "/v1/teams/t0", {"name": NAME})
        await put(client, "/v1/wrap-up-codes/complaint", {"name": NAME})
        yield client


async def put(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], match: str | None = None
) -> httpx.Response:
    answer = await client.put(path, json=body, headers={"If-Match": match} if match else {})
    assert answer.status_code == 200, answer.text
    return answer


def codes(answer: httpx.Response) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


async def command(admin: httpx.AsyncClient, command_id: str, **fields: Any) -> httpx.Response:
    body = {"command_id": command_id, **fields}
    return await admin.post("/v1/agents/a1/commands", json=body)


@pytest.mark.parametrize("path", BODIES)
async def test_every_field_of_a_document_is_shown_as_it_was_ordered(
    admin: httpx.AsyncClient, path: str
) -> None:
    made = await put(admin, path, BODIES[path])
    got = await admin.get(path)
    assert got.json() == made.json()
    assert {name: got.json()[name] for name in BODIES[path]} == BODIES[path]
    assert got.headers["ETag"] == made.headers["ETag"] == '"1"'
    assert (got.json()["revision"], got.json()["changed_by"]) == (1, "boss")
    assert got.json()["changed_at"]


@pytest.mark.parametrize("path", BODIES)
async def test_what_exists_is_changed_only_by_who_has_seen_it(
    admin: httpx.AsyncClient, path: str
) -> None:
    await put(admin, path, BODIES[path])
    changed = NAMED[path]
    unseen = await admin.put(path, json=changed)
    assert (unseen.status_code, unseen.json()["code"]) == (428, "precondition-missing")
    second = await put(admin, path, changed, '"1"')
    assert second.headers["ETag"] == '"2"'
    stale = await admin.put(path, json=BODIES[path], headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "revision-stale")
    assert (stale.headers["ETag"], stale.json()["revision"]) == ('"2"', 2)
    taken = await admin.put(path, json=changed, headers={"If-None-Match": "*"})
    assert taken.status_code == 412
    broken = await admin.put(path, json=changed, headers={"If-Match": "2"})
    assert (broken.status_code, broken.json()["code"]) == (400, "etag-malformed")


@pytest.mark.parametrize("path", BODIES)
async def test_said_again_a_document_needs_no_precondition_and_gets_no_revision(
    admin: httpx.AsyncClient, path: str
) -> None:
    made = await put(admin, path, BODIES[path])
    assert (await put(admin, path, BODIES[path])).json() == made.json()


@pytest.mark.parametrize("path", BODIES)
async def test_history_has_every_revision_and_one_can_be_said_again(
    admin: httpx.AsyncClient, path: str
) -> None:
    await put(admin, path, BODIES[path])
    await put(admin, path, NAMED[path], '"1"')
    gone = await admin.delete(path, headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.json()["deactivated"]) == (200, True)
    back = await admin.post(f"{path}/rollback", json={"revision": 1}, headers={"If-Match": '"3"'})
    assert back.headers["ETag"] == '"4"'
    assert {name: back.json()[name] for name in BODIES[path]} == BODIES[path]
    first = (await admin.get(f"{path}/history", params={"limit": 3})).json()
    assert [each["revision"] for each in first["items"]] == [4, 3, 2]
    rest = (await admin.get(f"{path}/history", params={"before": first["next"]})).json()
    assert [each["revision"] for each in rest["items"]] == [1]
    assert rest["next"] is None
    unknown = await admin.post(
        f"{path}/rollback", json={"revision": 9}, headers={"If-Match": '"4"'}
    )
    assert codes(unknown) == {("#/revision", "unknown_revision")}


@pytest.mark.parametrize("path", BODIES)
async def test_a_list_leaves_deactivated_ones_out_and_goes_page_by_page(
    admin: httpx.AsyncClient, path: str
) -> None:
    plural = path.rpartition("/")[0]
    for number in range(5):
        await put(admin, f"{plural}/x{number}", NAMED[path] | {"deactivated": number % 2 == 1})
    shown = (await admin.get(plural, params={"after": "x", "limit": 2})).json()
    assert [_id_of(each) for each in shown["items"]] == ["x0", "x2"]
    rest = (await admin.get(plural, params={"after": shown["next"], "limit": 2})).json()
    assert ([_id_of(each) for each in rest["items"]], rest["next"]) == (["x4"], None)
    whole = (await admin.get(plural, params={"after": "x", "deactivated": True})).json()
    assert [each["deactivated"] for each in whole["items"]] == [False, True, False, True, False]


def _id_of(shown: dict[str, Any]) -> str:
    names = ("agent_id", "team_id", "reason_id", "code_id", "queue_id", "project_id")
    return next(str(shown[name]) for name in names if name in shown)


async def test_all_faults_of_shape_and_of_sense_are_told_at_once(
    admin: httpx.AsyncClient,
) -> None:
    agent = await admin.put(
        "/v1/agents/a1", json={"name": {"ru": ""}, "site_id": 7, "team": "nowhere", "colour": 1}
    )
    assert codes(agent) == {
        ("#/name/ru", "string_too_short"),
        ("#/name/en", "missing"),
        ("#/site_id", "string_type"),
        ("#/colour", "extra_forbidden"),
        ("#/team", "unknown_team"),
    }
    wrong = {"url": "http://{client}.crm.example/{number}", "name": NAME, "colour": 1}
    assert codes(await admin.put("/v1/screen-pops/p1", json=wrong)) == {
        ("#/colour", "extra_forbidden"),
        ("#/url", "not_https"),
        ("#/url", "variable_in_host"),
        ("#/url", "unknown_variable"),
    }
    code = await admin.put("/v1/wrap-up-codes/x", json={"parent_id": "nowhere"})
    assert codes(code) == {("#/name", "missing"), ("#/parent_id", "unknown_code")}


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"mode": "none", "after_s": 5}, {("after_s", "useless_beside")}),
        ({"mode": "optional", "codes_required": True}, {("codes_required", "useless_beside")}),
        ({"mode": "timed", "extensions": 2}, {("extensions", "useless_beside")}),
        (
            {"mode": "timed_extendable", "codes_from": "nowhere"},
            {
                ("extend_by_s", "missing_beside"),
                ("extensions", "missing_beside"),
                ("codes_from", "unknown_code"),
            },
        ),
        (
            {"after_s": -1, "extensions": 2},
            {("mode", "missing"), ("after_s", "greater_than_equal")},
        ),
    ],
)
async def test_a_policy_for_after_call_work_makes_sense(
    admin: httpx.AsyncClient, said: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    refused = await admin.put("/v1/wrap-up-policies/cards", json=said)
    assert codes(refused) == {(f"#/{field}", code) for field, code in faults}


async def test_nobody_joins_a_deactivated_team_and_its_members_stay(
    admin: httpx.AsyncClient,
) -> None:
    anna = {"name": NAME, "site_id": "minsk", "team": "t0"}
    await put(admin, "/v1/agents/a1", anna)
    await admin.delete("/v1/teams/t0", headers={"If-Match": '"1"'})
    await put(admin, "/v1/agents/a1", anna | {"telephone": True}, '"1"')
    joins = await admin.put("/v1/agents/a2", json=anna)
    assert codes(joins) == {("#/team", "deactivated_team")}


async def test_codes_are_a_tree(admin: httpx.AsyncClient) -> None:
    await put(admin, "/v1/wrap-up-codes/refund", {"name": NAME, "parent_id": "complaint"})
    loop = await admin.put(
        "/v1/wrap-up-codes/complaint",
        json={"name": NAME, "parent_id": "refund"},
        headers={"If-Match": '"1"'},
    )
    assert codes(loop) == {("#/parent_id", "code_loop")}
    itself = await admin.put("/v1/wrap-up-codes/own", json={"name": NAME, "parent_id": "own"})
    assert codes(itself) == {("#/parent_id", "code_loop")}
    below = "complaint"
    for depth in range(9):
        body = {"name": NAME, "parent_id": below}
        answer = await admin.put(f"/v1/wrap-up-codes/d{depth}", json=body)
        below = f"d{depth}"
    assert codes(answer) == {("#/parent_id", "code_too_deep")}


async def test_the_matrix_of_skills_is_another_view_of_the_same_agents(
    admin: httpx.AsyncClient, service: AgentService
) -> None:
    anna = {"name": NAME, "site_id": "minsk", "skills": {"sales": 1}}
    assert (await admin.put("/v1/skills-of-agents/a1", json={"skills": {}})).status_code == 404
    await put(admin, "/v1/agents/a1", anna)
    row = await admin.get("/v1/skills-of-agents/a1")
    assert (row.json()["skills"], row.headers["ETag"]) == ({"sales": 1}, '"1"')
    await put(admin, "/v1/skills-of-agents/a1", {"skills": {"cards": 2}}, '"1"')
    agent = (await admin.get("/v1/agents/a1")).json()
    assert (agent["skills"], agent["revision"], agent["name"]) == ({"cards": 2}, 2, NAME)
    back = await admin.post(
        "/v1/skills-of-agents/a1/rollback", json={"revision": 1}, headers={"If-Match": '"2"'}
    )
    assert back.json()["skills"] == {"sales": 1}
    told = await service.told("agent-state")
    assert [event.skills for event in told] == [{"sales": 1}, {"cards": 2}, {"sales": 1}]
    listed = (await admin.get("/v1/skills-of-agents")).json()["items"]
    assert [(each["agent_id"], each["skills"]) for each in listed] == [("a1", {"sales": 1})]


async def test_who_is_deactivated_cannot_sign_in_and_who_is_signed_in_is_not_deactivated(
    admin: httpx.AsyncClient,
) -> None:
    await put(admin, "/v1/agents/a1", {"name": NAME, "site_id": "minsk"})
    await command(admin, "c1", command="ready")
    signed_in = await admin.delete("/v1/agents/a1", headers={"If-Match": "*"})
    assert (signed_in.status_code, signed_in.json()["code"]) == (409, "agent-signed-in")
    assert (await admin.get("/v1/agents/a1")).json()["revision"] == 1
    await command(admin, "c2", command="sign_out")
    await admin.delete("/v1/agents/a1", headers={"If-Match": "*"})
    for number, wanted in enumerate(("sign_in", "ready")):
        refused = await command(admin, f"d{number}", command=wanted)
        assert (refused.status_code, refused.json()["code"]) == (409, "agent-deactivated")


async def test_a_reason_is_one_that_agents_may_choose(
    admin: httpx.AsyncClient, service: AgentService
) -> None:
    await put(admin, "/v1/agents/a1", {"name": NAME, "site_id": "minsk"})
    await command(admin, "c1", command="ready")
    await put(admin, "/v1/not-ready-reasons/gym", {"name": NAME})
    chosen = await command(admin, "c2", command="not_ready", reason="gym")
    assert (chosen.status_code, chosen.json()["agent"]["reason"]) == (200, "gym")
    await admin.delete("/v1/not-ready-reasons/gym", headers={"If-Match": "*"})
    await command(admin, "c3", command="ready")
    for number, (reason, state) in enumerate(
        [("gym", "deactivated"), ("nothing", "unknown"), ("rona", "system")]
    ):
        refused = await command(admin, f"d{number}", command="not_ready", reason=reason)
        assert (refused.status_code, refused.json()["code"]) == (409, "reason-refused")
        assert (refused.json()["reason"], refused.json()["state"]) == (reason, state)
    async with service.client("supervisor") as reader:
        assert (await reader.get("/v1/agents/a1")).json()["state"]["status"] == "Ready"


async def test_standing_reasons_are_there_and_the_systems_own_stay(
    admin: httpx.AsyncClient, service: AgentService
) -> None:
    async with service.client("agent", agent_id="a1") as agent:
        listed = (await agent.get("/v1/not-ready-reasons")).json()["items"]
        assert (await agent.get("/v1/wrap-up-codes")).status_code == 200
        assert (await agent.get("/v1/agents")).status_code == 403
        body = {"name": NAME}
        assert (await agent.put("/v1/not-ready-reasons/x", json=body)).status_code == 403
    system = {each["reason_id"] for each in listed if each["system"]}
    assert system == {
        "signed_in",
        "rona",
        "rejected",
        "leg_lost",
        "connection_lost",
        "signing_out",
        "supervisor",
        "shift_over",
    }
    assert {"asked", "break", "lunch", "meeting", "training"} == {
        each["reason_id"] for each in listed
    } - system
    gone = await admin.delete("/v1/not-ready-reasons/rona", headers={"If-Match": "*"})
    assert codes(gone) == {("#/deactivated", "system_reason")}
    renamed = await put(admin, "/v1/not-ready-reasons/rona", {"name": NAME, "paid": False}, "*")
    assert (renamed.json()["paid"], renamed.json()["system"]) == (False, True)
