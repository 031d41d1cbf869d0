"""The log as services see it: records in partitions, read from a position, appended in batches.

Positions are ours: "position" is always the next offset to read. Two adapters pass one suite:
`contact_runtime.kafka.KafkaLog` and its double `contact_runtime.memory_log.MemoryLog`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from contact_events.topics import Topic

R = TypeVar("R")
PAUSE_S = 0.5

log = logging.getLogger(__name__)


class LogError(Exception):
    """What the log may answer instead of doing as it was asked."""

    code = "log-error"


class Ambiguous(LogError):
    """An append whose outcome is unknown: it landed, did not, or lands later. The writer is dead.

    Drop the writer, open another, and go on from what is read back.
    """

    code = "log-ambiguous"


class TooLarge(LogError):
    """A batch above what the log takes at once. Nothing of it was written; the writer goes on."""

    code = "log-too-large"


class Unavailable(LogError):
    """The log did not answer within its bound. Nothing was changed; try again after a pause."""

    code = "log-unavailable"


class NoSuchTopic(Unavailable):
    """The log answers and does not know the topic (yet)."""

    code = "log-no-such-topic"


class PositionGone(LogError):
    """A position below the first record kept or beyond the end (truncation, retention): refold."""

    code = "log-position-gone"


class WrongPartitions(LogError):
    """A topic has another number of partitions than was thought. That number never changes."""

    code = "log-wrong-partitions"


class ReaderDead(LogError):
    """The reader's own task ended, or it was closed: no record would ever come. A bug, be loud."""

    code = "log-reader-dead"


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One partition of one topic."""

    topic: str
    partition: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as it stands in the log. `timestamp_ms` is machine time, never business time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One record to be appended. Key and value may not both be None."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class LogReader(Protocol):
    """Reads assigned partitions from given positions; never a member of a consumer group."""

    async def read(self, *, max_records: int = 1000, timeout_s: float = 0.1) -> list[Record]:
        """Return the next records, at most `max_records`; [] when none came in `timeout_s`.

        Each partition's own order is kept. While the broker is away the answer is [] and the
        position stays: `unheard_s` tells silence of the writers from silence of the log.

        Raises:
            PositionGone: a position is no longer, or not yet, in the log.
            ReaderDead: nothing can come any more.
        """
        ...

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Make `offset` the next offset to be read of `tp`, one of the assigned partitions."""
        ...

    async def ends(self) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each assigned partition.

        Raises:
            Unavailable: the broker did not answer in time.
        """
        ...

    def unheard_s(self, topic: str | None = None) -> float:
        """Return for how long the log has not answered, machine seconds; small while it works.

        It is the age of the oldest "last answer" over the assigned partitions, or over those of
        `topic`, so silence of a writer may be judged only while this is small.
        """
        ...

    async def close(self) -> None:
        """Let go of the log; never hangs, whatever state the broker is in."""
        ...


class LogWriter(Protocol):
    """Appends batches. After `Ambiguous` it is dead and every further append says so."""

    async def append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        """Append `entries` as one atomic batch and return the offset of the first.

        Calls may run side by side; batches of one partition land in the order of the calls.

        Raises:
            Ambiguous: the batch may have landed, or may land later; open another writer.
            TooLarge: nothing was written; this writer goes on.
            WrongPartitions: nothing was written; the topic has no such partition.
            ValueError: `entries` is empty.
        """
        ...

    async def close(self) -> None:
        """Let go of the log; never hangs. An append under way ends as `Ambiguous`."""
        ...


class Log(Protocol):
    """The way to readers and writers."""

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> LogReader:
        """Return a reader of these partitions, each from its position.

        It asks `ahead` for more while what it gave is being worked on. Otherwise it asks when it
        is read again, after what was sent meanwhile, and for little at a time: for who answers at
        once what it reads, and waits to read its own answers.

        Raises:
            NoSuchTopic: a topic does not exist.
            Unavailable: the log did not answer within its bound.
            WrongPartitions: a topic has no such partition.
        """
        ...

    async def writer(self) -> LogWriter:
        """Return a new writer, connected and ready.

        Raises:
            Unavailable: the log did not answer within its bound.
        """
        ...

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        """Create what is missing of `topics`, each with `partitions` partitions and its settings.

        Raises:
            WrongPartitions: a topic is there with another number of partitions.
            Unavailable: the log did not answer within its bound.
        """
        ...

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of every partition of `topics`.

        Raises:
            NoSuchTopic: a topic does not exist.
            Unavailable: the log did not answer within its bound.
        """
        ...

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the first offset that is still kept of every partition of `topics`.

        Raises:
            NoSuchTopic: a topic does not exist.
            Unavailable: the log did not answer within its bound.
        """
        ...


async def once_there(ask: Callable[[], Awaitable[R]], limit_s: float) -> R:
    """Return what `ask` returns, asking again while the log does not answer.

    Raises:
        Unavailable: it did not for `limit_s` seconds.
        LogError: it answered that this cannot be.
    """
    ends = time.monotonic() + limit_s
    while True:
        try:
            return await ask()
        except Unavailable as why:
            if time.monotonic() >= ends:
                raise
            log.warning("the log does not answer yet", extra={"why": str(why)})
        await asyncio.sleep(PAUSE_S)


async def last_records(
    log: Log, topics: Iterable[str], *, each: int = 1, timeout_s: float = 10.0
) -> list[Record]:
    """Return the last `each` records of every partition of `topics`, partition after partition.

    Raises:
        NoSuchTopic: a topic does not exist.
        Unavailable: the log did not answer, or took longer than `timeout_s`.
    """
    names = list(topics)
    starts, ends = await log.starts(names), await log.ends(names)
    unread = {tp: end for tp, end in ends.items() if end > starts[tp]}
    reader = await log.reader({tp: max(starts[tp], unread[tp] - each) for tp in unread})
    found: list[Record] = []
    try:
        async with asyncio.timeout(timeout_s):
            while unread:
                for record in await reader.read():
                    found.append(record)
                    tp = TopicPartition(record.topic, record.partition)
                    if record.offset + 1 >= ends[tp]:
                        unread.pop(tp, None)
    except TimeoutError as error:
        raise Unavailable(f"the ends of {sorted(unread)} were not read in {timeout_s} s") from error
    finally:
        await reader.close()
    return sorted(found, key=lambda r: (r.topic, r.partition, r.offset))
