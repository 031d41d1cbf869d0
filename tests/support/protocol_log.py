"""The log of the world: topics of one partition, as lists that several readers go through."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.registry import event_type_of
from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    PEOPLE,
    ROUTED,
    ROUTING_CONFIG,
    WRAPPED_UP,
)
from contact_runtime.log import Entry, Record
from contact_runtime.reader import Received

NAMES: tuple[str, ...] = tuple(
    topic.name
    for topic in (
        CALL_ARRIVED,
        CALLER_LOCATED,
        ANSWERED,
        WRAPPED_UP,
        AGENT_STATE,
        ROUTED,
        ROUTING_CONFIG,
        PEOPLE,
    )
)


@dataclass
class Log:
    """Every record of every topic, decoded from its bytes as readers get it.

    `stride` is the distance of two offsets, so that few records reach over many blocks of ends.
    """

    stride: int = 1
    records: dict[str, list[Received]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def append(self, topic: str, entry: Entry) -> None:
        """Append a record."""
        offset = len(self.records[topic]) * self.stride
        record = Record(topic, 0, offset, entry.key, entry.value, entry.headers, 0)
        decoded = decode(entry.value)
        assert isinstance(decoded, Decoded)
        self.records[topic].append(Received(record, decoded.envelope))

    def write(self, envelope: Envelope) -> None:
        """Append an event to its topic."""
        topic = event_type_of(type(envelope.data)).topic.name
        self.append(topic, Entry(key_of(envelope), encode(envelope), headers_of(envelope)))

    def write_all(self, envelopes: Sequence[Envelope]) -> None:
        """Append a batch, which the log takes whole."""
        for envelope in envelopes:
            self.write(envelope)

    def again(self, topic: str, index: int) -> None:
        """Append the record at `index` once more."""
        record = self.records[topic][index].record
        self.append(topic, Entry(record.key, record.value, record.headers))

    def copy(self) -> "Log":
        """Return a log that goes its own way from here."""
        return Log(self.stride, {name: list(records) for name, records in self.records.items()})
