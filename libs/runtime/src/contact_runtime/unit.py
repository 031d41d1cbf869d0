"""What is alike in every store's unit of work: what was loaded, put and numbered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.identity import derived_id
from contact_events.partitions import partition_of
from contact_events.registry import event_type_of
from contact_events.topics import dead_letter_topic
from contact_runtime.log import Entry, Record, TopicPartition
from contact_runtime.rows import STREAM, Fact, Kind, Mark, NotLoaded, Progress

S = TypeVar("S")
Row = tuple[str, str]
"""Kind and key."""

LARGEST_VALUE = 900_000
"""Bytes; a dead letter's value is cut there, so that it fits into the log with its headers."""

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row as it is to be written. `expected` is the version it was loaded with, 0: no row."""

    kind: str
    key: str
    expected: int
    version: int
    text: str | None
    due_at: datetime | None
    state: object | None


@dataclass(frozen=True, slots=True)
class EventWrite:
    """An event as it is to be written to the event table. A dead letter has no envelope."""

    stream: str
    sequence: int
    event_id: str
    type: str
    tp: TopicPartition
    entry: Entry
    envelope: Envelope | None


class BufferedUnit(ABC):
    """A unit of work that keeps its writings in memory until the store flushes them."""

    def __init__(self, source: str, partitions: int) -> None:
        self._source = source
        self._partitions = partitions
        self._states: dict[Row, Any] = {}
        self._peeked: dict[Row, Any] = {}
        self._loaded: dict[Row, int] = {}
        self._numbers: dict[str, int] = {}
        self._dirty: dict[Row, Kind[Any]] = {}
        self._undo: list[tuple[MutableMapping[Any, Any], Any, object]] = []
        self.events: list[EventWrite] = []
        self.progress: list[tuple[str, Progress]] = []

    @abstractmethod
    async def _lock(
        self, kind: str, keys: Sequence[str]
    ) -> Iterable[tuple[str, str, int, str | None]]:
        """Lock and return (kind, key, version, text) of the rows of `kind` and of the streams."""

    @abstractmethod
    async def _read(self, kind: str, keys: Sequence[str]) -> Iterable[tuple[str, str | None]]:
        """Return key and text of the rows with these keys without locking them."""

    @abstractmethod
    async def sequences(
        self, reader: str, streams: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """Return the last sequence `reader` took of each known (topic, stream)."""

    async def load_many(self, kind: Kind[S], keys: Iterable[str]) -> None:
        """Lock and fetch the rows and the stream numbers of `keys` with one statement."""
        missing = sorted({key for key in keys if (kind.name, key) not in self._loaded})
        if not missing:
            return
        found = {
            (name, key): (version, text)
            for name, key, version, text in await self._lock(kind.name, missing)
        }
        for key in missing:
            version, text = found.get((kind.name, key), (0, None))
            self._loaded[kind.name, key] = version
            self._states[kind.name, key] = kind.initial(key) if text is None else kind.decode(text)
            self._number_loaded(key, found)

    async def load_streams(self, streams: Iterable[str]) -> None:
        """Lock and fetch the last numbers of `streams` that have no row of their own."""
        missing = sorted({stream for stream in streams if stream not in self._numbers})
        if missing:
            rows = await self._lock(STREAM, missing)
            found = {(name, key): (version, text) for name, key, version, text in rows}
            for stream in missing:
                self._number_loaded(stream, found)

    def _number_loaded(self, stream: str, found: dict[Row, tuple[int, str | None]]) -> None:
        if stream not in self._numbers:
            number, _ = found.get((STREAM, stream), (0, None))
            self._numbers[stream] = self._loaded[STREAM, stream] = number

    async def load(self, kind: Kind[S], key: str) -> S:
        """Return the locked state of `key`, this unit's own puts included; `initial` if no row."""
        if (kind.name, key) not in self._states:
            await self.load_many(kind, (key,))
        state: S = self._states[kind.name, key]
        return state

    async def peek(self, kind: Kind[S], key: str) -> S:
        """Return the state of `key` without locking it, this unit's own puts included."""
        return (await self.peek_many(kind, (key,)))[key]

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        """Return what `peek` returns of each of `keys`, with one statement."""
        wanted = sorted(set(keys))
        held = {key: self._held(kind.name, key) for key in wanted}
        missing = [key for key in wanted if held[key] is _ABSENT]
        if missing:
            found = dict(await self._read(kind.name, missing))
            for key in missing:
                text = found.get(key)
                state = kind.initial(key) if text is None else kind.decode(text)
                held[key] = self._peeked[kind.name, key] = state
        return held

    def _held(self, kind: str, key: str) -> Any:
        """Return the state that this unit has of a row already, or `_ABSENT`."""
        known = self._states.get((kind, key), _ABSENT)
        return self._peeked.get((kind, key), _ABSENT) if known is _ABSENT else known

    def put(self, kind: Kind[S], key: str, state: S) -> None:
        """Keep `state`, written at commit.

        Raises:
            NotLoaded: `key` was not loaded in this unit, so nobody knows what it would overwrite.
        """
        row = (kind.name, key)
        if row not in self._loaded:
            raise NotLoaded(f"{kind.name} {key} was put but not loaded")
        self._set(self._states, row, state)
        self._set(self._dirty, row, kind)

    def publish(self, facts: Sequence[Fact], *, stream: str) -> list[Envelope]:
        """Number `facts` from the stream's last number on and return their envelopes.

        Raises:
            NotLoaded: neither a row with the stream's key nor the stream was loaded in this unit.
        """
        number = self._numbers.get(stream)
        if number is None:
            raise NotLoaded(f"stream {stream} was written but not loaded")
        envelopes = [
            self._envelope(fact, stream, sequence)
            for sequence, fact in enumerate(facts, number + 1)
        ]
        self._set(self._numbers, stream, number + len(envelopes))
        self.events.extend(self._event(envelope) for envelope in envelopes)
        return envelopes

    def _envelope(self, fact: Fact, stream: str, sequence: int) -> Envelope:
        declared = event_type_of(type(fact.event))
        return Envelope(
            id=derived_id(self._source, stream, sequence),
            source=self._source,
            subject=str(getattr(fact.event, declared.key)),
            time=fact.time,
            pool=fact.pool,
            client=fact.client,
            project=fact.project,
            stream=stream,
            sequence=sequence,
            causationid=fact.causation,
            traceparent=fact.traceparent,
            data=fact.event,
        )

    def _event(self, envelope: Envelope) -> EventWrite:
        declared = event_type_of(type(envelope.data))
        topic = declared.topic
        by = envelope.pool if topic.pooled else envelope.subject
        return EventWrite(
            stream=envelope.stream,
            sequence=envelope.sequence,
            event_id=envelope.id,
            type=declared.name,
            tp=TopicPartition(topic.name, partition_of(by, self._partitions)),
            entry=Entry(key_of(envelope), encode(envelope), headers_of(envelope)),
            envelope=envelope,
        )

    def record_poison(self, record: Record, reason: str, reader: str) -> None:
        """Send `record` to the dead letters of `reader`, with `reason` and origin as headers."""
        value = record.value or b""
        headers = (
            *record.headers,
            ("dead_letter_reason", reason[:500].encode()),
            ("dead_letter_topic", record.topic.encode()),
            ("dead_letter_partition", str(record.partition).encode()),
            ("dead_letter_offset", str(record.offset).encode()),
            *((("dead_letter_bytes", str(len(value)).encode()),) * (len(value) > LARGEST_VALUE)),
        )
        topic = dead_letter_topic(reader).name
        self.events.append(
            EventWrite(
                stream=f"{topic}/{record.topic}/{record.partition}",
                sequence=record.offset + 1,
                event_id=derived_id(topic, record.topic, record.partition, record.offset),
                type="dead-letter",
                tp=TopicPartition(topic, 0),
                entry=Entry(record.key, value[:LARGEST_VALUE], headers),
                envelope=None,
            )
        )

    def advance(self, reader: str, progress: Progress) -> None:
        """Keep `progress`, written at commit, where PositionMoved tells of another reader."""
        self.progress.append((reader, progress))

    def mark(self) -> Mark:
        """Return a mark of what was put and published so far."""
        return len(self._undo), len(self.events)

    def revert(self, mark: Mark) -> None:
        """Forget what was put and published since `mark`; locks stay."""
        undone, events = mark
        while len(self._undo) > undone:
            mapping, key, before = self._undo.pop()
            if before is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = before
        del self.events[events:]

    def _set(self, mapping: MutableMapping[Any, Any], key: Any, value: object) -> None:
        self._undo.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def rows(self) -> list[RowWrite]:
        """Return the rows to be written, streams included, in the order of their locks."""
        puts = [self._row(row, kind) for row, kind in self._dirty.items()]
        streams = [
            RowWrite(STREAM, stream, loaded, number, None, None, None)
            for stream, number in self._numbers.items()
            if number != (loaded := self._loaded[STREAM, stream])
        ]
        return sorted(puts + streams, key=lambda row: (row.kind, row.key))

    def _row(self, row: Row, kind: Kind[Any]) -> RowWrite:
        state, loaded = self._states[row], self._loaded[row]
        return RowWrite(*row, loaded, loaded + 1, kind.encode(state), kind.due(state), state)
