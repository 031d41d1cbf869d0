"""geo over HTTP and over the log, on its real database."""

import asyncio
from pathlib import Path

import httpx
import pytest

from contact_events.calls import CallArrived, Caller
from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.locations import CallerLocated
from contact_events.partitions import partition_of
from contact_events.topics import CALL_ARRIVED, CALLER_LOCATED, TOPICS
from contact_runtime.clock import StoppedClock
from contact_runtime.database import connect
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from geo.http import REFUSALS, routes
from geo.main import background
from tests.support.ivr_histories import NINE
from tests.support.wait import until

PARTITIONS = 4
MAIN = partition_of("main", PARTITIONS)


def _client(folder: Path, role: str = "supervisor") -> httpx.AsyncClient:
    token = mint(folder, role, client="acme" if role == "client" else None)
    app = create_app(
        "geo",
        routes=[routes],
        auth=Auth(str(folder / JWKS_FILE), ISSUER, AUDIENCE),
        refusals=REFUSALS,
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://geo",
        headers={"Authorization": f"Bearer {token}"},
    )


async def test_a_place_is_shown_by_prefix(tmp_path: Path) -> None:
    async with _client(tmp_path) as supervisor:
        answer = await supervisor.get("/v1/places/+7391212")
    assert answer.json() == {
        "prefix": "+7391212",
        "precision": "region",
        "country": "RU",
        "region": "RU-KYA",
        "candidates": [],
        "source": "numbering-plan-1",
    }


@pytest.mark.parametrize("prefix", ["7391212", "+", "+73912123456", "+٧٣٩١", "+7x", "%2B0"])
async def test_what_is_no_prefix_is_refused(tmp_path: Path, prefix: str) -> None:
    async with _client(tmp_path) as supervisor:
        answer = await supervisor.get(f"/v1/places/{prefix}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_token_without_the_scope_is_refused(tmp_path: Path) -> None:
    async with _client(tmp_path, "client") as client:
        answer = await client.get("/v1/places/+7391212")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


@pytest.mark.postgres
async def test_each_arrival_is_answered_by_a_place_on_the_log(postgres_url: str) -> None:
    await migrate("geo", postgres_url)
    store = SqlStore(connect(postgres_url), source="/polycentre/geo", partitions=PARTITIONS)
    log = MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    await _append(log, Entry(b"K0", b"no event at all"), *(_arrived(f"K{n}") for n in (1, 2, 1)))
    stop = asyncio.Event()
    parts = background(store, log, StoppedClock(NINE), Metrics())
    tasks = [asyncio.ensure_future(part.run(stop)) for part in parts]
    try:

        async def told() -> bool:
            return await _located(log) == ["K1", "K2"]

        await until("both callers are located", told)
        assert not any(task.done() for task in tasks)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        await store.close()


def _arrived(call_id: str) -> Entry:
    envelope = Envelope(
        id=call_id,
        source="/polycentre/ivr",
        subject=call_id,
        time=NINE,
        pool="main",
        client="acme",
        project="shop",
        stream=call_id,
        sequence=1,
        data=CallArrived(
            call_id=call_id,
            channel="voice",
            direction="inbound",
            dnis="+74950000001",
            entry_site_id="moscow",
            caller=Caller(ref="r", ref_version=1, prefix="+7391212", sealed="s"),
        ),
    )
    return Entry(key_of(envelope), encode(envelope), headers_of(envelope))


async def _append(log: MemoryLog, *entries: Entry) -> None:
    writer = await log.writer()
    await writer.append(TopicPartition(CALL_ARRIVED.name, MAIN), list(entries))
    await writer.close()


async def _located(log: MemoryLog) -> list[str]:
    reader = await log.reader({TopicPartition(CALLER_LOCATED.name, MAIN): 0})
    records = await reader.read(timeout_s=0.01)
    await reader.close()
    return [
        one.envelope.data.call_id
        for one in (decode(record.value) for record in records)
        if isinstance(one, Decoded) and isinstance(one.envelope.data, CallerLocated)
    ]
