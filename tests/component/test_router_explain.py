"""Explaining over HTTP: its real database, the router beside it, the log in memory."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contact_events.routing import CallRouted
from contact_events.topics import ROUTED, ROUTER_SNAPSHOTS
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from router.explain.folds import Kept
from tests.support.explain_app import RunningExplain
from tests.support.router_app import PARTITION, Others, RunningRouter
from tests.support.router_world import site
from tests.support.wait import until

pytestmark = pytest.mark.postgres


class GatedLog(MemoryLog):
    """A log that answers nobody who would read the past while the gate is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.read_from: list[int] = []

    async def reader(self, positions: Mapping[TopicPartition, int], *, ahead: bool = True) -> Any:
        if len(positions) == 1:
            await asyncio.to_thread(self.gate.wait)
        self.read_from += [at for tp, at in positions.items() if tp.topic == ROUTED.name]
        return await super().reader(positions)


@pytest.fixture
def log() -> GatedLog:
    return GatedLog()


@pytest.fixture
async def explain(
    log: GatedLog,
    others: Others,
    postgres_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[RunningExplain]:
    """Give it running; its patience is long, or what the test asks for, in seconds."""
    patience_s = getattr(request, "param", 30.0)
    settings: Any = {"folds_at_once": 1, "folds_waiting": 0, "patience_s": patience_s}
    running = await RunningExplain(log, postgres_url, tmp_path, **settings).start()
    yield running
    log.gate.set()
    await running.stop()


@pytest.fixture
async def asks(explain: RunningExplain) -> AsyncIterator[httpx.AsyncClient]:
    async with explain.client() as client:
        yield client


async def _one_call(others: Others) -> CallRouted:
    """Let one call be offered to a1 of two who are free."""
    others.client = "acme"
    await others.open_centre("a1", "a2")
    await others.tell(site("krasnoyarsk"))
    await others.call("k1")
    return await others.offer_of("k1")


async def test_a_call_tells_its_way_in_order_with_a_sentence_for_each_step(
    router: RunningRouter, explain: RunningExplain, others: Others, asks: httpx.AsyncClient
) -> None:
    offer = await _one_call(others)
    await others.take(offer)
    await explain.caught_up()
    story = (await asks.get("/v1/calls/k1/decisions")).json()
    assert (story["call_id"], story["client_id"], story["pool"]) == ("k1", "acme", "main")
    assert [entry["kind"] for entry in story["entries"]] == [
        "call.arrived",
        "call.queued",
        "call.routed",
        "call.answered",
    ]
    routed = story["entries"][2]
    assert routed["said"]["why"]["eligible"] == 2
    assert routed["sentence"]["en"].startswith("Offered to a1 (moscow) after waiting 0 s: 2 free")
    assert "свободны 2 оператора" in routed["sentence"]["ru"]
    assert [entry["decision_id"] is not None for entry in story["entries"]] == [
        False,
        False,
        True,
        False,
    ]


async def test_a_decision_tells_every_agent_by_its_own_id_and_by_that_of_its_reservation(
    router: RunningRouter, explain: RunningExplain, others: Others, asks: httpx.AsyncClient
) -> None:
    offer = await _one_call(others)
    await explain.caught_up()
    told = (await asks.get(f"/v1/decisions/{offer.reservation_id}")).json()
    assert (await asks.get(f"/v1/decisions/{told['decision_id']}")).json() == told
    assert told["comes_out_again"] is True
    assert [(c["agent_id"], c["reason"], c["order"]) for c in told["candidates"]] == [
        ("a1", "chosen", 1),
        ("a2", "behind", 2),
    ]
    assert told["needed"] == {"sales": 1}
    assert told["free_at"] == {"moscow": 2}
    assert "2 free in moscow (home) with sales at level 1" in told["sentence"]["en"]


async def test_the_state_of_a_past_moment_is_as_the_router_saw_it_then(
    router: RunningRouter, explain: RunningExplain, others: Others, asks: httpx.AsyncClient
) -> None:
    offer = await _one_call(others)
    await others.call("k2")
    second = await others.offer_of("k2")
    await others.call("k3")
    await others.call("k4")
    leader = router.loop.replica.leader
    assert leader is not None
    await until("two calls that wait", lambda: len(leader.indexes.places) == 2)
    later = datetime.now(UTC)
    await explain.caught_up()
    now = (await asks.get("/v1/state", params={"at": later.isoformat()})).json()
    (sales,) = now["queues"]
    assert [(c["place"], c["call_id"], c["client_id"]) for c in sales["calls"]] == [
        (1, "k3", "acme"),
        (2, "k4", "acme"),
    ]
    first, second_wait = (call["expected_wait"] for call in sales["calls"])
    assert first["share"] == 0.8
    assert 0 < first["low_s"] < first["mean_s"] < first["high_s"]
    assert second_wait["mean_s"] == 2 * first["mean_s"]
    assert {o["reservation_id"] for o in now["offers"]} == {
        offer.reservation_id,
        second.reservation_id,
    }
    stands = {agent["agent_id"]: agent["slots"][0]["stands"] for agent in now["agents"]}
    assert stands == {"a1": "unsettled", "a2": "unsettled"}
    earlier = offer.decided_at.isoformat()
    then = (await asks.get("/v1/state", params={"at": earlier})).json()
    assert [o["call_id"] for o in then["offers"]] == ["k1"]
    assert then["queues"][0]["calls"] == []
    assert [each["status"] for each in then["sites"]] == ["open", "open"]


async def test_a_clients_token_sees_its_own_calls_and_no_agents(
    router: RunningRouter, explain: RunningExplain, others: Others
) -> None:
    offer = await _one_call(others)
    await explain.caught_up()
    paths = ("/v1/calls/k1/decisions", f"/v1/decisions/{offer.reservation_id}")
    job = f"/v1/jobs/decision~{offer.reservation_id}"
    async with explain.client("client", client="other") as stranger:
        for path in (*paths, job):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
    async with explain.client("client", client="acme") as owner:
        assert (await owner.get(paths[0])).status_code == 200
        for path in (paths[1], job):
            told = (await owner.get(path)).json()
            assert (told["candidates"], told["free_at"]) == (None, {"moscow": 2}), path
        at = datetime.now(UTC).isoformat()
        assert (await owner.get("/v1/state", params={"at": at})).status_code == 403
    async with explain.client("supervisor", scope="routing:read") as narrowed:
        assert (await narrowed.get(paths[0])).status_code == 403
        assert (await narrowed.get("/v1/state", params={"at": at})).status_code == 200
    async with explain.client("agent", agent_id="a1") as agent:
        assert (await agent.get(job)).status_code == 403


async def test_what_is_not_there_or_cannot_be_is_refused_clearly(
    router: RunningRouter, explain: RunningExplain, others: Others, asks: httpx.AsyncClient
) -> None:
    await _one_call(others)
    await explain.caught_up()
    now = datetime.now(UTC)
    state = "/v1/state?at="
    cases = {
        "/v1/calls/nobody/decisions": (404, "not-found"),
        "/v1/decisions/nothing": (404, "not-found"),
        "/v1/jobs/nothing": (404, "not-found"),
        "/v1/jobs/decision~nothing": (404, "not-found"),
        "/v1/jobs/state~main~soon": (404, "not-found"),
        f"/v1/jobs/state~main~{'9' * 30}": (404, "not-found"),
        f"/v1/jobs/state~main~{10**17}": (422, "moment-in-the-future"),
        state + _moment(now + timedelta(hours=1)): (422, "moment-in-the-future"),
        state + _moment(now - timedelta(days=1)): (422, "moment-before-the-log"),
        state + _moment(now) + "&pool=other": (404, "not-found"),
        state + "yesterday": (422, "invalid-request"),
        state + "2026-03-02T09:00:00": (422, "invalid-request"),
        "/v1/state": (422, "invalid-request"),
        "/v1/decisions/%20": (422, "invalid-request"),
    }
    for path, expected in cases.items():
        answer = await asks.get(path)
        assert (answer.status_code, answer.json()["code"]) == expected, path


@pytest.mark.parametrize("explain", [0.2], indirect=True)
async def test_an_answer_that_takes_long_is_a_job_that_can_be_fetched_later(
    router: RunningRouter,
    explain: RunningExplain,
    others: Others,
    asks: httpx.AsyncClient,
    log: GatedLog,
) -> None:
    offer = await _one_call(others)
    await explain.caught_up()
    log.gate.clear()
    answer = await asks.get(f"/v1/decisions/{offer.reservation_id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    place = answer.headers["Location"]
    assert place == f"/v1/jobs/decision~{offer.reservation_id}"
    assert answer.json() == {"job_id": place.removeprefix("/v1/jobs/"), "state": "working"}
    assert (await asks.get(place)).status_code == 202
    other = await asks.get("/v1/state", params={"at": offer.decided_at.isoformat()})
    assert (other.status_code, other.json()["code"]) == (503, "try-again"), "one fold at a time"
    assert other.headers["Retry-After"] == "1"
    log.gate.set()

    async def fetched() -> dict[str, Any] | None:
        found = await asks.get(place)
        return found.json() if found.status_code == 200 else None

    told = await until("the job's result", fetched, limit_s=60)
    assert told["said"]["agent_id"] == "a1"
    assert (await asks.get(place)).json() == told


async def test_a_fold_goes_on_from_the_nearest_snapshot_before_the_moment(
    explain: RunningExplain, others: Others, asks: httpx.AsyncClient, log: GatedLog
) -> None:
    router = await RunningRouter(log, snapshot_every=10).start().leading()
    first = await _one_call(others)
    await others.take(first)
    await others.free(first)
    manifests = log.records[TopicPartition(ROUTER_SNAPSHOTS.name, PARTITION)]
    await until("a snapshot", lambda: manifests, limit_s=20)
    await others.call("k2")
    second = await others.offer_of("k2")
    await router.stop()
    await explain.caught_up()
    explain.folds._snapshot_beyond = 1
    found: dict[str, tuple[int, Any]] = {}
    for offer in (first, second):
        log.read_from.clear()
        told = (await asks.get(f"/v1/decisions/{offer.reservation_id}")).json()
        assert told["comes_out_again"], told
        found[offer.call_id] = log.read_from[-1], told["candidates"]
    assert found["k1"][0] == 0
    assert found["k2"][0] > 0
    explain.folds._snapshot_beyond = 1 << 60
    explain.folds._kept = Kept(0)
    from_zero = (await asks.get(f"/v1/decisions/{second.reservation_id}")).json()
    assert log.read_from[-1] == 0
    assert from_zero["candidates"] == found["k2"][1]


async def test_an_answer_that_failed_is_tried_again_when_asked_again(
    router: RunningRouter,
    explain: RunningExplain,
    others: Others,
    asks: httpx.AsyncClient,
) -> None:
    offer = await _one_call(others)
    await explain.caught_up()
    assert isinstance(explain.log, MemoryLog)
    topics = dict(explain.log._partitions)
    explain.log._partitions.clear()
    path = f"/v1/decisions/{offer.reservation_id}"
    answer = await asks.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "try-again")
    explain.log._partitions.update(topics)
    assert (await asks.get(path)).status_code == 200


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+", "%2B")
