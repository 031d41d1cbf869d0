"""The log read by hand, for counts that owe nothing to the code under test but its decoder."""

from collections.abc import AsyncIterator, Iterable

from contact_events.envelope import Decoded, Envelope, decode
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import TopicPartition


async def envelopes(bootstrap: str, topics: Iterable[str]) -> AsyncIterator[Envelope]:
    """Yield every decodable record of the topics up to their present ends, repetitions too."""
    log, names = KafkaLog(bootstrap), list(topics)
    starts, ends = await log.starts(names), await log.ends(names)
    unread = {tp for tp, end in ends.items() if end > starts[tp]}
    reader = await log.reader(starts)
    try:
        while unread:
            for record in await reader.read(max_records=5_000):
                tp = TopicPartition(record.topic, record.partition)
                if record.offset + 1 >= ends[tp]:
                    unread.discard(tp)
                decoded = decode(record.value)
                if isinstance(decoded, Decoded):
                    yield decoded.envelope
    finally:
        await reader.close()
