"""A broker that is frozen, killed or not there: nobody hangs, nothing is taken for written."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from contact_events.topics import Topic
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import (
    Ambiguous,
    Entry,
    LogReader,
    LogWriter,
    TopicPartition,
    Unavailable,
    once_there,
)
from deploy.local.kafka import LocalKafka, free_ports
from tests.support.wait import until

pytestmark = pytest.mark.kafka

APPEND_TIMEOUT_S = 1.5
CONNECT_TIMEOUT_S = 2.0
DROP_S = 2.0
"""How long a drop may take, whatever state the broker is in."""
PARTITIONS = 3
START_LIMIT_S = 60.0
"""A broker that was killed in the test before has a controller again by then."""


@pytest.fixture
def log(breakable_kafka: LocalKafka) -> KafkaLog:
    return KafkaLog(
        breakable_kafka.bootstrap,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        append_timeout_s=APPEND_TIMEOUT_S,
    )


@pytest.fixture
async def partitions(log: KafkaLog, fresh_topic: Callable[..., Topic]) -> list[TopicPartition]:
    topic = fresh_topic("broken")
    await once_there(lambda: log.ensure_topics([topic], PARTITIONS), START_LIMIT_S)
    return [TopicPartition(topic.name, n) for n in range(PARTITIONS)]


@pytest.fixture
def first(partitions: Sequence[TopicPartition]) -> TopicPartition:
    return partitions[0]


@pytest.fixture
async def writer(log: KafkaLog, partitions: Sequence[TopicPartition]) -> AsyncIterator[LogWriter]:
    """Give a writer that has written 0 to every partition."""
    writer = await log.writer()
    for tp in partitions:
        await writer.append(tp, number(0))
    yield writer
    await ends_within(DROP_S, writer.close())


def number(n: int) -> list[Entry]:
    return [Entry(b"k", str(n).encode())]


async def ends_within(limit_s: float, doing: Awaitable[object]) -> None:
    """Fail if `doing` takes longer; what it raises is raised."""
    began = time.monotonic()
    try:
        await doing
    finally:
        took_s = time.monotonic() - began
        assert took_s < limit_s, f"took {took_s:.2f} s, more than {limit_s} s"


async def fails_ambiguously(writer: LogWriter, tp: TopicPartition, n: int) -> None:
    with pytest.raises(Ambiguous):
        await ends_within(APPEND_TIMEOUT_S + DROP_S, writer.append(tp, number(n)))


async def read_numbers(reader: LogReader, *, last: int, limit_s: float = 20.0) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(limit_s):
        while last not in found:
            found += [int(record.value or b"-1") for record in await reader.read()]
    return found


async def opened_again(log: KafkaLog) -> LogWriter:
    """Return a new writer once the broker is back."""
    for _ in range(10):
        try:
            return await log.writer()
        except Unavailable:
            continue
    raise AssertionError("the broker did not come back")


async def test_an_append_to_a_frozen_broker_is_ambiguous_and_a_new_writer_goes_on(
    breakable_kafka: LocalKafka, log: KafkaLog, writer: LogWriter, first: TopicPartition
) -> None:
    breakable_kafka.freeze()
    await fails_ambiguously(writer, first, 1)
    await ends_within(0.5, writer.close())
    breakable_kafka.thaw()
    another = await opened_again(log)
    await another.append(first, number(2))
    await another.close()
    reader = await log.reader({first: 0})
    found = await read_numbers(reader, last=2)
    await reader.close()
    # What lay in the broker's socket may still land, once; nobody may lean on either.
    assert found in ([0, 2], [0, 1, 2], [0, 2, 1])


async def test_a_dead_writer_sends_nothing_more_when_the_broker_is_back(
    breakable_kafka: LocalKafka, log: KafkaLog, writer: LogWriter, first: TopicPartition
) -> None:
    breakable_kafka.kill()
    await fails_ambiguously(writer, first, 1)
    await asyncio.to_thread(breakable_kafka.start)
    another = await opened_again(log)
    await another.append(first, number(2))
    await another.append(first, number(3))
    await another.close()
    reader = await log.reader({first: 0})
    assert await read_numbers(reader, last=3) == [0, 2, 3]
    await reader.close()


async def test_appends_side_by_side_all_fail_in_time(
    breakable_kafka: LocalKafka, writer: LogWriter, partitions: Sequence[TopicPartition]
) -> None:
    breakable_kafka.freeze()
    appends = [fails_ambiguously(writer, tp, n) for tp in partitions for n in range(3)]
    await ends_within(APPEND_TIMEOUT_S + DROP_S, asyncio.gather(*appends))


async def test_a_dead_writer_says_so_at_once(
    breakable_kafka: LocalKafka, writer: LogWriter, first: TopicPartition
) -> None:
    breakable_kafka.freeze()
    await fails_ambiguously(writer, first, 1)
    breakable_kafka.thaw()
    with pytest.raises(Ambiguous, match="dead"):
        await ends_within(0.5, writer.append(first, number(2)))


async def test_closing_during_an_append_hangs_neither(
    breakable_kafka: LocalKafka, writer: LogWriter, first: TopicPartition
) -> None:
    breakable_kafka.freeze()
    under_way = asyncio.create_task(writer.append(first, number(1)))
    await asyncio.sleep(0.05)
    await ends_within(DROP_S, writer.close())
    with pytest.raises(Ambiguous):
        await ends_within(DROP_S, under_way)


async def test_a_cancelled_append_ends_the_writer(
    breakable_kafka: LocalKafka, writer: LogWriter, first: TopicPartition
) -> None:
    breakable_kafka.freeze()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await writer.append(first, number(1))
    breakable_kafka.thaw()
    with pytest.raises(Ambiguous, match="cancelled"):
        await writer.append(first, number(2))


async def test_no_task_outlives_what_was_closed(
    breakable_kafka: LocalKafka, log: KafkaLog, first: TopicPartition
) -> None:
    before = asyncio.all_tasks()
    writer, reader = await log.writer(), await log.reader({first: 0})
    await writer.append(first, number(0))
    await read_numbers(reader, last=0)
    breakable_kafka.freeze()
    await fails_ambiguously(writer, first, 1)
    await reader.read()
    await ends_within(DROP_S, writer.close())
    await ends_within(DROP_S, reader.close())
    left = asyncio.all_tasks() - before
    assert not left, left


async def test_a_reader_survives_the_brokers_restart_with_its_position(
    breakable_kafka: LocalKafka, log: KafkaLog, writer: LogWriter, first: TopicPartition
) -> None:
    reader = await log.reader({first: 0})
    assert await read_numbers(reader, last=0) == [0]
    await writer.append(first, number(1))
    breakable_kafka.kill()
    for _ in range(3):
        found = await reader.read()  # the record may have been fetched just before
        assert [record.offset for record in found] in ([], [1])
        if found:
            reader.seek(first, 1)
    with pytest.raises(Unavailable):
        await ends_within(4.0, reader.ends())
    await asyncio.to_thread(breakable_kafka.start)
    another = await opened_again(log)
    await another.append(first, number(2))
    await another.close()
    assert await read_numbers(reader, last=2) == [1, 2]
    await reader.close()


async def test_silence_of_the_log_is_told_from_silence_of_its_writers(
    breakable_kafka: LocalKafka, log: KafkaLog, partitions: Sequence[TopicPartition]
) -> None:
    reader = await log.reader(dict.fromkeys(partitions, 0))

    async def reads_and_hears() -> bool:
        return await reader.read() == [] and reader.unheard_s() < 0.4

    async def reads_and_hears_nothing() -> bool:
        return await reader.read() == [] and reader.unheard_s() > 1.0

    await until("an answer", reads_and_hears)
    breakable_kafka.freeze()
    await until("a silent log", reads_and_hears_nothing)
    breakable_kafka.thaw()
    await until("another answer", reads_and_hears)
    await reader.close()


async def test_a_log_that_is_not_there_is_unavailable_in_time(
    fresh_topic: Callable[..., Topic],
) -> None:
    log = KafkaLog(f"127.0.0.1:{free_ports(1)[0]}", connect_timeout_s=0.5)
    asked: list[Callable[[], Awaitable[object]]] = [
        log.writer,
        lambda: log.reader({}),
        lambda: log.ends(["t"]),
        lambda: log.ensure_topics([fresh_topic()], 1),
    ]
    for ask in asked:
        with pytest.raises(Unavailable):
            await ends_within(0.5 + DROP_S, ask())


async def test_a_frozen_broker_keeps_nobody_longer_than_the_bound(
    breakable_kafka: LocalKafka, log: KafkaLog, first: TopicPartition
) -> None:
    breakable_kafka.freeze()
    asked: list[Callable[[], Awaitable[object]]] = [
        log.writer,
        lambda: log.reader({first: 0}),
        lambda: log.ends([first.topic]),
    ]
    for ask in asked:
        with pytest.raises(Unavailable):
            await ends_within(CONNECT_TIMEOUT_S + DROP_S, ask())
