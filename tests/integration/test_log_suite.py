"""One suite for the log and its double: what is true of a log is true of both."""

import asyncio
from collections.abc import Callable

import pytest

from contact_events.topics import Topic
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import (
    Ambiguous,
    Entry,
    Log,
    LogReader,
    NoSuchTopic,
    PositionGone,
    ReaderDead,
    Record,
    TooLarge,
    TopicPartition,
    WrongPartitions,
    last_records,
)
from contact_runtime.memory_log import MemoryLog

PARTITIONS = 3
MEBIBYTE = 1 << 20


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Log:
    if request.param == "memory":
        return MemoryLog()
    return KafkaLog(request.getfixturevalue("kafka_bootstrap"))


@pytest.fixture
async def topic(log: Log, fresh_topic: Callable[..., Topic]) -> Topic:
    topic = fresh_topic("suite")
    await log.ensure_topics([topic], PARTITIONS)
    return topic


@pytest.fixture
def first(topic: Topic) -> TopicPartition:
    return TopicPartition(topic.name, 0)


def numbered(*numbers: int) -> list[Entry]:
    return [Entry(key=b"k", value=str(n).encode()) for n in numbers]


def values(records: list[Record]) -> list[int]:
    return [int(record.value or b"-1") for record in records]


async def write(log: Log, tp: TopicPartition, *batches: list[Entry]) -> list[int]:
    writer = await log.writer()
    try:
        return [await writer.append(tp, batch) for batch in batches]
    finally:
        await writer.close()


async def read_back(log: Log, tp: TopicPartition, *, start: int = 0) -> list[Record]:
    end = (await log.ends([tp.topic]))[tp]
    reader = await log.reader({tp: start})
    try:
        return await read_until(reader, end - start)
    finally:
        await reader.close()


async def read_until(reader: LogReader, count: int, *, max_records: int = 1000) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += await reader.read(max_records=max_records)
    return found


async def test_what_is_appended_is_read_as_it_was_written(log: Log, first: TopicPartition) -> None:
    entry = Entry(key=b"call-1", value=b"{}", headers=(("ce_type", b"call.arrived"),))
    tombstone = Entry(key=b"call-1", value=None)
    assert await write(log, first, [entry, tombstone]) == [0]
    one, other = await read_back(log, first)
    assert (one.topic, one.partition, one.offset) == (first.topic, 0, 0)
    assert (one.key, one.value, one.headers) == (entry.key, entry.value, entry.headers)
    assert (other.offset, other.value, other.headers) == (1, None, ())
    assert one.timestamp_ms > 0


async def test_an_append_returns_the_offset_of_its_first_record(
    log: Log, first: TopicPartition
) -> None:
    assert await write(log, first, numbered(0, 1, 2), numbered(3), numbered(4)) == [0, 3, 4]
    assert [record.offset for record in await read_back(log, first)] == [0, 1, 2, 3, 4]


async def test_a_batch_of_a_thousand_records_is_whole(log: Log, first: TopicPartition) -> None:
    batch = [Entry(key=b"k", value=b"x" * 461) for _ in range(1000)]
    assert await write(log, first, batch) == [0]
    assert len(await read_back(log, first)) == 1000


async def test_each_partition_keeps_its_own_order(log: Log, topic: Topic) -> None:
    partitions = [TopicPartition(topic.name, n) for n in range(PARTITIONS)]
    writer = await log.writer()
    for n in range(20):
        for tp in partitions:
            await writer.append(tp, numbered(n))
    await writer.close()
    reader = await log.reader(dict.fromkeys(partitions, 0))
    found = await read_until(reader, 20 * PARTITIONS, max_records=7)
    await reader.close()
    for tp in partitions:
        assert values([r for r in found if r.partition == tp.partition]) == list(range(20))


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_read_gives_no_more_than_was_asked_and_loses_nothing(
    log: Log, first: TopicPartition, ahead: bool
) -> None:
    await write(log, first, numbered(*range(10)))
    reader = await log.reader({first: 0}, ahead=ahead)
    found: list[int] = []
    while len(found) < 10:
        some = await reader.read(max_records=3)
        assert len(some) <= 3
        found += values(some)
    await reader.close()
    assert found == list(range(10))


async def test_a_read_of_nothing_is_empty_when_its_time_is_over(
    log: Log, first: TopicPartition
) -> None:
    reader = await log.reader({first: 0})
    async with asyncio.timeout(5):
        assert await reader.read(timeout_s=0.05) == []
    await reader.close()


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_waiting_read_wakes_when_a_record_comes(
    log: Log, first: TopicPartition, ahead: bool
) -> None:
    reader = await log.reader({first: 0}, ahead=ahead)
    writer = await log.writer()
    waiting = asyncio.create_task(reader.read(timeout_s=5))
    await asyncio.sleep(0)
    await writer.append(first, numbered(7))
    async with asyncio.timeout(2):
        assert values(await waiting) == [7]
    await writer.close()
    await reader.close()


@pytest.mark.parametrize("ahead", [True, False])
async def test_reading_starts_at_the_position_and_goes_on_after_a_seek(
    log: Log, first: TopicPartition, ahead: bool
) -> None:
    await write(log, first, numbered(*range(6)))
    reader = await log.reader({first: 4}, ahead=ahead)
    assert values(await read_until(reader, 2)) == [4, 5]
    reader.seek(first, 1)
    assert values(await read_until(reader, 5)) == [1, 2, 3, 4, 5]
    await reader.close()


