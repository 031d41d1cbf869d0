"""The router on real Kafka: offers and outcomes, killed and frozen leaders, racing claims."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from contact_events.routing import CallRouted, Decision, RouterEpochStarted
from contact_events.validity import NOBODY, Leadership, admit
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogWriter, TopicPartition
from deploy.local.kafka import LocalKafka
from tests.support.router_app import Others, RunningRouter
from tests.support.router_world import agent_changed
from tests.support.wait import until

pytestmark = pytest.mark.kafka


@pytest.fixture
async def log(empty_kafka: LocalKafka) -> KafkaLog:
    return KafkaLog(empty_kafka.bootstrap)


@pytest.fixture
async def others(log: KafkaLog) -> AsyncIterator[Others]:
    others = await Others(log).open()
    yield others
    await others.close()


@pytest.fixture
async def routers(log: KafkaLog) -> AsyncIterator[list[RunningRouter]]:
    """Give a list of replicas; what is in it is stopped in the end."""
    running: list[RunningRouter] = []
    yield running
    for router in running:
        if router.task is not None and not router.task.done():
            await router.stop()


def _valid(decisions: list[object]) -> list[Decision | RouterEpochStarted]:
    found = []
    leadership: Leadership = NOBODY
    for event in decisions:
        assert isinstance(event, Decision | RouterEpochStarted)
        leadership, counts = admit(leadership, event)
        if counts:
            found.append(event)
    return found


async def test_a_queued_call_is_offered_and_its_outcome_frees_the_agent_for_the_next(
    log: KafkaLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await RunningRouter(log).start().leading())
    await others.open_centre("a1")
    await others.call("k1")
    offer = await others.offer_of("k1")
    assert (offer.agent_id, offer.site_id, offer.why.step) == ("a1", "moscow", "home")
    await others.call("k2")
    await others.take(offer)
    state = routers[0].loop.replica
    await until("the outcome", lambda: not state.follower.reservations)
    assert len(await others.offers()) == 1, "the agent talks"
    await others.free(offer)
    second = await others.offer_of("k2")
    assert second.agent_id == "a1"


async def test_a_killed_leader_is_replaced_and_the_queue_keeps_its_order(
    log: KafkaLog, others: Others, routers: list[RunningRouter]
) -> None:
    first = await RunningRouter(log).start().leading()
    routers += [first, RunningRouter(log).start()]
    await others.open_centre()
    for call_id in ("k1", "k2", "k3"):
        await others.call(call_id)
    leader = first.loop.replica.leader
    assert leader is not None
    await until("three calls", lambda: len(leader.indexes.places) == 3)
    await first.kill()
    second = await routers[1].leading()
    assert second.loop.replica.leadership.epoch == 2
    await others.tell(agent_changed("a1"))
    assert (await others.offer_of("k1")).epoch == 2
    await others.tell(agent_changed("a2"))
    await others.offer_of("k2")
    assert [offer.call_id for offer in await others.offers()] == ["k1", "k2"]


class _FrozenWriter:
    """A writer whose batch is still in its socket: it lands when it is let go."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self.thawed = asyncio.Event()
        self.landed = asyncio.Event()

    async def append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        await self.thawed.wait()
        offset = await self._writer.append(tp, entries)
        self.landed.set()
        return offset

    async def close(self) -> None:
        await self._writer.close()


class _FrozenLog(KafkaLog):
    """The log as a process sees it that is about to be stopped in the middle of a write."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(bootstrap)
        self.writers: list[_FrozenWriter] = []

    async def writer(self) -> LogWriter:  # type: ignore[override]
        frozen = _FrozenWriter(await super().writer())
        frozen.thawed.set()
        self.writers.append(frozen)
        return frozen


async def test_what_a_frozen_leader_writes_late_is_void(
    empty_kafka: LocalKafka, log: KafkaLog, others: Others, routers: list[RunningRouter]
) -> None:
    slow = _FrozenLog(empty_kafka.bootstrap)
    zombie = await RunningRouter(slow).start().leading()
    routers += [zombie, RunningRouter(log).start()]
    await others.open_centre("a1")
    for writer in slow.writers:
        writer.thawed.clear()
        writer.landed.clear()
    zombie_epoch = zombie.loop.replica.leadership.epoch
    await others.call("k1")
    successor = await routers[1].leading()
    offer = await others.offer_of("k1")
    assert offer.epoch == successor.loop.replica.leadership.epoch > zombie_epoch
    for writer in slow.writers:
        writer.thawed.set()
    late = [offer.epoch for offer in await _offers_with(others, zombie_epoch)]
    assert late == [zombie_epoch]
    assert [d.epoch for d in _valid(await others.decisions()) if isinstance(d, CallRouted)] == [
        offer.epoch
    ]
    await until("the zombie follows", lambda: not zombie.leads)
    assert zombie.loop.replica.leadership == successor.loop.replica.leadership


async def _offers_with(others: Others, epoch: int) -> list[CallRouted]:
    async def found() -> list[CallRouted]:
        return [offer for offer in await others.offers() if offer.epoch == epoch]

    return list(await until(f"a late offer of epoch {epoch}", found))


async def test_replicas_that_claim_at_once_agree_on_one_leader(
    log: KafkaLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers += [RunningRouter(log).start() for _ in range(3)]
    await until("a leader", lambda: any(router.leads for router in routers))

    def agreed() -> bool:
        return len({router.loop.replica.leadership.owner for router in routers}) == 1

    await until("agreement", agreed)
    assert sum(router.leads for router in routers) == 1
    claims = [d for d in await others.decisions() if isinstance(d, RouterEpochStarted)]
    assert len({claim.owner for claim in claims}) == len(claims)


async def test_a_leader_whose_batch_is_doubtful_goes_on_in_its_next_epoch(
    log: KafkaLog, others: Others, routers: list[RunningRouter]
) -> None:
    router = await RunningRouter(log).start().leading()
    routers.append(router)
    await others.open_centre("a1")
    before = router.loop.replica.leadership
    assert router.loop.sender.writer is not None
    await router.loop.sender.writer.close()
    await others.call("k1")
    offer = await others.offer_of("k1")
    assert offer.epoch == before.epoch + 1
    assert offer.owner.split(".")[0] == before.owner.split(".")[0]


async def test_a_restart_of_the_broker_changes_no_leader(
    breakable_kafka: LocalKafka,
) -> None:
    log = KafkaLog(breakable_kafka.bootstrap)
    others = await Others(log).open()
    first = await RunningRouter(log).start().leading()
    standby = RunningRouter(log).start()
    try:
        await until("the standby to follow", lambda: standby.loop.caught_up)
        breakable_kafka.kill()
        await asyncio.to_thread(breakable_kafka.start, dies_with_us=True)
        before = first.loop.replica.life
        await until("valid decisions again", lambda: first.loop.replica.life > before, limit_s=20)
        assert (first.leads, standby.leads) == (True, False)
    finally:
        await first.stop()
        await standby.stop()
        await others.close()
