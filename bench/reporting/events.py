"""A log that is made as it is read: plain calls, so many under way at once, never held in memory.

Eight records of each call (arrival, queue, offer, answer, connection, end, release, wrap-up), as
the services write them. The time that making them takes is known, so that it can be left out.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Final

from contact_events.envelope import encode, headers_of, key_of
from contact_events.registry import event_type_of
from contact_events.topics import Topic
from contact_runtime.log import LogReader, LogWriter, Record, TopicPartition
from reporting.consumers import READS
from reporting.domain.recorded import RecordedCall
from reporting.domain.recorded_facts import facts

QUEUES: Final = 20
AGENTS: Final = 400
EACH: Final = 8
"""Records of one call."""

STARTED: Final = datetime(2026, 1, 1, tzinfo=UTC)
LENGTH: Final = timedelta(seconds=180)


def calls(under_way: int) -> Iterator[RecordedCall]:
    """Yield calls that arrive one after the other, about `under_way` of them at any time."""
    apart = LENGTH / under_way
    for number in count():
        yield RecordedCall(
            number=number,
            call_id=f"c{number:09}",
            arrived_at=STARTED + number * apart,
            kind=f"queue{number % QUEUES}",
            priority=0,
            customer=f"C{number % 50_000}",
            outcome="AGENT",
            self_service=timedelta(seconds=5 + number % 7),
            queued=timedelta(seconds=number % 40),
            service=timedelta(seconds=120 + number % 60),
            server=f"a{number % AGENTS}",
        )


def records(under_way: int, most: int) -> Iterator[Record]:
    """Yield the first `most` records of the calls' log, of one partition a topic."""
    ends: Counter[str] = Counter()
    for envelope in islice(facts(calls(under_way), "main", "UTC"), most):
        topic = event_type_of(type(envelope.data)).topic.name
        value, headers = encode(envelope), headers_of(envelope)
        yield Record(topic, 0, ends[topic], key_of(envelope), value, headers, 0)
        ends[topic] += 1


class MadeLog:
    """A `Log` of `most` records, read once from its start; `at_end` is called after the last."""

    def __init__(
        self, under_way: int, most: int, at_end: Callable[[], None], seen: Callable[[int], None]
    ) -> None:
        self._records = records(under_way, most)
        self._at_end, self._seen = at_end, seen
        self.read_s, self.read_cpu_s, self.given = 0.0, 0.0, 0

    async def read(self, *, max_records: int = 1_000, timeout_s: float = 0.1) -> list[Record]:
        """Return the next records, and note how long they took to make."""
        began, began_cpu = time.perf_counter(), time.process_time()
        found = list(islice(self._records, max_records))
        self.read_s += time.perf_counter() - began
        self.read_cpu_s += time.process_time() - began_cpu
        self.given += len(found)
        self._seen(self.given)
        if not found:
            self._at_end()
        return found

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Stay: it is read from its start."""

    def unheard_s(self) -> float:
        """Return 0: it always answers."""
        return 0.0

    async def close(self) -> None:
        """Let go of nothing."""

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> LogReader:
        """Return the log itself, which has one reader."""
        return self  # type: ignore[return-value]

    async def writer(self) -> LogWriter:
        """Refuse: nobody writes here."""
        raise RuntimeError("this log is only read")

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        """Have the topics, as always."""

    async def ends(self, topics: Iterable[str] = ()) -> dict[TopicPartition, int]:
        """Return no ends: they are not known before."""
        return {}

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the start of each topic."""
        return {TopicPartition(topic.name, 0): 0 for topic in READS}
