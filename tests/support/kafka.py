"""Real Apache Kafka for tests: one broker a session, on free ports, in a temporary folder.

Tests name their topics uniquely (`fresh_topic`) and so share the broker. A test of services, whose
topics have fixed names, takes `empty_kafka`; a test that breaks the broker takes
`breakable_kafka`, another broker, which is whole again for the next test.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from contact_events.topics import Topic
from contact_runtime.kafka import KafkaLog
from deploy.local.kafka import LocalKafka, free_ports
from tests.support.wait import until

PARTITIONS = 4

_numbers = itertools.count(1)


def _new_broker(folder: Path) -> LocalKafka:
    port, controller_port = free_ports(2)
    return LocalKafka(folder, port=port, controller_port=controller_port)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Give the session's broker; whoever would break it takes `breakable_kafka`."""
    broker = _new_broker(tmp_path_factory.mktemp("kafka"))
    broker.start(dies_with_us=True)
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka: LocalKafka) -> str:
    """Give the address of the session's broker."""
    return kafka.bootstrap


@pytest.fixture
def kafka_log(kafka_bootstrap: str) -> KafkaLog:
    """Give a log on the session's broker."""
    return KafkaLog(kafka_bootstrap)


@pytest.fixture
async def empty_kafka(kafka: LocalKafka) -> LocalKafka:
    """Give the session's broker with no topic on it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()

    async def none_left() -> bool:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
        if names:
            await admin.delete_topics(names)
        return not names

    try:
        await until("an empty broker", none_left, limit_s=20)
    finally:
        await admin.close()
    return kafka


@pytest.fixture(scope="session")
def _second_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    broker = _new_broker(tmp_path_factory.mktemp("breakable-kafka"))
    yield broker
    broker.kill()


@pytest.fixture
def breakable_kafka(_second_broker: LocalKafka) -> Iterator[LocalKafka]:
    """Give a running broker that the test may freeze, kill and start again."""
    _second_broker.start(dies_with_us=True)
    yield _second_broker
    _second_broker.thaw()


@pytest.fixture
def fresh_topic() -> Callable[..., Topic]:
    """Give a function that returns a topic whose name no other test has."""

    def make(name: str = "topic", *, kept: bool = True, compacted: bool = False) -> Topic:
        unique = f"test-{name}-{next(_numbers)}"
        return Topic(unique, "test", "id", kept=kept, compacted=compacted)

    return make
