"""The log on Apache Kafka, through aiokafka 0.14.0. Every wait for the broker is bounded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from contact_events.topics import Topic
from contact_runtime.kafka_drop import drop_admin, drop_consumer, drop_producer
from contact_runtime.kafka_reader import KafkaReader
from contact_runtime.kafka_writer import MAX_BATCH_BYTES, KafkaWriter
from contact_runtime.log import NoSuchTopic, TopicPartition, Unavailable, WrongPartitions

C = TypeVar("C", AIOKafkaProducer, AIOKafkaConsumer, AIOKafkaAdminClient)

RETRY_S = 0.05
METADATA_TRIES = 10
BROKERS_CHOICE = -1
PRODUCER: dict[str, Any] = {
    "enable_idempotence": True,
    "acks": "all",
    "linger_ms": 0,
    "request_timeout_ms": 1000,
    "retry_backoff_ms": 50,
    "metadata_max_age_ms": 30_000,
    "max_batch_size": MAX_BATCH_BYTES,
}
CONSUMER: dict[str, Any] = {
    "group_id": None,
    "auto_offset_reset": "none",
    "enable_auto_commit": False,
    "fetch_max_wait_ms": 100,
    "request_timeout_ms": 3000,
    "retry_backoff_ms": 50,
    "metadata_max_age_ms": 30_000,
}
AT_HAND: dict[str, Any] = {"fetch_max_bytes": 256 * 1024}
"""Of who answers at once: what it waits for never stands behind much else that was fetched."""

ADMIN: dict[str, Any] = {"request_timeout_ms": 3000, "retry_backoff_ms": 50}


class KafkaLog:
    """A `Log` on Kafka. It holds no connection itself: readers and writers do."""

    def __init__(
        self, bootstrap: str, *, connect_timeout_s: float = 10.0, append_timeout_s: float = 2.0
    ) -> None:
        """Keep the address ("host:port,host:port") and the bounds, in machine seconds."""
        self._bootstrap = bootstrap
        self._connect_timeout_s = connect_timeout_s
        self._append_timeout_s = append_timeout_s

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> KafkaReader:
        """Return a reader of these partitions, each from its position."""
        consumer = await self._consumer(**({} if ahead else AT_HAND))
        try:
            await self._check_known(consumer, positions)
            return KafkaReader(consumer, positions, ahead=ahead)
        except BaseException:
            await drop_consumer(consumer)
            raise

    async def writer(self) -> KafkaWriter:
        """Return a new writer, connected and ready."""
        return KafkaWriter(
            await self._producer(), self._producer, append_timeout_s=self._append_timeout_s
        )

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        """Create what is missing of `topics`, each with `partitions`."""
        wanted = {topic.name: topic for topic in topics}
        admin = await self._connected(self._new_admin, drop_admin)
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await _create(admin, wanted, partitions)
                await _wait_for(admin, wanted, partitions)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"topics {sorted(wanted)}: {error!r}") from error
        finally:
            await drop_admin(admin)

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of every partition of `topics`."""
        return await self._offsets(topics, AIOKafkaConsumer.end_offsets)

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the first offset that is still kept of every partition of `topics`."""
        return await self._offsets(topics, AIOKafkaConsumer.beginning_offsets)

    async def _offsets(
        self, topics: Iterable[str], ask: Callable[..., Awaitable[Mapping[Any, int]]]
    ) -> dict[TopicPartition, int]:
        names = sorted(set(topics))
        consumer = await self._consumer()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                known = await _partitions(consumer, names)
                found = await ask(consumer, [aiokafka.TopicPartition(*tp) for tp in known])
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"offsets of {names}: {error!r}") from error
        finally:
            await drop_consumer(consumer)
        return {TopicPartition(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def _check_known(
        self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]
    ) -> None:
        names = sorted({tp.topic for tp in positions})
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                known = await _partitions(consumer, names)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"topics {names}: {error!r}") from error
        strange = [tp for tp in positions if (tp.topic, tp.partition) not in known]
        if strange:
            raise WrongPartitions(f"no such partitions: {strange}")

    async def _consumer(self, **more: Any) -> AIOKafkaConsumer:
        settings = CONSUMER | more
        return await self._connected(
            lambda: AIOKafkaConsumer(bootstrap_servers=self._bootstrap, **settings), drop_consumer
        )

    async def _producer(self) -> AIOKafkaProducer:
        return await self._connected(
            lambda: AIOKafkaProducer(bootstrap_servers=self._bootstrap, **PRODUCER), drop_producer
        )

    def _new_admin(self) -> AIOKafkaAdminClient:
        return AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, **ADMIN)

    async def _connected(self, make: Callable[[], C], drop: Callable[[C], Awaitable[None]]) -> C:
        """Return a started client: `start` raises at once while the broker is away, or hangs."""
        ends = time.monotonic() + self._connect_timeout_s
        while True:
            client = make()
            try:
                async with asyncio.timeout(max(RETRY_S, ends - time.monotonic())):
                    await client.start()
                return client
            except (KafkaError, OSError, TimeoutError) as error:
                await drop(client)
                if time.monotonic() >= ends:
                    raise Unavailable(f"{self._bootstrap}: {error!r}") from error
            except BaseException:
                await drop(client)
                raise
            await asyncio.sleep(RETRY_S)


async def _partitions(consumer: AIOKafkaConsumer, names: Iterable[str]) -> set[tuple[str, int]]:
    """Return every partition of these topics.

    Raises:
        NoSuchTopic: the broker answered again and again and does not know one of them.
    """
    client, wanted = consumer._client, set(names)
    if not wanted:
        return set()
    client.set_topics(wanted)
    for _ in range(METADATA_TRIES):
        answered = await client.force_metadata_update()
        known = {name: client.cluster.partitions_for_topic(name) for name in wanted}
        if all(known.values()):
            return {(name, n) for name in wanted for n in known[name]}
        await asyncio.sleep(RETRY_S)
    missing = sorted(name for name in wanted if not known[name])
    if not answered:
        raise KafkaConnectionError(f"no metadata of {missing}")
    raise NoSuchTopic(f"no such topics: {missing}")


async def _create(admin: AIOKafkaAdminClient, wanted: Mapping[str, Topic], partitions: int) -> None:
    if admin._client.cluster.controller is None:  # which the client does not look at
        raise KafkaConnectionError("the cluster has no controller at this moment")
    answer = await admin.create_topics([_new(topic, partitions) for topic in wanted.values()])
    for name, code, *said in answer.topic_errors:
        error = for_code(code)
        if error not in (NoError, TopicAlreadyExistsError):
            raise error(f"{name}: {said}")


def _new(topic: Topic, partitions: int) -> NewTopic:
    new = NewTopic(topic.name, partitions, 1, topic_configs=topic.settings)
    new.replication_factor = BROKERS_CHOICE  # which its constructor refuses and the broker takes
    return new


async def _wait_for(admin: AIOKafkaAdminClient, wanted: Iterable[str], partitions: int) -> None:
    while True:
        if await _all_there(admin, wanted, partitions):
            return
        await asyncio.sleep(RETRY_S)


async def _all_there(admin: AIOKafkaAdminClient, wanted: Iterable[str], partitions: int) -> bool:
    """Return whether every topic is there and led.

    Raises:
        WrongPartitions: one is there with another number of partitions.
    """
    ready = True
    for found in await admin.describe_topics(list(wanted)):
        there, led = len(found["partitions"]), all(p["leader"] >= 0 for p in found["partitions"])
        if there not in (0, partitions):
            raise WrongPartitions(f"{found['topic']} has {there} partitions, not {partitions}")
        ready = ready and there == partitions and led
    return ready
