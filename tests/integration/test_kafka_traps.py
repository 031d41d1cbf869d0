"""What bites in aiokafka while the broker is well, each held by a test."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.cluster import ClusterMetadata
from aiokafka.structs import TopicPartition as ClientPartition

from contact_events.topics import Topic
from contact_runtime.kafka import KafkaLog
from contact_runtime.kafka_writer import KafkaWriter
from contact_runtime.log import (
    Ambiguous,
    Entry,
    PositionGone,
    ReaderDead,
    TooLarge,
    TopicPartition,
    Unavailable,
)
from tests.support.wait import until

pytestmark = pytest.mark.kafka


@pytest.fixture
async def admin(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    yield admin
    await admin.close()


@pytest.fixture
async def first(kafka_log: KafkaLog, fresh_topic: Callable[..., Topic]) -> TopicPartition:
    topic = fresh_topic("trap")
    await kafka_log.ensure_topics([topic], 1)
    return TopicPartition(topic.name, 0)


async def write(log: KafkaLog, tp: TopicPartition, count: int) -> None:
    writer = await log.writer()
    await writer.append(tp, [Entry(b"k", b"v")] * count)
    await writer.close()


async def settings_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
    answer = (await admin.describe_configs(asked))[0]
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_a_batch_that_the_broker_finds_too_large_does_not_poison_the_writer(
    kafka_log: KafkaLog, admin: AIOKafkaAdminClient, fresh_topic: Callable[..., Topic]
) -> None:
    strict = fresh_topic("strict").name
    await admin.create_topics([NewTopic(strict, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    await kafka_log.ensure_topics([Topic(strict, "test", "id")], 1)
    tp = TopicPartition(strict, 0)
    writer = await kafka_log.writer()
    assert await writer.append(tp, [Entry(b"k", b"small")]) == 0
    with pytest.raises(TooLarge):
        await writer.append(tp, [Entry(b"k", b"x" * 5000)])
    assert await writer.append(tp, [Entry(b"k", b"small")]) == 1
    await writer.close()


async def test_a_writer_ends_before_the_clients_sequence_numbers_wrap(
    kafka_log: KafkaLog, first: TopicPartition
) -> None:
    producer = await kafka_log._producer()
    writer = KafkaWriter(producer, kafka_log._producer, append_timeout_s=2.0, worn_out_records=2)
    assert await writer.append(first, [Entry(b"k", b"1"), Entry(b"k", b"2")]) == 0
    with pytest.raises(Ambiguous, match="as much as"):
        await writer.append(first, [Entry(b"k", b"3")])
    await writer.close()
    assert (await kafka_log.ends([first.topic]))[first] == 2


async def test_a_reader_whose_task_died_ends_loudly(
    kafka_log: KafkaLog, first: TopicPartition
) -> None:
    reader = await kafka_log.reader({first: 0})
    await reader.read(timeout_s=0.05)
    fetching = reader._consumer._fetcher._fetch_task
    fetching.cancel()
    await asyncio.wait([fetching])
    with pytest.raises(ReaderDead):
        await reader.read(timeout_s=0.05)
    await reader.close()


async def test_a_position_that_retention_took_is_gone_and_never_skipped(
    kafka_log: KafkaLog, admin: AIOKafkaAdminClient, first: TopicPartition
) -> None:
    await write(kafka_log, first, 5)
    partition = ClientPartition(first.topic, first.partition)
    await admin.delete_records({partition: RecordsToDelete(3)})
    assert (await kafka_log.starts([first.topic]))[first] == 3
    reader = await kafka_log.reader({first: 0})
    with pytest.raises(PositionGone):
        await reader.read(timeout_s=5)
    reader.seek(first, 3)
    assert [record.offset for record in await reader.read(timeout_s=5)] == [3, 4]
    await reader.close()


async def test_what_is_kept_is_kept_for_ever_and_never_compacted(
    kafka_log: KafkaLog, admin: AIOKafkaAdminClient, fresh_topic: Callable[..., Topic]
) -> None:
    kept, hints = fresh_topic("kept"), fresh_topic("hints", kept=False, compacted=True)
    await kafka_log.ensure_topics([kept, hints], 2)
    settings = await settings_of(admin, kept.name)
    assert (settings["cleanup.policy"], settings["retention.ms"]) == ("delete", "-1")
    assert (await settings_of(admin, hints.name))["cleanup.policy"] == "compact"


async def test_a_cluster_without_a_controller_is_unavailable(
    kafka_log: KafkaLog, fresh_topic: Callable[..., Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    never = property(lambda cluster: None, lambda cluster, controller: None)
    monkeypatch.setattr(ClusterMetadata, "controller", never, raising=False)
    with pytest.raises(Unavailable, match="no controller"):
        await kafka_log.ensure_topics([fresh_topic("headless")], 1)


async def test_two_who_ensure_the_same_topics_at_once_both_succeed(
    kafka_log: KafkaLog, fresh_topic: Callable[..., Topic]
) -> None:
    topics = [fresh_topic("race") for _ in range(5)]
    await asyncio.gather(*(kafka_log.ensure_topics(topics, 2) for _ in range(4)))
    assert len(await kafka_log.ends([topic.name for topic in topics])) == 10


@pytest.mark.parametrize("ahead", [True, False])
async def test_the_next_fetch_goes_out_with_the_next_read_where_nothing_is_asked_ahead(
    kafka_log: KafkaLog, first: TopicPartition, ahead: bool
) -> None:
    await write(kafka_log, first, 1)
    reader = await kafka_log.reader({first: 0}, ahead=ahead)
    fetcher = reader._consumer._fetcher
    async with asyncio.timeout(10):
        while not await reader.read():
            pass
    for _ in range(10):
        await asyncio.sleep(0)
    assert bool(fetcher._in_flight) is ahead
    reading = asyncio.create_task(reader.read(timeout_s=5))
    await until("a fetch is under way", lambda: bool(fetcher._in_flight))
    await write(kafka_log, first, 1)
    assert len(await reading) == 1
    await reader.close()


async def test_who_asks_for_nothing_ahead_is_given_little_at_a_time(
    kafka_log: KafkaLog, first: TopicPartition
) -> None:
    writer = await kafka_log.writer()
    for _ in range(8):
        await writer.append(first, [Entry(b"k", b"v" * 2_000)] * 50)
    await writer.close()
    reader = await kafka_log.reader({first: 0}, ahead=False)
    found: list[int] = []
    async with asyncio.timeout(10):
        while sum(found) < 400:
            found.append(len(await reader.read(max_records=1_000)))
    await reader.close()
    assert max(found) <= 150
    assert sum(found) == 400