async def test_a_seek_outweighs_what_was_already_fetched(log: Log, first: TopicPartition) -> None:
    await write(log, first, numbered(*range(6)))
    reader = await log.reader({first: 0})
    assert values(await read_until(reader, 2, max_records=2)) == [0, 1]
    reader.seek(first, 5)
    assert values(await read_until(reader, 1)) == [5]
    await reader.close()


async def test_ends_and_starts_name_every_partition(
    log: Log, topic: Topic, first: TopicPartition
) -> None:
    await write(log, first, numbered(1, 2))
    second, third = TopicPartition(topic.name, 1), TopicPartition(topic.name, 2)
    assert await log.ends([topic.name]) == {first: 2, second: 0, third: 0}
    assert await log.starts([topic.name]) == {first: 0, second: 0, third: 0}
    reader = await log.reader({first: 0, third: 0})
    assert await reader.ends() == {first: 2, third: 0}
    await reader.close()


async def test_the_last_records_of_each_partition_are_found(log: Log, topic: Topic) -> None:
    for n in range(2):
        await write(log, TopicPartition(topic.name, n), numbered(*range(n, n + 5)))
    assert values(await last_records(log, [topic.name], each=2)) == [3, 4, 4, 5]
    assert values(await last_records(log, [topic.name])) == [4, 5]


async def test_a_working_log_was_heard_a_moment_ago(log: Log, first: TopicPartition) -> None:
    reader = await log.reader({first: 0})
    for _ in range(5):
        await reader.read(timeout_s=0.05)
    assert reader.unheard_s() < 1.0
    await reader.close()


async def test_a_reader_of_nothing_reads_nothing(log: Log) -> None:
    reader = await log.reader({})
    assert await reader.read(timeout_s=0.01) == []
    assert await reader.ends() == {}
    await reader.close()


async def test_an_append_of_nothing_is_refused(log: Log, first: TopicPartition) -> None:
    with pytest.raises(ValueError, match="nothing"):
        await write(log, first, [])


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param([Entry(b"k", b"x" * (MEBIBYTE + 1))], id="one record"),
        pytest.param([Entry(b"k", b"x" * 1024)] * 1024, id="many records"),
    ],
)
async def test_what_is_too_large_is_not_written_and_the_writer_goes_on(
    log: Log, first: TopicPartition, batch: list[Entry]
) -> None:
    writer = await log.writer()
    await writer.append(first, numbered(1))
    with pytest.raises(TooLarge):
        await writer.append(first, batch)
    assert await writer.append(first, numbered(2)) == 1
    await writer.close()
    assert values(await read_back(log, first)) == [1, 2]


async def test_appends_side_by_side_land_in_the_order_of_the_calls(
    log: Log, first: TopicPartition
) -> None:
    writer = await log.writer()
    await writer.append(first, numbered(0))
    offsets = await asyncio.gather(*(writer.append(first, numbered(n)) for n in range(1, 200)))
    await writer.close()
    assert list(offsets) == list(range(1, 200))
    assert values(await read_back(log, first)) == list(range(200))


async def test_a_writer_does_not_fence_another(log: Log, first: TopicPartition) -> None:
    zombie, leader = await log.writer(), await log.writer()
    assert await leader.append(first, numbered(1)) == 0
    assert await zombie.append(first, numbered(2)) == 1
    assert await leader.append(first, numbered(3)) == 2
    await zombie.close()
    await leader.close()


async def test_topics_are_ensured_again_without_harm(
    log: Log, topic: Topic, first: TopicPartition
) -> None:
    await write(log, first, numbered(1))
    await log.ensure_topics([topic], PARTITIONS)
    assert values(await read_back(log, first)) == [1]


async def test_the_number_of_partitions_never_changes(log: Log, topic: Topic) -> None:
    with pytest.raises(WrongPartitions):
        await log.ensure_topics([topic], PARTITIONS + 1)


async def test_a_partition_that_is_not_there_is_named(log: Log, topic: Topic) -> None:
    beyond = TopicPartition(topic.name, PARTITIONS)
    with pytest.raises(WrongPartitions):
        await write(log, beyond, numbered(1))
    with pytest.raises(WrongPartitions):
        await log.reader({beyond: 0})


async def test_a_topic_that_is_not_there_is_never_made_by_the_way(log: Log) -> None:
    nowhere = TopicPartition("test-never-made", 0)
    with pytest.raises(Ambiguous):
        await write(log, nowhere, numbered(1))
    with pytest.raises(NoSuchTopic):
        await log.reader({nowhere: 0})
    with pytest.raises(NoSuchTopic):
        await log.ends([nowhere.topic])


async def test_a_position_beyond_the_end_is_gone(log: Log, first: TopicPartition) -> None:
    await write(log, first, numbered(1))
    reader = await log.reader({first: 5})
    with pytest.raises(PositionGone):
        await read_until(reader, 1)
    await reader.close()


async def test_who_was_closed_says_so(log: Log, first: TopicPartition) -> None:
    writer, reader = await log.writer(), await log.reader({first: 0})
    await writer.close()
    await reader.close()
    with pytest.raises(Ambiguous):
        await writer.append(first, numbered(1))
    with pytest.raises(ReaderDead):
        await reader.read()
    await writer.close()
    await reader.close()
