"""Webhooks of agent-state: subscribing over HTTP, and what integrators are then told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from contact_events.calls import CallConnected, CallDisconnected
from contact_events.routing import RouterEpochStarted
from contact_runtime.memory_log import MemoryLog
from contact_runtime.store import SqlStore
from contact_runtime.webhooks.endpoints import MOST, Endpoints, Wanted
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.receiver import Message, Receiver, receiver
from tests.support.wait import until

pytestmark = pytest.mark.postgres

CALLS = ["call.answered", "call.offered", "call.released", "call.wrapped_up"]
NOBODYS = "https://crm.example/hooks"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[SqlStore]:
    async with agent_store(postgres_url) as made:
        assert isinstance(made, SqlStore)
        yield made


@pytest.fixture
async def service(store: SqlStore, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_service(store, tmp_path / "keys") as made:
        await begin(made)
        yield made


@pytest.fixture
async def crm() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def operator(service: AgentService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("integrator") as made:
        yield made


@pytest.fixture
async def acme(service: AgentService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client("integrator", client="acme") as made:
        yield made


async def begin(service: AgentService) -> None:
    await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
    await service.describe("a1")


async def made(by: httpx.AsyncClient, url: str = NOBODYS, **fields: Any) -> dict[str, Any]:
    """Return a new webhook, as its maker is shown it."""
    answer = await by.post("/v1/webhooks", json={"url": url, "types": CALLS, **fields})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/webhooks/{answer.json()['webhook_id']}"
    found: dict[str, Any] = answer.json()
    return found


async def command(service: AgentService, name: str, **fields: Any) -> None:
    async with service.client("integrator") as client:
        asked = {"command_id": f"{name}-{fields.get('reservation_id')}", "command": name, **fields}
        answer = await client.post("/v1/agents/a1/commands", json=asked)
        assert answer.status_code == 200, answer.text


async def a_call(service: AgentService, call_id: str = "k1") -> str:
    """Let a1 take a call and wrap it up; return the reservation."""
    floor = service.floor
    await command(service, "ready", reservation_id=call_id)
    await service.append(floor.arrived(call_id))
    offer = floor.offer(call_id, "a1")
    await service.append(offer)
    await until("the ring", lambda: status_is(service, "Reserved"))
    about = {"reservation_id": offer.reservation_id}
    await command(service, "accept", **about)
    joined = CallConnected(call_id=call_id, attempt=1, agent_id="a1", **about)
    await service.append(joined)
    await service.append(CallDisconnected(call_id=call_id, attempt=1, by="caller"))
    await until("wrap-up", lambda: status_is(service, "WrapUp"))
    await command(service, "wrap_up", **about)
    return offer.reservation_id


async def status_is(service: AgentService, status: str) -> bool:
    async with service.client("supervisor") as reader:
        shown = (await reader.get("/v1/agents/a1")).json()
    return bool(shown["state"]["status"] == status)


def types(crm: Receiver) -> set[str]:
    return {message.said["type"] for message in crm.messages}


async def test_an_integrator_is_told_of_a_call_from_offer_to_wrap_up_and_of_the_agent(
    service: AgentService, operator: httpx.AsyncClient, crm: Receiver
) -> None:
    hook = await made(operator, crm.url, types=[*CALLS, "agent.changed"])
    reservation_id = await a_call(service)
    await until("all five", lambda: len(types(crm)) == 5)
    told = {message.said["type"]: message.verified(hook["secret"]) for message in crm.messages}
    about = {
        "call_id": "k1",
        "attempt": 1,
        "reservation_id": reservation_id,
        "agent_id": "a1",
        "client": "acme",
        "project": "sales",
    }
    assert told["call.offered"] == {
        "type": "call.offered",
        "version": 1,
        "timestamp": "2026-03-02T09:00:00Z",
        "data": about | {"queue_id": "acme-sales", "expires_at": "2026-03-02T09:00:20Z"},
    }
    assert told["call.answered"]["data"] == about
    assert told["call.released"]["data"] == about | {"connected": True, "reason": "ended"}
    assert told["call.wrapped_up"]["data"] == about | {"by": "agent", "codes": []}
    changes = [m.said["data"] for m in crm.messages if m.said["type"] == "agent.changed"]
    await until("the last state", lambda: any(of(m, status="Ready") for m in crm.messages))
    assert {"Reserved", "Talking", "WrapUp"} <= {change["status"] for change in changes}
    assert set(changes[0]) == {
        "agent_id",
        "sequence",
        "site_id",
        "status",
        "presence",
        "reason",
    }


def of(message: Message, **data: Any) -> bool:
    return bool(data.items() <= message.said["data"].items())


async def test_what_integrators_are_told_holds_no_number_and_no_name_of_a_caller(
    service: AgentService, operator: httpx.AsyncClient, crm: Receiver
) -> None:
    await made(operator, crm.url, types=[*CALLS, "agent.changed"])
    await a_call(service)
    await until("all five", lambda: len(types(crm)) == 5)
    said = b"".join(message.body for message in crm.messages)
    for personal in (b"+7495", b"Acme", b"caller", b"sealed", b"notes"):
        assert personal not in said


async def test_a_client_is_told_of_its_own_calls_only(
    service: AgentService, operator: httpx.AsyncClient, acme: httpx.AsyncClient, crm: Receiver
) -> None:
    async with service.client("integrator", client="other") as other, receiver() as elsewhere:
        assert (await made(other, elsewhere.url))["client"] == "other"
        assert (await made(acme, crm.url))["client"] == "acme"
        await a_call(service)
        await until("all four", lambda: types(crm) == set(CALLS))
        assert elsewhere.messages == []


async def test_a_client_sees_and_makes_only_its_own_webhooks(
    service: AgentService, operator: httpx.AsyncClient, acme: httpx.AsyncClient
) -> None:
    own, general = await made(operator, client="acme"), await made(operator)
    listed = (await acme.get("/v1/webhooks")).json()
    assert [hook["webhook_id"] for hook in listed["items"]] == [own["webhook_id"]]
    assert len((await operator.get("/v1/webhooks")).json()["items"]) == 2
    for path in ("", "/deliveries"):
        answer = await acme.get(f"/v1/webhooks/{general['webhook_id']}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    body = {"url": NOBODYS, "types": CALLS, "client": "other"}
    assert (await acme.post("/v1/webhooks", json=body)).status_code == 404
    body = {"url": NOBODYS, "types": ["agent.changed"]}
    for path, method in (("", acme.post), (f"/{own['webhook_id']}", acme.put)):
        refused = await method(f"/v1/webhooks{path}", json=body)
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("#/types", "operators_only")


async def test_who_is_no_integrator_has_no_webhooks(service: AgentService) -> None:
    body = {"url": NOBODYS, "types": CALLS}
    roles = {"supervisor": {}, "agent": {"agent_id": "a1"}, "client": {"client": "acme"}}
    for role, claims in roles.items():
        async with service.client(role, **claims) as client:
            assert (await client.get("/v1/webhooks")).status_code == 403
            assert (await client.post("/v1/webhooks", json=body)).status_code == 403


async def test_the_secret_is_shown_once(operator: httpx.AsyncClient) -> None:
    hook = await made(operator)
    at = f"/v1/webhooks/{hook['webhook_id']}"
    for answer in (await operator.get(at), await operator.get("/v1/webhooks")):
        assert hook["secret"] not in answer.text
        assert "whsec_" not in answer.text


async def test_a_webhook_is_changed_only_by_who_has_seen_it(operator: httpx.AsyncClient) -> None:
    hook = await made(operator)
    at, body = f"/v1/webhooks/{hook['webhook_id']}", {"url": NOBODYS, "types": ["call.answered"]}
    for blind in (
        await operator.put(at, json=body),
        await operator.delete(at),
        await operator.post(f"{at}/secret", json={}),
    ):
        assert (blind.status_code, blind.json()["code"]) == (428, "precondition-missing")
    changed = await operator.put(at, json=body, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["types"] == ["call.answered"]
    again = await operator.put(at, json=body)
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    late = await operator.delete(at, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "revision-stale")
    assert (late.headers["etag"], late.json()["revision"]) == ('"2"', 2)
    assert (await operator.delete(at, headers={"If-Match": '"2"'})).status_code == 204
    assert (await operator.get(at)).status_code == 404


async def test_webhooks_are_listed_page_by_page(operator: httpx.AsyncClient) -> None:
    ids = sorted([(await made(operator))["webhook_id"] for _ in range(3)])
    first = (await operator.get("/v1/webhooks", params={"limit": 2})).json()
    rest = (await operator.get("/v1/webhooks", params={"after": first["next"]})).json()
    assert [hook["webhook_id"] for hook in first["items"] + rest["items"]] == ids
    assert rest["next"] is None


async def test_there_are_at_most_so_many_webhooks(
    store: SqlStore, operator: httpx.AsyncClient, acme: httpx.AsyncClient
) -> None:
    await made(operator)
    endpoints, now = Endpoints(store.engine), datetime.now(UTC)
    wanted = Wanted(url=NOBODYS, description="", types=CALLS)
    for number in range(MOST - 1):
        assert await endpoints.create(f"w{number}", None, wanted, "whsec_", since=now, now=now)
    refused = await operator.post("/v1/webhooks", json={"url": NOBODYS, "types": CALLS})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["most"]) == (
        409,
        "too-many-webhooks",
        MOST,
    )
    await made(acme)


async def test_a_test_message_is_sent_and_its_delivery_can_be_seen_and_repeated(
    operator: httpx.AsyncClient, crm: Receiver
) -> None:
    hook = await made(operator, crm.url)
    at = f"/v1/webhooks/{hook['webhook_id']}"
    sent = await operator.post(f"{at}/test")
    assert sent.status_code == 202
    one = f"{at}/deliveries/{sent.json()['delivery_id']}"
    await until("delivery", lambda: is_delivered(operator, one))
    assert crm.messages[0].verified(hook["secret"])["type"] == "webhook.test"
    again = await operator.post(f"{one}/repeat")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    await until("it again", lambda: len(crm.messages) == 2)
    assert crm.messages[0].id == crm.messages[1].id == sent.json()["delivery_id"]
    await until("its end", lambda: is_delivered(operator, one))
    shown = (await operator.get(one)).json()
    assert (shown["attempts"], shown["last_status"], shown["next_attempt_at"]) == (2, 204, None)
    for path in (f"{at}/deliveries/msg_unknown", f"{at}/deliveries/msg_unknown/repeat"):
        method = operator.post if path.endswith("repeat") else operator.get
        assert (await method(path)).status_code == 404


async def is_delivered(client: httpx.AsyncClient, path: str) -> bool:
    return bool((await client.get(path)).json()["state"] == "delivered")


async def test_deliveries_are_seen_page_by_page_the_newest_first(
    operator: httpx.AsyncClient, crm: Receiver
) -> None:
    hook = await made(operator, crm.url)
    at = f"/v1/webhooks/{hook['webhook_id']}"
    ids = [(await operator.post(f"{at}/test")).json()["delivery_id"] for _ in range(3)]
    first = (await operator.get(f"{at}/deliveries", params={"limit": 2})).json()
    rest = (await operator.get(f"{at}/deliveries", params={"before": first["next"]})).json()
    seen = [delivery["delivery_id"] for delivery in first["items"] + rest["items"]]
    assert (seen, rest["next"]) == (ids[::-1], None)
    dead = (await operator.get(f"{at}/deliveries", params={"state": "dead"})).json()
    assert dead == {"items": [], "next": None}


async def test_inside_is_not_reached_unless_the_operator_names_the_network(
    store: SqlStore, tmp_path: Path, crm: Receiver
) -> None:
    async with (
        agent_service(store, tmp_path / "keys", networks="") as service,
        service.client("integrator") as operator,
    ):
        body = {"url": crm.url, "types": CALLS}
        (fault,) = (await operator.post("/v1/webhooks", json=body)).json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("#/url", "unencrypted_url")
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            hook = await made(operator, f"https://{host}:{crm.port}/")
            at = f"/v1/webhooks/{hook['webhook_id']}"
            one = f"{at}/deliveries/{(await operator.post(f'{at}/test')).json()['delivery_id']}"
            shown = await refusal(operator, one)
            assert (shown["last_failure"], shown["last_status"]) == ("address_refused", None)
    assert crm.messages == []


async def refusal(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return the delivery once an attempt has failed."""
    shown: dict[str, Any] = {}

    async def failed() -> bool:
        shown.update((await client.get(path)).json())
        return bool(shown["last_failure"])

    await until("a refusal", failed)
    return shown


