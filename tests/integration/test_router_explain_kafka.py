"""Explaining as a process of its own, on real Kafka and PostgreSQL, asked over HTTP."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from contact_events.routing import CallRouted
from contact_events.topics import ROUTED
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry
from deploy.local.kafka import LocalKafka, free_ports
from router.codec import decision_envelope, entry_of
from router.domain.state import State
from tests.support.router_app import PARTITIONS, POOL, Others, RunningRouter
from tests.support.router_world import agent_changed, site
from tests.support.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def others(empty_kafka: LocalKafka) -> AsyncIterator[Others]:
    others = await Others(KafkaLog(empty_kafka.bootstrap)).open()
    yield others
    await others.close()


@pytest.fixture
async def router(others: Others) -> AsyncIterator[RunningRouter]:
    router = await RunningRouter(others.log).start().leading()
    yield router
    await router.stop()


async def _router(bootstrap: str, *words: str, **told: str) -> asyncio.subprocess.Process:
    """Run `python -m router` with these words."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "router", *words),
        env={**os.environ, "KAFKA_BOOTSTRAP": bootstrap, "PARTITIONS": str(PARTITIONS), **told},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _said(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


@asynccontextmanager
async def _explaining(bootstrap: str, url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Migrate, run explaining, and give a supervisor's client of it once it is ready."""
    http_port, ops_port = free_ports(2)
    token = mint(folder, "supervisor")
    told = {
        "DATABASE_URL": url,
        "HTTP_PORT": str(http_port),
        "OPS_PORT": str(ops_port),
        "JWKS": str(folder / JWKS_FILE),
    }
    code, said = await _said(await _router(bootstrap, "migrate", **told))
    assert code == 0, said
    process = await _router(bootstrap, "explain", **told)
    headers = {"Authorization": f"Bearer {token}"}
    base = f"http://127.0.0.1:{http_port}"
    try:
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as client:

            async def ready() -> bool:
                assert process.returncode is None, (await _said(process))[1]
                try:
                    return (await client.get(f"http://127.0.0.1:{ops_port}/readyz")).is_success
                except httpx.TransportError:
                    return False

            await until("explaining to be ready", ready, limit_s=60)
            yield client
            metrics = await client.get(f"http://127.0.0.1:{ops_port}/metrics")
            assert "explain_fold_seconds_count" in metrics.text
    finally:
        if process.returncode is None:
            process.terminate()
        code, said = await _said(process)
    assert code == 0, said


async def _answer(client: httpx.AsyncClient, path: str, **query: str) -> Any:
    """Return the answer, fetched as a job where it takes long."""
    answer = await client.get(path, params=query)
    while answer.status_code == 202:
        await asyncio.sleep(float(answer.headers["Retry-After"]) / 10)
        answer = await client.get(answer.headers["Location"])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _day(others: Others) -> tuple[CallRouted, CallRouted]:
    """Let k1 be answered at home and k2 away, while k3 waits."""
    await others.open_centre("m1")
    await others.tell(site("krasnoyarsk"))
    for agent_id in ("y1", "y2"):
        await others.tell(agent_changed(agent_id, site_id="krasnoyarsk"))
    await others.call("k1")
    first = await others.offer_of("k1")
    await others.take(first)
    await others.call("k2")
    second = await others.offer_of("k2")
    await others.take(second)
    await others.tell(agent_changed("y2", "NotReady", site_id="krasnoyarsk"))
    await others.call("k3")
    return first, second


async def test_calls_that_a_real_router_routed_are_explained_by_a_real_process(
    empty_kafka: LocalKafka,
    others: Others,
    router: RunningRouter,
    postgres_url: str,
    tmp_path: Path,
) -> None:
    first, second = await _day(others)
    leader = router.loop.replica.leader
    assert leader is not None
    await until("k3 to wait", lambda: "k3" in leader.indexes.places)
    later = datetime.now(UTC).isoformat()
    async with _explaining(empty_kafka.bootstrap, postgres_url, tmp_path) as client:

        async def indexed() -> bool:
            return (await client.get("/v1/calls/k3/decisions")).is_success

        await until("the index", indexed, limit_s=60)
        story = await _answer(client, "/v1/calls/k2/decisions")
        assert [e["kind"] for e in story["entries"]] == [
            "call.arrived",
            "call.queued",
            "call.routed",
            "call.answered",
        ]
        told = await _answer(client, f"/v1/decisions/{second.reservation_id}")
        assert told["decision_id"] == story["entries"][2]["decision_id"]
        assert told["comes_out_again"] is True
        assert {c["agent_id"]: c["reason"] for c in told["candidates"]} == {
            "m1": "busy",
            "y1": "chosen",
            "y2": "behind",
        }
        assert (
            "nobody free in moscow with sales at level 1; 2 free in krasnoyarsk; "
            "the longest idle was y1"
        ) in told["sentence"]["en"]
        now = await _answer(client, "/v1/state", at=later)
        assert [c["call_id"] for q in now["queues"] for c in q["calls"]] == ["k3"]
        then = await _answer(client, "/v1/state", at=first.decided_at.isoformat())
        assert [offer["call_id"] for offer in then["offers"]] == ["k1"]
        wrong = await client.get("/v1/state", params={"at": "2999-01-01T00:00:00Z"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "moment-in-the-future")


async def test_a_real_log_is_verified_from_the_command_line(
    empty_kafka: LocalKafka, others: Others, router: RunningRouter
) -> None:
    await _day(others)
    await router.stop()
    code, said = await _said(await _router(empty_kafka.bootstrap, "replay", "--verify", "0", "end"))
    assert (code, "came out again bit for bit" in said) == (0, True), said
    offers = [n for n, d in enumerate(await others.decisions()) if isinstance(d, CallRouted)]
    start, end = str(offers[0]), str(offers[1] + 1)
    code, said = await _said(await _router(empty_kafka.bootstrap, "replay", "--verify", start, end))
    assert (code, f"offsets {start} to" in said) == (0, True), said
    code, said = await _said(
        await _router(empty_kafka.bootstrap, "replay", "--verify", "0", "999999")
    )
    assert (code, "routed of pool main ends at" in said) == (2, True), said
    offer = (await others.offers())[1]
    await others.append(ROUTED.name, await _with_another_agent(others, offer))
    code, said = await _said(await _router(empty_kafka.bootstrap, "replay", "--verify", "0", "end"))
    planted = len(await others.decisions()) - 1
    assert code == 1, said
    assert said.startswith(f"routed offset {planted}: decision: recorded 'call.routed"), said
    assert "computed 'nothing'" in said


async def _with_another_agent(others: Others, offer: CallRouted) -> Entry:
    """Return what the leader of the last decision never said: the offer again, to somebody else."""
    last = (await others.decisions())[-1]
    planted = replace(
        offer,
        epoch=last.epoch,
        owner=last.owner,
        number=last.number + 1,
        positions=last.positions,
        decided_at=last.decided_at,
        agent_id="nobody",
    )
    return entry_of(decision_envelope(planted, State(POOL)))
