"""Dry runs over HTTP: what would change for those who wait now, and nothing is written."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contact_events.calls import CallQueued
from contact_events.topics import ROUTED, ROUTING_CONFIG
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from tests.support.router_app import PARTITION, Others, RunningRouter
from tests.support.router_world import agent_changed, arrived
from tests.support.wait import until

CONFIG = TopicPartition(ROUTING_CONFIG.name, PARTITION)
NAME = {"ru": "Имя", "en": "Name"}
QUEUE = {"name": NAME, "skills": {"sales": 5}}
SEEN = {"If-Match": '"1"'}
DRY = {"dry_run": "true"}


@pytest.fixture
async def admin(router: RunningRouter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with router.client(tmp_path) as client:
        for path in ("skills/sales", "sites/moscow"):
            assert (await client.put(f"/v1/{path}", json={"name": NAME})).status_code == 200
        for queue_id in ("general", "sales"):
            body = QUEUE | {"client_id": "acme"} if queue_id == "sales" else QUEUE
            assert (await client.put(f"/v1/queues/{queue_id}", json=body)).status_code == 200
        yield client


async def waiting(others: Others, router: RunningRouter, calls: int) -> None:
    """Let an agent of level 1 be free and so many calls wait for level 5."""
    await others.tell(agent_changed("learner"))
    for number in range(calls):
        await others.tell(arrived(f"k{number}"))
        await others.tell(CallQueued(call_id=f"k{number}", attempt=1, queue_id="sales"))
    leader = router.loop.replica.leader
    assert leader is not None
    await until("the calls wait", lambda: len(leader.indexes.places) == calls)


async def test_a_dry_run_shows_what_would_change_and_writes_nothing(
    admin: httpx.AsyncClient, router: RunningRouter, others: Others, log: MemoryLog
) -> None:
    await waiting(others, router, 3)
    written = len(log.records[CONFIG])
    lower = QUEUE | {"client_id": "acme", "skills": {"sales": 1}, "priority": 4}
    answer = await admin.put("/v1/queues/sales", params=DRY, json=lower, headers=SEEN)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["dry_run"], shown["complete"], shown["calls_changed"]) == (True, True, 3)
    assert (shown["document"]["revision"], shown["document"]["priority"]) == (2, 4)
    assert answer.headers["ETag"] == '"1"'
    first = shown["calls"][0]
    assert (first["call_id"], first["before"]["fate"], first["after"]["fate"]) == (
        "k0",
        "waits",
        "offered",
    )
    assert (first["after"]["agent_id"], first["after"]["priority"]) == ("learner", 4)
    assert shown["agents"] == [{"agent_id": "learner", "gains": ["sales"], "loses": []}]
    (counted,) = shown["queues"]
    assert counted["before"] == _counts(waiting=3)
    assert counted["after"] == _counts(waiting=2, offered=1, agents=1)
    assert len(log.records[CONFIG]) == written
    assert (await admin.get("/v1/queues/sales")).json()["revision"] == 1
    assert not await others.offers()


def _counts(**said: int) -> dict[str, int]:
    return dict.fromkeys(("waiting", "offered", "sent_elsewhere", "agents", "free"), 0) | said


async def test_deleting_and_rolling_back_can_be_tried_too(
    admin: httpx.AsyncClient, router: RunningRouter, others: Others
) -> None:
    await waiting(others, router, 2)
    deleted = (await admin.delete("/v1/queues/sales", params=DRY)).json()
    assert deleted["document"]["deleted"] is True
    assert {call["after"]["fate"] for call in deleted["calls"]} == {"end"}
    lower = QUEUE | {"client_id": "acme", "skills": {"sales": 9}, "priority": 4}
    assert (await admin.put("/v1/queues/sales", json=lower, headers=SEEN)).status_code == 200
    path = "/v1/queues/sales/rollback"
    back = (await admin.post(path, params=DRY, json={"revision": 1})).json()
    assert [call["after"]["priority"] for call in back["calls"]] == [0, 0]
    assert (await admin.get("/v1/queues/sales")).json()["revision"] == 2


async def test_what_would_be_refused_is_refused_dry_too(admin: httpx.AsyncClient) -> None:
    path = "/v1/queues/sales"
    stale = {"If-Match": '"9"'}
    changed = QUEUE | {"client_id": "acme", "priority": 1}
    answer = await admin.put(path, params=DRY, json=changed, headers=stale)
    assert (answer.status_code, answer.headers["ETag"]) == (412, '"1"')
    wrong = await admin.put(path, params=DRY, json=QUEUE | {"skills": {"chess": 1}, "ring_s": 0})
    assert {error["code"] for error in wrong.json()["errors"]} == {
        "unknown_skill",
        "greater_than_equal",
    }
    assert (await admin.delete("/v1/queues/nobody", params=DRY)).status_code == 404
    used = await admin.delete("/v1/skills/sales", params=DRY)
    assert (used.status_code, used.json()["code"]) == (409, "document-in-use")
    assert (await admin.put(path, params={"dry_run": "maybe"}, json=QUEUE)).status_code == 422


async def test_who_is_of_a_client_sees_what_becomes_of_that_clients_calls_only(
    admin: httpx.AsyncClient, router: RunningRouter, others: Others, tmp_path: Path
) -> None:
    await waiting(others, router, 2)
    async with router.client(tmp_path, client="acme") as theirs:
        body = QUEUE | {"client_id": "acme", "skills": {"sales": 1}}
        shown = (await theirs.put("/v1/queues/sales", params=DRY, json=body)).json()
        assert [queue["queue_id"] for queue in shown["queues"]] == ["sales"]
        # The calls came without a client: they are somebody else's.
        assert (shown["calls"], shown["calls_changed"]) == ([], 0)


async def test_the_leader_goes_on_while_dry_runs_are_worked_out(
    admin: httpx.AsyncClient, router: RunningRouter, others: Others, log: MemoryLog
) -> None:
    await waiting(others, router, 200)
    body = QUEUE | {"client_id": "acme", "priority": 1}
    before = len(log.records[TopicPartition(ROUTED.name, PARTITION)])
    answers, _ = await asyncio.gather(
        asyncio.gather(*(admin.put("/v1/queues/sales", params=DRY, json=body) for _ in range(5))),
        others.tell(agent_changed("master", skills={"sales": 5})),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert "router_dry_run_seconds_count 5.0" in router.metrics.text().decode()
    assert (await others.offer_of("k0")).agent_id == "master"
    assert len(log.records[TopicPartition(ROUTED.name, PARTITION)]) > before
    assert router.leads


async def test_a_standby_answers_from_what_it_has_folded(
    admin: httpx.AsyncClient,
    router: RunningRouter,
    others: Others,
    log: MemoryLog,
    tmp_path: Path,
) -> None:
    await waiting(others, router, 2)
    standby = RunningRouter(log).start()
    try:
        await until("the standby to have read all", lambda: standby.loop.caught_up)
        assert not standby.leads
        async with standby.client(tmp_path) as client:

            async def seen() -> bool:
                body = QUEUE | {"client_id": "acme", "priority": 1}
                answer = await client.put("/v1/queues/sales", params=DRY, json=body)
                return bool(answer.json()["calls_changed"] == 2)

            await until("the standby to see the calls", seen)
    finally:
        await standby.stop()