async def test_a_url_that_makes_no_sense_is_invalid(operator: httpx.AsyncClient) -> None:
    senseless = (
        "ftp://crm.example/",
        "https://anna:secret@crm.example/",
        "crm.example",
        "https://",
    )
    for url in senseless:
        refused = await operator.post("/v1/webhooks", json={"url": url, "types": CALLS})
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "#/url", "url")


async def test_a_new_secret_signs_beside_the_old_one_for_a_while(
    operator: httpx.AsyncClient, crm: Receiver
) -> None:
    hook = await made(operator, crm.url)
    at = f"/v1/webhooks/{hook['webhook_id']}"
    before = datetime.now(UTC)
    rotated = await operator.post(f"{at}/secret", json={}, headers={"If-Match": '"1"'})
    assert (rotated.status_code, rotated.headers["etag"]) == (200, '"2"')
    until_at = datetime.fromisoformat(rotated.json()["previous_secret_until"])
    assert timedelta(hours=23) < until_at - before < timedelta(hours=25)
    await operator.post(f"{at}/test")
    await until("delivery", lambda: crm.messages)
    for secret in (hook["secret"], rotated.json()["secret"]):
        crm.messages[0].verified(secret)


async def test_a_disabled_webhook_says_so_and_is_enabled_again(
    operator: httpx.AsyncClient, crm: Receiver
) -> None:
    crm.answering(410, 204)
    hook = await made(operator, crm.url)
    at = f"/v1/webhooks/{hook['webhook_id']}"
    sent = (await operator.post(f"{at}/test")).json()["delivery_id"]
    shown = await until("the end", lambda: disabled(operator, at))
    assert shown is not None
    assert (shown["disabled_for"], shown["revision"]) == ("gone", 2)
    for path in (f"{at}/test", f"{at}/deliveries/{sent}/repeat"):
        refused = await operator.post(path)
        problem = refused.json()
        assert (refused.status_code, problem["code"], problem["disabled_for"]) == (
            409,
            "webhook-disabled",
            "gone",
        )
    enabled = await operator.post(f"{at}/enable", json={"repeat_dead": True})
    assert (enabled.json()["state"], enabled.headers["etag"]) == ("enabled", '"3"')
    await until("delivery", lambda: is_delivered(operator, f"{at}/deliveries/{sent}"))
    again = await operator.post(f"{at}/enable", json={})
    assert (again.status_code, again.headers["etag"]) == (200, '"3"')


