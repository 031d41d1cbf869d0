"""The topics of a random history as a log that can be read again."""

import asyncio
from collections.abc import Iterator

from contact_events.envelope import Envelope
from contact_events.routing import Decision
from contact_events.topics import ROUTED, TOPICS
from contact_runtime.log import TopicPartition
from contact_runtime.memory_log import MemoryLog
from router.codec import entry_of
from router.domain.state import State
from router.replay import Replay
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


def decisions_made(topics: Topics) -> Iterator[tuple[State, Envelope]]:
    """Yield each valid decision with the state in which it was made, which is the taker's."""
    replay = Replay(State(POOL))
    for fact in topics.facts[ROUTED.name]:
        for topic, end in replay.wants(fact).items():
            for read in topics.facts[topic][replay.state.positions[topic] : end]:
                replay.read(read)
        if replay.counts(fact) and fact.envelope and isinstance(fact.envelope.data, Decision):
            yield replay.state.copy(), fact.envelope
        replay.take(fact)
