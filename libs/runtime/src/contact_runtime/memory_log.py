"""The log in memory: a double of `KafkaLog` for tests, which passes the same suite.

Nothing here suspends except a read that waits, so a world without an event loop can drive it with
`timeout_s=0`.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from contact_events.topics import Topic
from contact_runtime.log import (
    Ambiguous,
    Entry,
    NoSuchTopic,
    PositionGone,
    ReaderDead,
    Record,
    TooLarge,
    TopicPartition,
    WrongPartitions,
)

MAX_BATCH_BYTES = 1 << 20


class MemoryLog:
    """A `Log` that lives as long as this object. Tests look into `records` and may break it."""

    def __init__(self) -> None:
        """Start without topics."""
        self.records: dict[TopicPartition, list[Record]] = {}
        self._partitions: dict[str, int] = {}
        self._first_kept: dict[TopicPartition, int] = {}
        self._appended = asyncio.Event()
        self._doubtful: list[bool] = []

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> "MemoryReader":
        """Return a reader of these partitions, each from its position."""
        for tp in positions:
            self._check_known(tp)
        return MemoryReader(self, positions)

    async def writer(self) -> "MemoryWriter":
        """Return a new writer."""
        return MemoryWriter(self)

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        """Create what is missing of `topics`, each with `partitions`."""
        for topic in topics:
            there = self._partitions.setdefault(topic.name, partitions)
            if there != partitions:
                raise WrongPartitions(f"{topic.name} has {there} partitions, not {partitions}")
            for n in range(partitions):
                self.records.setdefault(TopicPartition(topic.name, n), [])

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of every partition of `topics`."""
        return {tp: len(self.records[tp]) for tp in self._all(topics)}

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the first offset that is still kept of every partition of `topics`."""
        return {tp: self._first_kept.get(tp, 0) for tp in self._all(topics)}

    def doubt_next_append(self, *, landed: bool) -> None:
        """Make the next append `Ambiguous`, with its records in the log or not."""
        self._doubtful.append(landed)

    def forget_before(self, tp: TopicPartition, offset: int) -> None:
        """Let retention take the records before `offset`."""
        self._first_kept[tp] = offset

    def _all(self, topics: Iterable[str]) -> list[TopicPartition]:
        names = sorted(set(topics))
        missing = [name for name in names if name not in self._partitions]
        if missing:
            raise NoSuchTopic(f"no such topics: {missing}")
        return [TopicPartition(name, n) for name in names for n in range(self._partitions[name])]

    def _check_known(self, tp: TopicPartition) -> None:
        if tp.topic not in self._partitions:
            raise NoSuchTopic(f"no such topic: {tp.topic}")
        if tp not in self.records:
            raise WrongPartitions(f"{tp.topic} has no partition {tp.partition}")

    def _append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        partition = self.records[tp]
        first = len(partition)
        now_ms = int(time.time() * 1000)
        partition.extend(
            Record(tp.topic, tp.partition, first + n, e.key, e.value, e.headers, now_ms)
            for n, e in enumerate(entries)
        )
        self._appended.set()
        self._appended = asyncio.Event()
        return first


class MemoryWriter:
    """A `LogWriter` of a `MemoryLog`."""

    def __init__(self, log: MemoryLog) -> None:
        """Write to `log`."""
        self._log = log
        self._dead: str | None = None

    async def append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        """Append `entries` as one atomic batch and return the offset of the first."""
        if not entries:
            raise ValueError(f"{tp}: an append of nothing")
        if sum(_size(entry) for entry in entries) > MAX_BATCH_BYTES:
            raise TooLarge(f"{tp}: {len(entries)} records are above {MAX_BATCH_BYTES} bytes")
        if self._dead is not None:
            raise Ambiguous(f"{tp}: this writer is dead: {self._dead}")
        self._check_topic(tp)
        if self._log._doubtful:
            if self._log._doubtful.pop(0):
                self._log._append(tp, entries)
            self._dead = "an append was doubtful"
            raise Ambiguous(f"{tp}: as the test wished")
        return self._log._append(tp, entries)

    async def close(self) -> None:
        """Write no more."""
        self._dead = self._dead or "closed"

    def _check_topic(self, tp: TopicPartition) -> None:
        try:
            self._log._check_known(tp)
        except NoSuchTopic as error:
            self._dead = str(error)
            raise Ambiguous(str(error)) from error


class MemoryReader:
    """A `LogReader` of a `MemoryLog`."""

    def __init__(self, log: MemoryLog, positions: Mapping[TopicPartition, int]) -> None:
        """Read `log` from `positions`."""
        self._log = log
        self._positions = dict(positions)
        self._closed = False

    async def read(self, *, max_records: int = 1000, timeout_s: float = 0.1) -> list[Record]:
        """Return the next records, at most `max_records`; [] when none came in `timeout_s`."""
        found = self._take(max_records)
        if found or timeout_s <= 0:
            return found
        try:
            async with asyncio.timeout(timeout_s):
                while not found:
                    await self._log._appended.wait()
                    found = self._take(max_records)
        except TimeoutError:
            return []
        return found

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Make `offset` the next offset to be read of `tp`."""
        if offset < 0:
            raise ValueError(f"{tp}: no such offset: {offset}")
        if tp not in self._positions:
            raise KeyError(tp)
        self._positions[tp] = offset

    async def ends(self) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each assigned partition."""
        return {tp: len(self._log.records[tp]) for tp in self._positions}

    def unheard_s(self, topic: str | None = None) -> float:
        """Return 0: this log always answers."""
        return 0.0

    async def close(self) -> None:
        """Read no more."""
        self._closed = True

    def _take(self, max_records: int) -> list[Record]:
        if self._closed:
            raise ReaderDead("the reader is closed")
        for tp, position in self._positions.items():
            if not self._log._first_kept.get(tp, 0) <= position <= len(self._log.records[tp]):
                raise PositionGone(f"{tp}: {position}")
        found: list[Record] = []
        for tp, position in self._positions.items():
            taken = self._log.records[tp][position : position + max_records - len(found)]
            found += taken
            self._positions[tp] = position + len(taken)
        return found


def _size(entry: Entry) -> int:
    """Return roughly what the entry takes in a batch, bytes."""
    headers = sum(len(name) + len(value) for name, value in entry.headers)
    return 16 + len(entry.key or b"") + len(entry.value or b"") + headers
