"""The queue of webhooks on real PostgreSQL, sent to a real server: at least once, never lost."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from contact_runtime.catalogue import (
    WEBHOOK_ATTEMPTS,
    WEBHOOK_DISABLED,
    WEBHOOK_LAG_SECONDS,
    WEBHOOK_WAITING,
)
from contact_runtime.metrics import Metrics
from contact_runtime.store import SqlStore
from contact_runtime.webhooks import deliveries as queue
from contact_runtime.webhooks.addresses import networks_of
from contact_runtime.webhooks.deliveries import CLAIMED_S, KEPT_S, Deliveries
from contact_runtime.webhooks.delivering import Worker
from contact_runtime.webhooks.endpoints import Endpoint, Endpoints, Wanted
from contact_runtime.webhooks.notices import Notice
from contact_runtime.webhooks.sending import Outcome, Sender
from contact_runtime.webhooks.signing import SECRET_BYTES, secret_of
from contact_runtime.webhooks.tables import webhook_metadata
from tests.support.receiver import Receiver, receiver
from tests.support.wait import until

pytestmark = pytest.mark.postgres

FACT_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


class Post:
    """The queue, its endpoints and a worker by a clock of the test's own."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.endpoints = Endpoints(store.engine)
        self.deliveries = Deliveries(store.engine)
        self.metrics = Metrics()
        self.now = datetime.now(UTC)

    async def subscribe(self, url: str, **fields: Any) -> Endpoint:
        given: dict[str, Any] = {"endpoint_id": "we_1", "client": None, "since": FACT_AT} | fields
        self.secret = secret_of(secrets.token_bytes(SECRET_BYTES))
        made = await self.endpoints.create(
            given["endpoint_id"],
            given["client"],
            Wanted(url=url, description="", types=given.get("types", ["call.answered"])),
            self.secret,
            since=given["since"],
            now=self.now,
        )
        assert made is not None
        return made

    async def tell(self, *notices: Notice) -> int:
        async with self.store.unit() as unit:
            return await queue.add(unit.connection, notices, self.now)

    async def states(self, endpoint_id: str = "we_1") -> dict[str, int]:
        """Return the state and the number of attempts of what is to be delivered, by `fact`."""
        found = await self.deliveries.page(endpoint_id, 2**62, None, 1000)
        return {f"{one.state} {one.attempts}": one.number for one in found}

    async def one(self) -> queue.Delivery:
        (found,) = await self.deliveries.page("we_1", 2**62, None, 1000)
        return found

    def worker(self, limit_s: float = 5, **fields: Any) -> Worker:
        sender = Sender(networks_of("127.0.0.0/8"), limit_s=limit_s)
        return Worker(
            self.deliveries,
            sender,
            self.metrics,
            now=lambda: self.now,
            chance=lambda: 0.0,
            **fields,
        )

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Run a worker while the block is open."""
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


def fact(number: int = 1, **fields: Any) -> Notice:
    given: dict[str, Any] = {
        "id": f"fact{number}",
        "type": "call.answered",
        "at": FACT_AT,
        "client": "acme",
        "data": {"call_id": f"k{number}"},
    }
    return Notice(**given | fields)


@pytest.fixture
async def post(sql_store: SqlStore) -> Post:
    async with sql_store.engine.begin() as connection:
        await connection.run_sync(webhook_metadata.create_all)
    return Post(sql_store)


@pytest.fixture
async def crm() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def test_a_fact_is_delivered_signed(post: Post, crm: Receiver) -> None:
    await post.subscribe(crm.url)
    await post.tell(fact())
    async with working(post.worker()):
        await until("delivery", lambda: post.states(), limit_s=5)
        await until("its end", lambda: delivered(post))
    (message,) = crm.messages
    assert message.verified(post.secret) == {
        "type": "call.answered",
        "version": 1,
        "timestamp": "2026-03-02T09:00:00Z",
        "data": {"call_id": "k1"},
    }
    assert message.id == (await post.one()).delivery_id
    assert post.count(WEBHOOK_ATTEMPTS.name, became="delivered") == 1


async def delivered(post: Post) -> bool:
    return (await post.one()).state == "delivered"


async def test_what_failed_is_sent_again_after_its_pause_with_the_same_id(
    post: Post, crm: Receiver
) -> None:
    crm.answering(500, 200)
    await post.subscribe(crm.url)
    await post.tell(fact())
    async with working(post.worker()):
        await until("a failure", lambda: failed(post, 1))
        waiting = await post.one()
        assert (waiting.state, waiting.last_status, waiting.last_failure) == (
            "waiting",
            500,
            "refused",
        )
        assert waiting.due_at == post.now + timedelta(seconds=5)
        post.now += timedelta(seconds=5)
        await until("delivery", lambda: delivered(post))
    first, second = crm.messages
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    endpoint = await post.endpoints.find("we_1")
    assert endpoint is not None
    assert endpoint.failing_since is None


async def failed(post: Post, times: int) -> bool:
    found = await post.one()
    return found.attempts == times and found.last_failure is not None and found.due_at > post.now


async def test_an_attempt_whose_process_was_killed_is_made_again_with_the_same_id(
    post: Post, crm: Receiver
) -> None:
    await post.subscribe(crm.url)
    await post.tell(fact())
    sender = Sender(networks_of("127.0.0.0/8"))
    (claimed,) = await post.deliveries.claim({}, post.now, each=1, most=1)
    await sender.post(claimed.url, {"webhook-id": claimed.delivery_id}, claimed.body.encode())
    await sender.close()  # and here the process dies: nobody has settled the attempt
    async with working(post.worker()):
        post.now += timedelta(seconds=CLAIMED_S - 1)
        await post.tell(fact(2))
        await until("the other", lambda: len(crm.messages) == 2)
        assert {message.said["data"]["call_id"] for message in crm.messages} == {"k1", "k2"}
        post.now += timedelta(seconds=1)
        await until("the first again", lambda: len(crm.messages) == 3)
    assert crm.messages[0].id == crm.messages[2].id
    assert crm.messages[0].body == crm.messages[2].body


async def test_a_worker_that_is_cancelled_within_an_attempt_loses_nothing(
    post: Post, crm: Receiver
) -> None:
    crm.answers = [lambda message: None]
    await post.subscribe(crm.url)
    await post.tell(fact())
    running = asyncio.create_task(post.worker().run(asyncio.Event()))
    await until("an attempt", lambda: crm.messages)
    running.cancel()
    await asyncio.wait([running])
    crm.answering(204)
    post.now += timedelta(seconds=CLAIMED_S)
    async with working(post.worker()):
        await until("delivery", lambda: delivered(post))
    assert crm.messages[0].id == crm.messages[1].id


@pytest.mark.parametrize("seed", range(3))
async def test_whenever_workers_are_cut_off_every_fact_is_delivered_under_its_one_id(
    post: Post, crm: Receiver, seed: int
) -> None:
    chance = Random(seed)
    await post.subscribe(crm.url)
    await post.tell(*(fact(number) for number in range(40)))
    for _ in range(12):
        running = asyncio.create_task(post.worker(each=3).run(asyncio.Event()))
        await asyncio.sleep(chance.random() * 0.06)
        running.cancel()
        await asyncio.wait([running])
        post.now += timedelta(seconds=CLAIMED_S)
    async with working(post.worker()):
        await until("all", lambda: all_of(post, "delivered"), limit_s=30)
    ids = {message.said["data"]["call_id"]: message.id for message in crm.messages}
    assert len(ids) == 40
    assert {message.id for message in crm.messages} == set(ids.values())


async def test_to_an_endpoint_that_fails_one_attempt_is_made_at_a_time(
    post: Post, crm: Receiver
) -> None:
    await post.subscribe(crm.url)
    await post.tell(*(fact(number) for number in range(6)))
    first = await post.deliveries.claim({}, post.now, each=4, most=9)
    assert len(first) == 4
    await post.deliveries.settle(first[0], Outcome(failure="timed_out"), post.now, 0.0)
    assert await post.deliveries.claim({"we_1": 3}, post.now, each=4, most=9) == []
    (one,) = await post.deliveries.claim({}, post.now, each=4, most=9)
    await post.deliveries.settle(one, Outcome(status=204), post.now, 0.0)
    assert len(await post.deliveries.claim({"we_1": 3}, post.now, each=4, most=9)) == 1


async def test_two_workers_at_once_send_each_message_once(post: Post, crm: Receiver) -> None:
    await post.subscribe(crm.url)
    await post.tell(*(fact(number) for number in range(50)))
    async with working(post.worker()), working(post.worker()):
        await until("all", lambda: len(crm.messages) >= 50)
        await until("their ends", lambda: all_delivered(post))
    assert len({message.id for message in crm.messages}) == len(crm.messages) == 50


async def all_delivered(post: Post) -> bool:
    return set(await post.states()) == {"delivered 1"}


async def test_a_fact_that_is_read_twice_makes_one_message(post: Post, crm: Receiver) -> None:
    await post.subscribe(crm.url)
    await post.tell(fact())
    await post.tell(fact())
    assert set(await post.states()) == {"waiting 0"}


async def test_a_slow_endpoint_does_not_stop_others(post: Post, crm: Receiver) -> None:
    async with receiver() as slow:
        slow.answers = [lambda message: None]
        await post.subscribe(slow.url, endpoint_id="we_slow")
        await post.tell(*(fact(number) for number in range(20)))
        await post.subscribe(crm.url)
        await post.tell(*(fact(number) for number in range(100, 120)))
        async with working(post.worker(each=3, limit_s=2)):
            await until("all of the other", lambda: len(crm.messages) == 20)
            assert len(slow.messages) == 3


@pytest.mark.parametrize("client", [None, "acme", "other"])
async def test_a_clients_endpoint_is_told_of_its_calls_and_of_nothing_else(
    post: Post, client: str | None
) -> None:
    types = ["call.answered", "agent.changed"]
    await post.subscribe("https://crm.example/", client=client, types=types)
    told = await post.tell(
        fact(1),
        fact(2, client=None),
        fact(3, client=None, type="agent.changed"),
        fact(4, type="call.released"),
        fact(5, at=FACT_AT - timedelta(seconds=1)),
    )
    assert told == {None: 3, "acme": 1, "other": 0}[client]


async def test_an_endpoint_that_failed_for_a_week_is_disabled_and_says_so(
    post: Post, crm: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    crm.answering(503)
    await post.subscribe(crm.url)
    await post.tell(fact())
    caplog.set_level(logging.ERROR)
    async with working(post.worker()):
        await until("a failure", lambda: failed(post, 1))
        began = post.now
        post.now = began + WEEK - timedelta(seconds=1)
        await post.tell(fact(2))
        await until("both failed again", lambda: has(post, {"waiting 1", "waiting 2"}))
        enabled = await post.endpoints.find("we_1")
        assert enabled is not None
        assert (enabled.state, enabled.failing_since) == ("enabled", began)
        post.now = began + WEEK + timedelta(days=2)
        await until("their ends", lambda: no_more_waits(post))
    disabled = await post.endpoints.find("we_1")
    assert disabled is not None
    assert (disabled.state, disabled.disabled_for) == ("disabled", "failing")
    assert disabled.disabled_at == post.now
    assert [record.endpoint_id for record in caplog.records if "disabled" in record.msg] == ["we_1"]  # type: ignore[attr-defined]
    assert post.count(WEBHOOK_DISABLED.name, why="failing") == 1
    assert await post.tell(fact(3)) == 0


async def has(post: Post, states: set[str]) -> bool:
    found = await post.deliveries.page("we_1", 2**62, None, 1000)
    settled = all(one.due_at > post.now and one.last_failure for one in found)
    return settled and set(await post.states()) == states


async def no_more_waits(post: Post) -> bool:
    return {state.split()[0] for state in await post.states()} == {"dead"}


async def test_a_disabled_endpoint_that_is_enabled_gets_again_what_was_given_up(
    post: Post, crm: Receiver
) -> None:
    crm.answering(410, 200)
    await post.subscribe(crm.url)
    await post.tell(fact(1), fact(2))
    async with working(post.worker(each=1)):
        await until("the end", lambda: no_more_waits(post))
        assert len(crm.messages) == 1
        gone = await post.endpoints.find("we_1")
        assert gone is not None
        assert (gone.state, gone.disabled_for) == ("disabled", "gone")
        enabled = await post.endpoints.enable("we_1", post.now)
        assert enabled is not None
        assert (enabled.state, enabled.disabled_for, enabled.version) == ("enabled", None, 3)
        assert await post.deliveries.repeat_dead("we_1", post.now) == 2
        await until("delivery", lambda: all_of(post, "delivered"))
    assert await post.endpoints.enable("we_1", post.now) is None


async def all_of(post: Post, state: str) -> bool:
    return {one.split()[0] for one in await post.states()} == {state}


async def test_one_message_that_is_refused_for_a_week_is_given_up_alone(
    post: Post, crm: Receiver
) -> None:
    def picky(message: Any) -> bytes:
        return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % (
            422 if message.said["data"]["call_id"] == "k1" else 204
        )

    crm.answers = [picky]
    await post.subscribe(crm.url)
    await post.tell(fact(1))
    async with working(post.worker()):
        await until("a failure", lambda: failed(post, 1))
        post.now += timedelta(seconds=1)
        await post.tell(fact(2))
        await until("the other", lambda: has_one(post, "delivered"))
        post.now += WEEK
        await until("its end", lambda: has_one(post, "dead"))
    endpoint = await post.endpoints.find("we_1")
    assert endpoint is not None
    assert endpoint.state == "enabled"


async def has_one(post: Post, state: str) -> bool:
    return state in {one.split()[0] for one in await post.states()}


async def test_a_delivered_message_can_be_sent_again_with_the_same_id(
    post: Post, crm: Receiver
) -> None:
    await post.subscribe(crm.url)
    await post.tell(fact())
    async with working(post.worker()):
        await until("delivery", lambda: delivered(post))
        again = await post.deliveries.repeat("we_1", (await post.one()).delivery_id, post.now)
        assert again is not None
        assert (again.state, again.ended_at) == ("waiting", None)
        await until("it again", lambda: len(crm.messages) == 2)
        await until("its end", lambda: delivered(post))
    assert crm.messages[0].id == crm.messages[1].id
    assert await post.deliveries.repeat("we_1", "msg_unknown", post.now) is None


async def test_while_the_secret_is_changed_the_old_one_verifies_too_and_then_no_more(
    post: Post, crm: Receiver
) -> None:
    await post.subscribe(crm.url)
    old, new = post.secret, secret_of(secrets.token_bytes(SECRET_BYTES))
    ends = post.now + timedelta(seconds=30)
    assert await post.endpoints.rotate("we_1", 1, new, until=ends, now=post.now) is not None
    await post.tell(fact(1))
    async with working(post.worker()):
        await until("one", lambda: len(crm.messages) == 1)
        post.now = ends
        await post.tell(fact(2))
        await until("another", lambda: len(crm.messages) == 2)
    for secret in (old, new):
        crm.messages[0].verified(secret)
    crm.messages[1].verified(new)
    with pytest.raises(Exception, match="No matching signature"):
        crm.messages[1].verified(old)


async def test_an_attempt_that_comes_back_late_says_nothing_of_the_one_after_it(post: Post) -> None:
    await post.subscribe("https://crm.example/")
    await post.tell(fact())
    (late,) = await post.deliveries.claim({}, post.now, each=1, most=1)
    post.now += timedelta(seconds=CLAIMED_S)
    (last,) = await post.deliveries.claim({}, post.now, each=1, most=1)
    await post.deliveries.settle(late, Outcome(status=500, failure="refused"), post.now, 0.0)
    assert (await post.one()).last_failure is None
    await post.deliveries.settle(last, Outcome(status=204), post.now, 0.0)
    assert (await post.one()).state == "delivered"
    await post.deliveries.settle(late, Outcome(status=500, failure="refused"), post.now, 0.0)
    assert (await post.one()).state == "delivered"


async def test_how_long_the_oldest_message_has_been_due_is_told(post: Post) -> None:
    await post.subscribe("https://crm.example/")
    await post.tell(fact(1))
    post.now += timedelta(seconds=30)
    await post.tell(fact(2))
    async with working(post.worker(each=0)):
        await until("figures", lambda: post.count(WEBHOOK_WAITING.name))
    assert post.count(WEBHOOK_WAITING.name) == 2
    assert post.count(WEBHOOK_LAG_SECONDS.name) == 30


async def test_what_has_ended_is_forgotten_after_a_while(post: Post, crm: Receiver) -> None:
    await post.subscribe(crm.url)
    await post.tell(fact(1))
    async with working(post.worker()):
        await until("delivery", lambda: delivered(post))
    await post.tell(fact(2))
    assert await post.deliveries.prune(post.now + timedelta(seconds=KEPT_S)) == 0
    assert await post.deliveries.prune(post.now + timedelta(seconds=KEPT_S + 1)) == 1
    assert set(await post.states()) == {"waiting 0"}


async def test_an_endpoint_that_is_deleted_takes_its_messages_with_it(post: Post) -> None:
    await post.subscribe("https://crm.example/")
    await post.tell(fact())
    assert not await post.endpoints.delete("we_1", 2)
    assert await post.endpoints.delete("we_1", 1)
    assert await post.states() == {}
    assert (await post.deliveries.backlog()).waiting == 0
