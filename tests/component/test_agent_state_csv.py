"""Documents as CSV over HTTP: out and in again, dry runs, all rows or none."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agent_service import AgentService, agent_service, agent_store

NAME = {"ru": "=1+1", "en": 'Name; with, "all"'}
ALL = {"deactivated": True}
CSV = {"Content-Type": "text/csv; charset=utf-8"}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "/v1/teams/t1": {
        "name": NAME,
        "break_taken_within_s": 90,
        "sign_out_after_shift": True,
        "rona": {"returns_after_s": 60},
        "supervisors": ["a b", "c"],
    },
    "/v1/wrap-up-codes/refund": {"name": NAME, "parent_id": "complaint"},
    "/v1/not-ready-reasons/gym": {"name": NAME, "longest_stay_s": 0.5, "is_break": True},
    "/v1/wrap-up-policies/cards": {
        "mode": "timed_extendable",
        "extend_by_s": 20,
        "extensions": 2,
        "codes_required": True,
        "codes_from": "complaint",
        "deactivated": True,
    },
    "/v1/agents/a1": {
        "name": NAME,
        "site_id": "minsk",
        "team": "t1",
        "skills": {"cards": 3, "loans": 1},
        "channels": {"voice": 1, "chat": 2},
        "interrupts": {"voice": ["chat", "email"]},
    },
    "/v1/agents/a2": {"name": NAME, "site_id": "minsk", "skills": {"cards": 2}},
}
PLURALS = [
    "agents",
    "skills-of-agents",
    "teams",
    "not-ready-reasons",
    "wrap-up-codes",
    "wrap-up-policies",
]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_store(None) as store, agent_service(store, tmp_path / "keys") as made:
        yield made


@pytest.fixture
async def admin(service: AgentService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("administrator", subject="boss") as client:
        await client.put("/v1/wrap-up-codes/complaint", json={"name": NAME})
        for path, body in DOCUMENTS.items():
            answer = await client.put(path, json=body)
            assert answer.status_code == 200, answer.text
        yield client


async def send(admin: httpx.AsyncClient, plural: str, text: str, **query: Any) -> httpx.Response:
    body = text.encode()
    return await admin.post(f"/v1/{plural}.csv", content=body, headers=CSV, params=query)


def faults(answer: httpx.Response) -> set[tuple[int, str | None, str]]:
    return {(each["row"], each["column"], each["code"]) for each in answer.json()["faults"]}


@pytest.mark.parametrize("plural", PLURALS)
async def test_what_was_exported_is_imported_as_nothing_new(
    admin: httpx.AsyncClient, plural: str
) -> None:
    before = (await admin.get(f"/v1/{plural}", params={"deactivated": True})).json()
    file = await admin.get(f"/v1/{plural}.csv")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{plural}.csv"' in file.headers["Content-Disposition"]
    assert file.text.startswith("\ufeff") and ",=1" not in file.text
    found = (await send(admin, plural, file.text)).json()
    assert (found["created"], found["changed"], found["faults"]) == (0, 0, [])
    assert found["rows"] == found["unchanged"] == len(before["items"])
    assert (await admin.get(f"/v1/{plural}", params={"deactivated": True})).json() == before


async def test_what_was_exported_makes_the_same_documents_elsewhere(
    admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with (
        agent_store(None) as store,
        agent_service(store, tmp_path / "other") as other,
        other.client("administrator", subject="boss") as there,
    ):
        for plural in ("teams", "not-ready-reasons", "wrap-up-codes", "wrap-up-policies", "agents"):
            text = (await admin.get(f"/v1/{plural}.csv")).text
            answer = await send(there, plural, text.replace("revision", "no", 1))
            assert faults_of_problem(answer) == {(1, "no", "column_unknown")}
            rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
            out = io.StringIO(newline="")
            csv.writer(out).writerows([row[0], *row[2:]] for row in rows)
            without = out.getvalue()
            assert (await send(there, plural, without)).status_code == 200
            mine = (await admin.get(f"/v1/{plural}", params=ALL)).json()["items"]
            theirs = (await there.get(f"/v1/{plural}", params=ALL)).json()["items"]
            assert [_said(each) for each in theirs] == [_said(each) for each in mine]


def faults_of_problem(answer: httpx.Response) -> set[tuple[int, str | None, str]]:
    assert (answer.status_code, answer.json()["code"]) == (422, "rows-refused")
    return faults(answer)


def _said(shown: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in shown.items() if k not in ("changed_at", "sequence", "state")}


BAD = (
    "agent_id,name_ru,name_en,site_id,team,telephone,skills,revision\n"
    "b1,Борис,Boris,minsk,t1,true,cards=2,\n"
    "b2,Борис,,minsk,nowhere,perhaps,cards,\n"
    "b2,Борис,Boris,minsk,,,,\n"
    "b 3,Борис,Boris,minsk,,,,\n"
    "b4,Борис,Boris\n"
    "\n"
    "b5,Борис,Boris,minsk,nowhere,,,\n"
    "a1,Борис,Boris,minsk,,,,7\n"
)


async def test_a_dry_run_lists_every_bad_row_and_the_import_writes_all_rows_or_none(
    admin: httpx.AsyncClient, service: AgentService
) -> None:
    expected = {
        (3, "telephone", "cell"),
        (3, "skills", "cell"),
        (3, "name_en", "missing"),
        (4, "agent_id", "repeated"),
        (5, "agent_id", "id"),
        (6, None, "cells"),
        (8, "team", "unknown_team"),
        (9, "revision", "stale"),
    }
    tried = await send(admin, "agents", BAD, dry_run=True)
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert (faults(tried), tried.json()["rows"]) == (expected, 7)
    assert faults_of_problem(await send(admin, "agents", BAD)) == expected
    for agent_id in ("b1", "b5"):
        assert (await admin.get(f"/v1/agents/{agent_id}")).status_code == 404
    assert len(await service.told("agent-state")) == 2
    good = "\n".join(BAD.splitlines()[:2])
    tried = await send(admin, "agents", good, dry_run=True)
    assert (tried.json()["created"], tried.json()["faults"]) == (1, [])
    assert (await admin.get("/v1/agents/b1")).status_code == 404
    done = await send(admin, "agents", good)
    assert (done.status_code, done.json()["created"]) == (200, 1)
    made = (await admin.get("/v1/agents/b1")).json()
    assert (made["skills"], made["changed_by"], made["revision"]) == ({"cards": 2}, "boss", 1)


async def test_a_column_that_is_not_there_leaves_what_is_said_and_an_empty_cell_is_the_default(
    admin: httpx.AsyncClient,
) -> None:
    done = await send(admin, "agents", "agent_id;telephone;team\na1;true;\n")
    assert done.json()["changed"] == 1, done.text
    agent = (await admin.get("/v1/agents/a1")).json()
    assert (agent["telephone"], agent["team"], agent["name"]) == (True, None, NAME)
    assert (agent["skills"], agent["revision"]) == ({"cards": 3, "loans": 1}, 2)


async def test_a_policy_of_after_call_work_is_a_row_and_what_makes_no_sense_is_a_fault(
    admin: httpx.AsyncClient,
) -> None:
    text = (
        "queue_id,mode,after_s,extensions,codes_required,codes_from\n"
        "loans,timed,60,,true,complaint\n"
        "sales,timed,60,3,,\n"
        "gifts,whenever,,,,\n"
        "cards,timed_extendable,,,,nowhere\n"
    )
    expected = {
        (3, "extensions", "useless_beside"),
        (4, "mode", "literal_error"),
        (5, "extensions", "missing_beside"),
        (5, "codes_from", "unknown_code"),
    }
    tried = await send(admin, "wrap-up-policies", text, dry_run=True)
    assert (tried.status_code, faults(tried)) == (200, expected)
    assert faults_of_problem(await send(admin, "wrap-up-policies", text)) == expected
    assert (await admin.get("/v1/wrap-up-policies/loans")).status_code == 404
    good = "\n".join(text.splitlines()[:2])
    assert (await send(admin, "wrap-up-policies", good)).json()["created"] == 1
    made = (await admin.get("/v1/wrap-up-policies/loans")).json()
    assert (made["mode"], made["after_s"], made["codes_required"]) == ("timed", 60, True)


async def test_rows_may_name_each_other_and_what_agents_do_is_a_fault_of_their_row(
    admin: httpx.AsyncClient,
) -> None:
    text = "code_id,name_ru,name_en,parent_id\nchild,Н,N,parent\nparent,Р,P,\n"
    assert (await send(admin, "wrap-up-codes", text)).json()["created"] == 2
    loop = "code_id,parent_id\nparent,child\n"
    assert faults_of_problem(await send(admin, "wrap-up-codes", loop)) == {
        (2, "parent_id", "code_loop")
    }
    ready = {"command_id": "c1", "command": "ready"}
    await admin.post("/v1/agents/a1/commands", json=ready)
    gone = await send(admin, "agents", "agent_id,deactivated\na2,true\na1,true\n")
    assert faults_of_problem(gone) == {(3, None, "agent-signed-in")}
    assert (await admin.get("/v1/agents/a2")).json()["deactivated"] is False


async def test_the_matrix_of_skills_is_a_file_with_a_column_a_skill(
    admin: httpx.AsyncClient,
) -> None:
    text = (await admin.get("/v1/skills-of-agents.csv")).text.removeprefix("\ufeff")
    assert text.splitlines()[0] == "agent_id,revision,name_ru,name_en,skills.cards,skills.loans"
    answer = await send(admin, "skills-of-agents", "agent_id,skills.cards,skills.vip\na1,,5\n")
    assert answer.json()["changed"] == 1, answer.text
    assert (await admin.get("/v1/agents/a1")).json()["skills"] == {"loans": 1, "vip": 5}
    wrong = "agent_id,skills.cards\nnobody,1\na1,high\na2,5000\n"
    assert faults_of_problem(await send(admin, "skills-of-agents", wrong)) == {
        (2, "agent_id", "unknown_agent"),
        (3, "skills.cards", "cell"),
        (4, "skills.cards", "less_than_equal"),
    }


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"agent_id\n", {"Content-Type": "application/json"}, 415, "media-type-unsupported"),
        ("имя".encode("cp1251"), CSV, 400, "malformed-request"),
        (b'agent_id\n"a1\n', CSV, 400, "malformed-request"),
        (b"name_ru\nx\n", CSV, 422, "rows-refused"),
        (b"", CSV, 422, "rows-refused"),
    ],
)
async def test_what_is_no_such_file_is_refused(
    admin: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await admin.post("/v1/agents.csv", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.postgres
async def test_many_rows_are_one_transaction_of_the_database(
    postgres_url: str, tmp_path: Path
) -> None:
    rows = [f"b{number},Борис,Boris,minsk,cards=1" for number in range(300)]
    header = "agent_id,name_ru,name_en,site_id,skills"
    async with (
        agent_store(postgres_url) as store,
        agent_service(store, tmp_path / "keys") as service,
        service.client("administrator") as there,
    ):
        bad = "\n".join([header, *rows, "b300,Борис,Boris,minsk,cards=many"])
        assert faults_of_problem(await send(there, "agents", bad)) == {(302, "skills", "cell")}
        assert (await there.get("/v1/agents")).json()["items"] == []
        done = await send(there, "agents", "\n".join([header, *rows]))
        assert (done.status_code, done.json()["created"]) == (200, 300)
        text = (await there.get("/v1/agents.csv")).text
        again = (await send(there, "agents", text)).json()
        assert (again["rows"], again["unchanged"]) == (300, 300)
        page = (await there.get("/v1/agents", params={"limit": 200})).json()
        rest = (await there.get("/v1/agents", params={"after": page["next"]})).json()
        assert len(page["items"]) + len(rest["items"]) == 300


async def test_a_file_has_at_most_4_mib(service: AgentService) -> None:
    host, _, port = service.url.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /v1/agents.csv HTTP/1.1\r\nHost: here\r\nContent-Type: text/csv\r\n"
        f"Authorization: Bearer {service.token('administrator')}\r\n"
        f"Content-Length: {4 * 1024 * 1024 + 1}\r\n\r\n".encode()
    )
    async with asyncio.timeout(10.0):
        answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413 ") and '"limit_bytes":4194304' in answer


async def test_only_administrators_import_and_larger_bodies_are_for_files_alone(
    admin: httpx.AsyncClient, service: AgentService
) -> None:
    async with service.client("supervisor") as reader:
        assert (await reader.get("/v1/agents.csv")).status_code == 200
        refused = await reader.post("/v1/agents.csv", content=b"agent_id\n", headers=CSV)
        assert refused.status_code == 403
    large = await admin.put("/v1/teams/t9", content=b"x" * (70 * 1024))
    assert large.status_code == 413
