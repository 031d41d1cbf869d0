"""The envelope: CloudEvents 1.0, structured JSON, with what our readers need beside it.

Writers are closed: an undeclared field cannot be written. Readers are open: an unknown field is
passed over and told of, an unknown type is passed over, what cannot be decoded is `Undecodable`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from contact_events.registry import DOWNCASTS, EVENTS, UPCASTS, Event, EventType, event_type_of

SCHEMA_PREFIX = "urn:polycentre:event:"


class Envelope(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event with where it belongs.

    `stream` numbers its events by `sequence` (from 1); `causationid` is the id of the event or
    command that led to this one; `time` is business time, aware.
    """

    id: str
    source: str
    subject: str
    time: datetime
    pool: str
    stream: str
    sequence: int
    data: Event
    client: str | None = None
    project: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


class _Wire(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The envelope as JSON."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    dataschema: str
    pool: str
    stream: str
    sequence: int
    data: msgspec.Raw
    datacontenttype: str | None = None
    client: str | None = None
    project: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


class Undecodable(Exception):
    """The record is no event of ours: set it aside on the reader's dead-letter topic (Poison)."""

    def __init__(self, reason: str) -> None:
        """Keep the reason, which stands beside the record on the dead-letter topic."""
        super().__init__(reason)
        self.reason = reason


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A decoded record, and the names of the fields in it that this release does not know."""

    envelope: Envelope
    unknown_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownType:
    """A record of a type that this release does not know: counted and passed over."""

    type: str


_ENCODER = msgspec.json.Encoder()
_WIRE = msgspec.json.Decoder(_Wire)
_SHAPES: dict[type[Event], msgspec.json.Decoder[Any]] = {}


def encode(envelope: Envelope) -> bytes:
    """Return the record value of an event, in the version that this release writes.

    Raises:
        KeyError: the event's class was not declared.
        ValueError: `time` has no zone.
    """
    if envelope.time.tzinfo is None:
        raise ValueError(f"{envelope.subject}: the time of an event has a zone")
    declared = event_type_of(type(envelope.data))
    wire = _Wire(
        specversion="1.0",
        id=envelope.id,
        source=envelope.source,
        type=declared.name,
        subject=envelope.subject,
        time=envelope.time,
        datacontenttype="application/json",
        dataschema=f"{SCHEMA_PREFIX}{declared.name}:{declared.writes}",
        pool=envelope.pool,
        client=envelope.client,
        project=envelope.project,
        stream=envelope.stream,
        sequence=envelope.sequence,
        causationid=envelope.causationid,
        traceparent=envelope.traceparent,
        data=msgspec.Raw(_payload(declared, envelope.data)),
    )
    return _ENCODER.encode(wire)


def _payload(declared: EventType, data: Event) -> bytes:
    if declared.writes == declared.version:
        return _ENCODER.encode(data)
    plain = msgspec.to_builtins(data)
    return _ENCODER.encode(DOWNCASTS[declared.name, declared.writes](plain))


def headers_of(envelope: Envelope) -> tuple[tuple[str, bytes], ...]:
    """Return the record headers: `ce_type`, so that readers that filter need not parse."""
    return (("ce_type", event_type_of(type(envelope.data)).name.encode()),)


def key_of(envelope: Envelope) -> bytes:
    """Return the record key: the field that the event's declaration names."""
    declared = event_type_of(type(envelope.data))
    return str(getattr(envelope.data, declared.key)).encode()


def decode(value: bytes | None) -> Decoded | UnknownType:
    """Return the event in a record's value.

    Raises:
        Undecodable: it is no envelope, its version is unknown, or its data breaks the schema.
    """
    if value is None:
        raise Undecodable("the record has no value")
    try:
        wire = _WIRE.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(f"no envelope: {error}") from error
    if wire.time.tzinfo is None:
        raise Undecodable("the time has no zone")
    declared = EVENTS.get(wire.type)
    if declared is None:
        return UnknownType(wire.type)
    version = _version(wire.dataschema, declared.name, declared.version)
    data, unknown = _data(declared, version, wire.data)
    return Decoded(_envelope(wire, data), unknown)


def _envelope(wire: _Wire, data: Event) -> Envelope:
    return Envelope(
        id=wire.id,
        source=wire.source,
        subject=wire.subject,
        time=wire.time,
        pool=wire.pool,
        client=wire.client,
        project=wire.project,
        stream=wire.stream,
        sequence=wire.sequence,
        causationid=wire.causationid,
        traceparent=wire.traceparent,
        data=data,
    )


@lru_cache(maxsize=1_000)
def _version(dataschema: str, name: str, newest: int) -> int:
    said, _, version = dataschema.removeprefix(SCHEMA_PREFIX).rpartition(":")
    if said != name or not (version.isascii() and version.isdigit()):
        raise Undecodable(f"dataschema {dataschema!r} is not one of {name}")
    if not 1 <= int(version) <= newest:
        raise Undecodable(f"{name} version {version} is not known; up to {newest} are")
    return int(version)


def _data(declared: EventType, version: int, raw: msgspec.Raw) -> tuple[Event, tuple[str, ...]]:
    try:
        if version == declared.version:
            return _decoder(declared.shape).decode(raw), ()
    except msgspec.ValidationError:
        pass  # perhaps only a field that a later release added: decoded openly below
    except msgspec.DecodeError as error:
        raise Undecodable(f"{declared.name}: {error}") from error
    return _open(declared, version, raw)


def _open(declared: EventType, version: int, raw: msgspec.Raw) -> tuple[Event, tuple[str, ...]]:
    """Return the event of an older version or with unknown fields, and the latter's names."""
    try:
        payload = msgspec.json.decode(raw, type=dict[str, Any])
        for to in range(version + 1, declared.version + 1):
            payload = UPCASTS[declared.name, to](payload)
        known = set(declared.shape.__struct_fields__)
        unknown = tuple(sorted(set(payload) - known))
        kept = {name: value for name, value in payload.items() if name in known}
        return msgspec.convert(kept, declared.shape), unknown
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise Undecodable(f"{declared.name} version {version}: {error}") from error


def _decoder(shape: type[Event]) -> msgspec.json.Decoder[Any]:
    decoder = _SHAPES.get(shape)
    if decoder is None:
        decoder = _SHAPES[shape] = msgspec.json.Decoder(shape)
    return decoder
