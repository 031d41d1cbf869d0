import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_events.calls import CallContained, CallQueued
from contact_events.envelope import (
    Decoded,
    Undecodable,
    UnknownType,
    decode,
    encode,
    headers_of,
    key_of,
)
from contact_events.registry import Event
from tests.support.specimens import enveloped, events


def changed(envelope_value: bytes, **changes: object) -> bytes:
    wire = json.loads(envelope_value)
    data = changes.pop("data", {})
    assert isinstance(data, dict)
    wire["data"].update(data)
    wire.update(changes)
    return json.dumps(wire).encode()


QUEUED = encode(enveloped(CallQueued(call_id="c1", attempt=1, queue_id="q")))


@given(events())
def test_what_is_written_is_read_again(event: Event) -> None:
    envelope = enveloped(event)
    assert decode(encode(envelope)) == Decoded(envelope)


def test_an_undeclared_field_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        CallContained(call_id="c1", mood="good")  # type: ignore[call-arg]


def test_an_unknown_optional_field_is_passed_over_and_told_of() -> None:
    decoded = decode(changed(QUEUED, data={"mood": "good"}))
    assert isinstance(decoded, Decoded)
    assert decoded.envelope.data == CallQueued(call_id="c1", attempt=1, queue_id="q")
    assert decoded.unknown_fields == ("mood",)


def test_an_unknown_type_is_passed_over() -> None:
    assert decode(changed(QUEUED, type="call.sung_to")) == UnknownType("call.sung_to")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        changed(QUEUED, time="2026-03-02T12:00:00"),
        changed(QUEUED, dataschema="urn:polycentre:event:call.queued:99"),
        changed(QUEUED, dataschema="urn:polycentre:event:call.queued:0"),
        changed(QUEUED, dataschema="urn:polycentre:event:call.queued:\u0661"),
        changed(QUEUED, dataschema="urn:polycentre:event:call.contained:1"),
        changed(QUEUED, data={"attempt": "first"}),
        changed(QUEUED, data={"attempt": None, "mood": "good"}),
    ],
)
def test_what_is_no_event_of_ours_is_undecodable(value: bytes | None) -> None:
    with pytest.raises(Undecodable) as raised:
        decode(value)
    assert raised.value.reason


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_decoder(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(value)


def test_an_event_whose_time_has_no_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        encode(enveloped(CallContained(call_id="c1"), time=datetime(2026, 3, 2)))


def test_the_record_carries_its_key_and_type_outside_the_value() -> None:
    envelope = enveloped(CallContained(call_id="c1"))
    assert key_of(envelope) == b"c1"
    assert headers_of(envelope) == (("ce_type", b"call.contained"),)