async def disabled(client: httpx.AsyncClient, path: str) -> dict[str, Any] | None:
    shown: dict[str, Any] = (await client.get(path)).json()
    return shown if shown["state"] == "disabled" else None


async def test_facts_published_while_no_replica_ran_the_reader_are_told_afterwards(
    store: SqlStore, tmp_path: Path, crm: Receiver
) -> None:
    log = MemoryLog()
    async with agent_service(store, tmp_path / "keys", log=log) as first:
        await begin(first)
        async with first.client("integrator") as operator:
            await made(operator, crm.url, types=["agent.changed"])
        await until("the reader", lambda: crm.messages or has_read(store))
    async with agent_service(store, tmp_path / "keys", log=log) as second:
        await command(second, "ready")
        await until("the state", lambda: any(of(m, status="Ready") for m in crm.messages))
    seen = [message.id for message in crm.messages]
    assert len(seen) == len(set(seen))


async def has_read(store: SqlStore) -> bool:
    return bool(await store.positions("agent-state-webhooks"))


async def test_without_a_webhook_nothing_is_read_and_nothing_written(
    service: AgentService, store: SqlStore
) -> None:
    await a_call(service)
    await until("published", lambda: service.told("wrapped-up"))
    assert not await has_read(store)
    async with store.engine.connect() as connection:
        for table in ("webhook_endpoints", "webhook_deliveries"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0
