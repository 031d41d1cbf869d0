"""The topics of a random history as a log that can be read again."""

import asyncio

from contact_events.routing import Decision
from contact_events.topics import ROUTED, TOPICS
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from router.codec import entry_of
from router.verify import Verified, verify
from tests.support.router_app import PARTITION, PARTITIONS, POOL
from tests.support.router_world import Topics


async def log_of(topics: Topics) -> MemoryLog:
    """Return a log that holds what the topics hold."""
    log = MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    writer = await log.writer()
    for topic in topics.facts:
        for fact in topics.facts[topic]:
            assert fact.envelope is not None
            await writer.append(TopicPartition(topic, PARTITION), [entry_of(fact.envelope)])
    return log


def verified(topics: Topics, start: int = 0, end: int | None = None) -> Verified:
    """Verify the history from `start` to before `end`."""

    async def run() -> Verified:
        return await verify(await log_of(topics), POOL, start, end)

    return asyncio.run(run())


def valid_offsets(topics: Topics) -> list[int]:
    """Return the offsets of all valid decisions of `routed`."""
    valid = {id(decision) for decision in topics.decisions(Decision)}
    return [
        fact.offset
        for fact in topics.facts[ROUTED.name]
        if fact.envelope is not None and id(fact.envelope.data) in valid
    ]
