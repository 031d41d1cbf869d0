"""The router over HTTP with the log in memory: orders, refusals, leadership."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.topics import ROUTING_CONFIG
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from tests.support.router_app import PARTITION, RunningRouter

SITE = {
    "name": {"ru": "Москва", "en": "Moscow"},
    "time_zone": "Europe/Moscow",
    "lat": 55.7558,
    "lon": 37.6173,
    "regions": ["RU-MOW", "RU-MOS"],
}
SKILL = {"name": {"ru": "Продажи", "en": "Sales"}}
QUEUE = {"client_id": "acme", "name": {"ru": "Продажи", "en": "Sales"}, "skills": {"sales": 1}}
CONFIG = TopicPartition(ROUTING_CONFIG.name, PARTITION)


@pytest.fixture
async def admin(router: RunningRouter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with router.client(tmp_path) as client:
        yield client


async def test_an_order_counts_when_it_is_answered(
    admin: httpx.AsyncClient, router: RunningRouter
) -> None:
    answer = await admin.put("/v1/sites/moscow", json=SITE)
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    leader = router.loop.replica.leader
    assert leader is not None
    assert leader.state.sites["moscow"].regions == ("RU-MOW", "RU-MOS")
    shown = (await admin.get("/v1/sites/moscow")).json()
    assert shown == answer.json()
    assert shown | SITE == shown


async def test_the_same_order_again_writes_nothing(
    admin: httpx.AsyncClient, log: MemoryLog
) -> None:
    await admin.put("/v1/skills/sales", json=SKILL)
    first = await admin.put("/v1/queues/sales", json=QUEUE)
    again = await admin.put("/v1/queues/sales", json=QUEUE)
    assert first.json() == again.json()
    assert len(log.records[CONFIG]) == 2
    headers = {"If-Match": first.headers["ETag"]}
    changed = await admin.put("/v1/queues/sales", json=QUEUE | {"priority": 5}, headers=headers)
    assert (changed.json()["revision"], changed.json()["priority"]) == (2, 5)


async def test_two_replicas_that_take_orders_at_once_lose_none(
    log: MemoryLog, router: RunningRouter, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    other = RunningRouter(log).start()
    try:
        async with other.client(tmp_path) as elsewhere:
            await admin.put("/v1/skills/sales", json=SKILL)
            seen: dict[str, str] = {}
            for n in range(10):
                mine, theirs = QUEUE | {"priority": n}, QUEUE | {"priority": 100 + n}
                one = await admin.put("/v1/queues/sales", json=mine, headers=seen)
                seen = {"If-Match": one.headers["ETag"]}
                two = await elsewhere.put("/v1/queues/sales", json=theirs, headers=seen)
                seen = {"If-Match": two.headers["ETag"]}
                assert (one.json()["revision"], two.json()["revision"]) == (2 * n + 1, 2 * n + 2)
            last = (await admin.get("/v1/queues/sales")).json()
            assert last["priority"] == 109
    finally:
        await other.stop()


@pytest.mark.parametrize("landed", [True, False])
async def test_an_order_whose_write_was_doubtful_counts_once(
    admin: httpx.AsyncClient, router: RunningRouter, log: MemoryLog, landed: bool
) -> None:
    await admin.put("/v1/skills/sales", json=SKILL)
    writer = await log.writer()
    router.loop.orders._writer = _Doubtful(log, writer, landed)
    answer = await admin.put("/v1/queues/sales", json=QUEUE)
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    assert (await admin.get("/v1/queues/sales")).json()["revision"] == 1


class _Doubtful:
    """A writer of one doubtful append, whatever other writers do meanwhile."""

    def __init__(self, log: MemoryLog, writer: Any, landed: bool) -> None:
        self._log, self._writer, self._landed = log, writer, landed

    async def append(self, tp: TopicPartition, entries: Any) -> int:
        self._log.doubt_next_append(landed=self._landed)
        return int(await self._writer.append(tp, entries))

    async def close(self) -> None:
        await self._writer.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/sites/moscow", SITE | {"colour": "red"}),
        ("/v1/sites/moscow", SITE | {"time_zone": "Moscow"}),
        ("/v1/sites/moscow", SITE | {"regions": ["Moscow"]}),
        ("/v1/sites/moscow", SITE | {"status": "shut"}),
        ("/v1/sites/moscow", SITE | {"lat": 91}),
        ("/v1/queues/sales", QUEUE | {"skills": {"sales": -1}}),
        ("/v1/queues/sales", QUEUE | {"max_wait_s": 0}),
        ("/v1/queues/sales", QUEUE | {"overflow_to": "sales"}),
        ("/v1/queues/sales", QUEUE | {"name": "Sales"}),
    ],
)
async def test_a_wrong_order_is_refused_and_not_written(
    admin: httpx.AsyncClient, log: MemoryLog, path: str, body: dict[str, Any]
) -> None:
    answer = await admin.put(path, json=body)
    assert answer.status_code == 422
    assert not log.records[CONFIG]


async def test_what_nobody_ordered_is_not_found(admin: httpx.AsyncClient) -> None:
    for path in ("/v1/sites/moscow", "/v1/queues/sales"):
        assert (await admin.get(path)).status_code == 404


async def test_only_an_administrator_may_order(
    admin: httpx.AsyncClient, router: RunningRouter, tmp_path: Path
) -> None:
    await admin.put("/v1/sites/moscow", json=SITE)
    async with router.client(tmp_path, "supervisor") as supervisor:
        assert (await supervisor.get("/v1/sites/moscow")).status_code == 200
        assert (await supervisor.put("/v1/sites/moscow", json=SITE)).status_code == 403
    async with router.client(tmp_path, "integrator") as integrator:
        assert (await integrator.get("/v1/sites/moscow")).status_code == 403


async def test_who_leads_can_be_asked(admin: httpx.AsyncClient, router: RunningRouter) -> None:
    shown = (await admin.get("/v1/leadership")).json()
    leadership = router.loop.replica.leadership
    assert (shown["epoch"], shown["owner"], shown["leads"]) == (1, leadership.owner, True)
