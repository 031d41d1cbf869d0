"""Replicas claim the same epoch at once on real Kafka, twenty times: one leads."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contact_events.partitions import partition_of
from contact_events.routing import RouterEpochStarted
from contact_events.topics import ROUTED, TOPICS
from contact_runtime.clock import SystemClock
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import LogReader, LogWriter, TopicPartition
from deploy.local.kafka import LocalKafka
from router.codec import claim_envelope, decision_envelope, entry_of, fact_of
from router.replica import Replica

pytestmark = pytest.mark.kafka

PARTITIONS, POOL = 4, "main"
AT = TopicPartition(ROUTED.name, partition_of(POOL, PARTITIONS))
ROUNDS, CONTENDERS = 20, 3


class Contender:
    """A replica with a reader and a writer of its own."""

    def __init__(self, name: str, reader: LogReader, writer: LogWriter) -> None:
        self.replica = Replica(POOL, name, "test")
        self.reader = reader
        self.writer = writer
        self.claims: list[RouterEpochStarted] = []

    async def claim(self, judged: int) -> None:
        """Claim the epoch after `judged`, and say that it leads at once, whether or not it does."""
        self.replica.step_down()
        claim = self.replica.claim(judged)
        assert claim is not None
        self.claims.append(claim)
        await self.writer.append(AT, [entry_of(claim_envelope(claim, SystemClock().now()))])

    async def decide(self) -> bool:
        """Write a word of life if it leads."""
        batch = self.replica.turn(SystemClock().now(), alive=True)
        if batch is None or self.replica.leader is None:
            return False
        state = self.replica.leader.state
        await self.writer.append(
            AT, [entry_of(decision_envelope(d, state)) for d in batch.decisions]
        )
        return True

    async def read(self, end: int) -> None:
        """Read up to `end`."""
        while self.replica.read_to[ROUTED.name] < end:
            for record in await self.reader.read():
                self.replica.read(fact_of(record, POOL)[0])

    async def close(self) -> None:
        await self.reader.close()
        await self.writer.close()


@pytest.fixture
async def log(empty_kafka: LocalKafka) -> KafkaLog:
    log = KafkaLog(empty_kafka.bootstrap)
    await log.ensure_topics(TOPICS, PARTITIONS)
    return log


@pytest.fixture
async def contenders(log: KafkaLog) -> AsyncIterator[list[Contender]]:
    names = [f"replica-{number}" for number in range(CONTENDERS)]
    found = [Contender(n, await log.reader({AT: 0}), await log.writer()) for n in names]
    yield found
    for contender in found:
        await contender.close()


async def test_of_replicas_that_claim_at_once_one_leads_and_all_agree_twenty_times(
    log: KafkaLog, contenders: list[Contender]
) -> None:
    winners = set()
    for epoch in range(1, ROUNDS + 1):
        await asyncio.gather(*(each.claim(epoch - 1) for each in contenders))
        end = (await log.ends([ROUTED.name]))[AT]
        await asyncio.gather(*(each.read(end) for each in contenders))
        assert len({each.replica.leadership for each in contenders}) == 1
        (leader,) = [each for each in contenders if each.replica.leader]
        assert leader.replica.leadership.epoch == epoch
        assert [await each.decide() for each in contenders].count(True) == 1
        end = (await log.ends([ROUTED.name]))[AT]
        await asyncio.gather(*(each.read(end) for each in contenders))
        assert {each.replica.leadership.number for each in contenders} == {1}
        winners.add(leader.replica.name)
    assert all(each.replica.void == ROUNDS * (CONTENDERS - 1) for each in contenders)
    owners = [claim.owner for each in contenders for claim in each.claims]
    assert len(set(owners)) == len(owners) == ROUNDS * CONTENDERS
    assert winners
