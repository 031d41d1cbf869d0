"""Webhooks of reporting: an alert raised on a board is told once, whatever happens to replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from contact_events.billing import AlertRuleChanged
from contact_events.topics import ALERTS
from contact_runtime.clock import BusinessClock, SystemClock, machine_now
from contact_runtime.memory_log import MemoryLog
from contact_runtime.migrate import migrate
from contact_runtime.relay import run_relay
from contact_runtime.store import SqlStore, connect
from reporting.alerting import Alerting
from reporting.boards import Boards
from reporting.builds.building import Builder, builds_in
from reporting.domain.live import LiveBoard
from reporting.main import fold
from reporting.webhooks.telling import TELLING
from tests.support.boards import FOLDED, PARTITIONS, centre, empty_log, write
from tests.support.histories import Story
from tests.support.receiver import Receiver, receiver
from tests.support.reporting_app import SOURCE, Reporting, reporting_app, webhooks_of
from tests.support.specimens import NOON
from tests.support.wait import until
from tests.unit.reporting.test_alerts import rule

pytestmark = pytest.mark.postgres

BOTH = ["alert.cleared", "alert.raised"]
LIMIT_S = 30.0


@dataclass
class Floor:
    """A centre on a log and a database; replicas of reporting watch it while a block is open."""

    url: str
    store: SqlStore
    log: MemoryLog
    story: Story
    app: Reporting
    written: int = 0

    async def told(self) -> None:
        """Put what the story has told since on the log."""
        self.written = await write(self.log, self.story, self.written)

    async def rules(self, **clients: str | None) -> None:
        """Have each rule of this name look at who waits, for this client or for the operator."""
        for name, client in clients.items():
            said = rule(measure="waiting", threshold=0.0, clear_at=0.0, queue_id="cards")
            fields = {field: getattr(said, field) for field in said.__struct_fields__}
            fields |= {"alert_rule_id": name, "client_id": client}
            stream = f"alert_rule:{name}"
            self.story.append(AlertRuleChanged(**fields), stream, client=client)
        await self.told()

    async def one_waits(self) -> None:
        self.story.arrives("c1")
        self.story.queues("c1")
        await self.told()

    async def nobody_waits(self) -> None:
        self.story.abandons("c1")
        await self.told()

    @asynccontextmanager
    async def replica(self) -> AsyncIterator[None]:
        """Run a replica that thinks that it leads, as at the moment of a change; then kill it."""
        clock, stop = BusinessClock(NOON, machine_now(), 1.0), asyncio.Event()
        boards, webhooks = Boards(clock, LiveBoard()), webhooks_of(self.store, clock)
        tasks = [
            asyncio.create_task(boards.follow(self.log, FOLDED, stop)),
            asyncio.create_task(Alerting(self.store, boards, clock).run(stop)),
            asyncio.create_task(run_relay(self.store, self.log, stop=stop)),
            *(asyncio.ensure_future(work(stop)) for work in webhooks.work(self.log)),
        ]
        try:
            yield
            for task in tasks:
                assert not task.done() or task.exception() is None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await webhooks.close()

    async def rows(self, question: str) -> list[Any]:
        async with self.store.engine.connect() as connection:
            return list((await connection.execute(text(question))).all())

    async def has_read(self) -> bool:
        """Return whether all that stands on the topic of alerts was read for webhooks."""
        ends = await self.log.ends([ALERTS.name])
        return await self.store.positions(TELLING.reader) == ends

    async def rebuilt(self) -> None:
        """Have all tables folded anew from the beginning of the log."""
        orders, stop = builds_in(self.store.engine, self.log), asyncio.Event()
        build = await orders.rebuild("ann")
        builder = Builder(self.url, self.log, SystemClock(), fold)
        working = asyncio.create_task(builder.run(stop))

        async def done() -> bool:
            return (await orders.get(build.build_id)).state == "done"

        await until("the rebuild to be done", done, limit_s=LIMIT_S)
        stop.set()
        await working
        await builder.close()


@pytest.fixture
async def floor(postgres_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    await migrate("reporting", postgres_url)
    store = SqlStore(connect(postgres_url), source=SOURCE, partitions=PARTITIONS)
    log = await empty_log()
    async with reporting_app(tmp_path / "keys", store, log) as app:
        made = Floor(postgres_url, store, log, centre(Story()), app)
        await made.told()
        yield made
    await store.close()


@pytest.fixture
async def pager() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def subscribed(
    floor: Floor, url: str, client: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a new webhook, as its maker is shown it."""
    claims = {"client": client} if client else {}
    async with floor.app.client("integrator", **claims) as maker:
        answer = await maker.post("/v1/webhooks", json={"url": url, "types": BOTH, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def types(at: Receiver) -> list[str]:
    return [message.said["type"] for message in at.messages]


async def test_an_alert_is_told_once_when_raised_and_once_when_over_though_two_replicas_lead(
    floor: Floor, pager: Receiver
) -> None:
    hook = await subscribed(floor, pager.url)
    async with floor.replica(), floor.replica():
        await floor.rules(r1="acme")
        await floor.one_waits()
        await until("the alert", lambda: pager.messages, limit_s=LIMIT_S)
        await floor.nobody_waits()
        await until("its end", lambda: len(pager.messages) == 2, limit_s=LIMIT_S)
        await until("all to be read", floor.has_read)
        raised, cleared = (message.verified(hook["secret"]) for message in pager.messages)
    alert_id = raised["data"].pop("alert_id")
    about = {"alert_rule_id": "r1", "client": "acme"}
    assert (raised["type"], raised["version"]) == ("alert.raised", 1)
    assert raised["data"] == about | {
        "sequence": 1,
        "revision": 1,
        "name": {"ru": "Ждут", "en": "Waiting"},
        "severity": "urgent",
        "measure": "waiting",
        "value": 1.0,
        "raised_when": "above",
        "threshold": 0.0,
        "for_s": 0.0,
        "clear_at": 0.0,
        "queue_id": "cards",
        "site_id": None,
    }
    over = {"alert_id": alert_id, "sequence": 2, "reason": "back", "value": 0.0}
    assert (cleared["type"], cleared["data"]) == ("alert.cleared", about | over)
    shown = await floor.rows("SELECT delivery_id, type FROM webhook_deliveries ORDER BY number")
    assert [tuple(row) for row in shown] == [
        (message.id, message.said["type"]) for message in pager.messages
    ]


async def test_an_alert_is_told_though_the_replica_dies_between_reading_and_recording_it(
    floor: Floor, pager: Receiver
) -> None:
    await subscribed(floor, pager.url)

    async def is_held() -> bool:
        held = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        told = f"{held} AND datname = current_database() AND query LIKE '%webhook_deliveries%'"
        return bool(await floor.rows(told))

    async with floor.store.engine.begin() as other:
        await other.execute(text("SELECT 1 FROM webhook_endpoints FOR UPDATE"))
        async with floor.replica():
            await floor.rules(r1=None)
            await floor.one_waits()
            await until("the alert to be read", is_held, limit_s=LIMIT_S)
    assert await floor.rows("SELECT 1 FROM webhook_deliveries") == []
    async with floor.replica():
        await until("the alert", lambda: pager.messages, limit_s=LIMIT_S)
        await until("all to be read", floor.has_read)
    assert types(pager) == ["alert.raised"]


async def test_what_was_told_is_not_told_again_after_a_rebuild_or_when_it_is_read_anew(
    floor: Floor, pager: Receiver
) -> None:
    await subscribed(floor, pager.url)
    async with floor.replica():
        await floor.rules(r1=None)
        await floor.one_waits()
        await until("the alert", lambda: pager.messages, limit_s=LIMIT_S)
        await until("all to be read", floor.has_read)
    await floor.rebuilt()
    assert await floor.has_read()
    async with floor.store.engine.begin() as connection:
        for table in ("positions", "sequences"):
            forgotten = f"DELETE FROM {table} WHERE reader = '{TELLING.reader}'"
            await connection.execute(text(forgotten))
    async with floor.replica():
        await until("all to be read anew", floor.has_read)
        await floor.nobody_waits()
        await until("its end", lambda: len(pager.messages) == 2, limit_s=LIMIT_S)
    assert types(pager) == ["alert.raised", "alert.cleared"]


async def test_a_client_is_told_of_alerts_of_its_own_rules_and_of_no_others(
    floor: Floor, pager: Receiver
) -> None:
    general = await subscribed(floor, pager.url)
    async with receiver() as acme, receiver() as other:
        assert (await subscribed(floor, acme.url, "acme"))["client"] == "acme"
        await subscribed(floor, other.url, "other")
        async with floor.replica():
            await floor.rules(theirs="acme", operators=None)
            await floor.one_waits()
            await until("both alerts", lambda: len(pager.messages) == 2, limit_s=LIMIT_S)
            await until("the client's", lambda: acme.messages, limit_s=LIMIT_S)
            await floor.nobody_waits()
            await until("their ends", lambda: len(pager.messages) == 4, limit_s=LIMIT_S)
            await until("the end of the client's", lambda: len(acme.messages) == 2)
    assert {message.said["data"]["alert_rule_id"] for message in acme.messages} == {"theirs"}
    assert other.messages == []
    async with floor.app.client("integrator", client="acme") as client:
        for path in ("", "/deliveries"):
            answer = await client.get(f"/v1/webhooks/{general['webhook_id']}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_only_integrators_subscribe_and_only_to_alerts(floor: Floor) -> None:
    body = {"url": "https://pager.example/", "types": BOTH}
    roles = {"supervisor": {}, "agent": {"agent_id": "a1"}, "client": {"client": "acme"}}
    for role, claims in roles.items():
        async with floor.app.client(role, **claims) as client:
            assert (await client.get("/v1/webhooks")).status_code == 403
            assert (await client.post("/v1/webhooks", json=body)).status_code == 403
    async with floor.app.client("integrator") as operator:
        refused = await operator.post("/v1/webhooks", json=body | {"types": ["call.answered"]})
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["pointer"]) == (422, "#/types/0")


async def test_inside_is_not_reached_unless_the_operator_names_the_network(
    floor: Floor, tmp_path: Path, pager: Receiver
) -> None:
    clock, stop = BusinessClock(NOON, machine_now(), 1.0), asyncio.Event()
    webhooks = webhooks_of(floor.store, clock, networks="")
    async with (
        reporting_app(tmp_path / "keys", floor.store, floor.log, networks="") as app,
        app.client("integrator") as operator,
    ):
        working = [asyncio.ensure_future(work(stop)) for work in webhooks.work(floor.log)]
        body = {"url": pager.url, "types": BOTH}
        (fault,) = (await operator.post("/v1/webhooks", json=body)).json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("#/url", "unencrypted_url")
        body |= {"url": f"https://127.0.0.1:{pager.port}/"}
        at = (await operator.post("/v1/webhooks", json=body)).headers["location"]
        sent = (await operator.post(f"{at}/test")).json()["delivery_id"]
        failure = await until("it to fail", lambda: failed(operator, f"{at}/deliveries/{sent}"))
        stop.set()
        await asyncio.gather(*working)
    await webhooks.close()
    assert failure == "address_refused"
    assert pager.messages == []


async def failed(client: httpx.AsyncClient, path: str) -> str | None:
    failure: str | None = (await client.get(path)).json()["last_failure"]
    return failure
