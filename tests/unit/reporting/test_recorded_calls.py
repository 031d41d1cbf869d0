"""A recorded call centre: what its rows become, the dirty ones included."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contact_events.answering import CallAnswered
from contact_events.calls import CallArrived
from contact_events.envelope import Envelope, decode, encode
from contact_events.registry import event_type_of
from contact_events.routing import CallRouted
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience, Place, Seen
from reporting.domain.recorded import FATES, NotARecording, RecordedCall, recording
from reporting.domain.recorded_facts import UNKNOWN_AGENT, facts

ISRAEL = ZoneInfo("Asia/Jerusalem")

ANSWERED = {
    **{"vru_line": "AA0101", "call_id": "33116", "customer_id": "C1", "priority": "2"},
    **{"type": "PS", "date": "1999-02-01"},
    **{"vru_entry": "7:00:00", "vru_exit": "7:00:10", "vru_time": "10"},
    **{"q_start": "7:00:10", "q_exit": "7:00:40", "q_time": "30"},
    **{"outcome": "AGENT", "ser_start": "7:00:40", "ser_exit": "7:02:40", "ser_time": "120"},
    "server": "A01",
}
NOT_SERVED = {
    **{"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0"},
    "server": "NO_SERVER",
}
NOT_QUEUED = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": "0"}


def row(**given: str) -> dict[str, str]:
    return ANSWERED | given


def calls(*rows: dict[str, str]) -> list[RecordedCall]:
    return recording(rows, ISRAEL).calls


def told(*rows: dict[str, str]) -> list[Envelope]:
    return list(facts(calls(*rows), "recorded", ISRAEL.key))


def names(envelopes: Iterable[Envelope]) -> list[str]:
    found = [event_type_of(type(each.data)).name for each in envelopes]
    return [name for name in found if name.startswith("call.")]


def seconds(envelopes: Iterable[Envelope]) -> list[float]:
    at = [each.time for each in envelopes if isinstance(getattr(each.data, "call_id", None), str)]
    return [(time - at[0]).total_seconds() for time in at]


def audited(envelopes: Iterable[Envelope]) -> Iterator[Finding]:
    """Yield what the auditor finds broken in a log of these events, with nothing under way."""
    auditor, ends = Auditor(), dict[str, int]()
    for envelope in envelopes:
        topic = event_type_of(type(envelope.data)).topic.name
        ends[topic] = ends.get(topic, 0) + 1
        place = Place(topic, 0, ends[topic] - 1)
        yield from auditor.take(Seen(place, int(envelope.time.timestamp() * 1_000), envelope))
    assert auditor.void == 0
    yield from auditor.close(Patience(at_rest=True))


def test_an_answered_row_is_a_call_that_came_waited_was_answered_and_ended() -> None:
    envelopes = told(row())
    assert names(envelopes) == [
        *("call.arrived", "call.queued", "call.routed", "call.answered", "call.connected"),
        *("call.disconnected", "call.released", "call.wrapped_up"),
    ]
    assert seconds(envelopes) == [0, 10, 40, 40, 40, 160, 160, 160]
    (answered,) = (each.data for each in envelopes if isinstance(each.data, CallAnswered))
    assert answered.agent_id == "A01"


def test_times_of_day_are_those_of_the_files_zone() -> None:
    (call,) = calls(row())
    assert call.arrived_at == datetime(1999, 2, 1, 5, 0, tzinfo=UTC)


def test_who_hangs_up_in_the_queue_abandons_it_and_who_did_not_queue_the_flow() -> None:
    queued = row(outcome="HANG", **NOT_SERVED)
    assert names(told(queued)) == ["call.arrived", "call.queued", "call.abandoned"]
    assert seconds(told(queued)) == [0, 10, 40]
    not_queued = row(outcome="HANG", **NOT_SERVED, **NOT_QUEUED)
    assert names(told(not_queued)) == ["call.arrived", "call.abandoned"]


def test_a_caller_is_known_again_by_the_files_own_pseudonym_or_not_at_all() -> None:
    known, unknown = told(row()), told(row(customer_id="0"))
    arrivals = [e.data for e in [*known, *unknown] if isinstance(e.data, CallArrived)]
    assert [one.caller.ref if one.caller else None for one in arrivals] == ["C1", None]


@pytest.mark.parametrize(
    ("dirty", "dirt"),
    [
        (row(outcome="PHANTOM", server="NO_SERVER"), "phantom"),
        (row(vru_entry="7:00:57", vru_time="-47"), "negative_self_service"),
        (row(server="NO_SERVER"), "answered_by_nobody"),
        (row(ser_start="7:00:38", ser_exit="7:02:38"), "service_before_queue_exit"),
        (row(**NOT_SERVED) | {"server": "A01"}, "service_never_began"),
        (row(outcome="HANG", server="NO_SERVER"), "served_and_hung_up"),
        (
            row(outcome="HANG", **NOT_SERVED) | {"q_exit": "7:00:10", "q_time": "0"},
            "queued_for_no_time",
        ),
        (
            row(vru_entry="23:59:50", vru_exit="0:00:00", q_start="0:00:00", q_exit="0:00:30"),
            "queued_at_midnight",
        ),
        (row(q_start="7:00:20", q_exit="7:00:50", ser_start="7:00:50"), "queued_later"),
    ],
)
def test_what_is_dirty_with_a_row_is_counted_and_its_lengths_are_kept(
    dirty: dict[str, str], dirt: str
) -> None:
    found = recording([dirty], ISRAEL)
    assert dict(found.dirt) == {dirt: 1}
    assert dirt in FATES
    (call,) = found.calls
    assert call.queued.total_seconds() == int(dirty["q_time"])
    assert call.self_service.total_seconds() == max(0, int(dirty["vru_time"]))
    answered = dirty["outcome"] == "AGENT"
    assert call.service.total_seconds() == (int(dirty["ser_time"]) if answered else 0)
    arrived = next(e.data for e in told(dirty) if isinstance(e.data, CallArrived))
    assert arrived.attributes == {"dirt": dirt}


def test_a_talk_begins_when_the_queue_was_left_and_is_as_long_as_it_was() -> None:
    early = row(ser_start="7:00:38", ser_exit="7:02:38")
    assert seconds(told(early)) == [0, 10, 40, 40, 40, 160, 160, 160]


def test_an_answer_by_nobody_is_an_answer_by_an_unknown_agent() -> None:
    (routed,) = (e.data for e in told(row(server="NO_SERVER")) if isinstance(e.data, CallRouted))
    assert routed.agent_id == UNKNOWN_AGENT


def test_a_phantom_is_a_contact_without_a_caller_that_failed() -> None:
    envelopes = told(row(outcome="PHANTOM", server="NO_SERVER", customer_id="0"))
    assert names(envelopes) == ["call.arrived", "call.queued", "call.failed"]
    (arrived,) = (e.data for e in envelopes if isinstance(e.data, CallArrived))
    assert arrived.direction == "internal"


def test_an_agent_with_two_calls_at_once_has_a_slot_for_each_and_the_first_again_later() -> None:
    rows = [
        row(),
        row(call_id="2", vru_entry="7:00:30", ser_start="7:01:10", ser_exit="7:01:20")
        | {"ser_time": "10"},
        row(call_id="3", vru_entry="7:10:00", ser_start="7:10:40", ser_exit="7:12:40"),
    ]
    assert recording(rows, ISRAEL).dirt["double_booked"] == 1
    slots = {e.data.call_id: e.data.slot for e in told(*rows) if isinstance(e.data, CallRouted)}
    assert list(slots.values()) == [0, 1, 0]


def test_one_second_of_overlap_is_rounding_and_no_double_booking() -> None:
    second = row(call_id="2", ser_start="7:02:39", ser_exit="7:02:49", ser_time="10")
    assert recording([row(), second], ISRAEL).dirt["double_booked"] == 0


def test_the_events_are_in_order_of_time_decode_again_and_stand_the_audit() -> None:
    rows = [
        row(call_id=str(n), vru_line=f"L{n % 3}", vru_entry=f"7:{n:02}:00", server=f"A0{n % 2}")
        for n in range(40)
    ]
    rows += [row(call_id="h", vru_entry="7:05:00", outcome="HANG", **NOT_SERVED)]
    rows += [row(call_id="p", vru_entry="7:06:00", outcome="PHANTOM", server="NO_SERVER")]
    envelopes = told(*rows)
    assert sorted(envelopes, key=lambda each: each.time) == envelopes
    assert [decode(encode(each)).envelope for each in envelopes] == envelopes  # type: ignore[union-attr]
    assert list(audited(envelopes)) == []


def test_the_same_file_gives_the_same_events_for_ever() -> None:
    assert [encode(each) for each in told(row())] == [encode(each) for each in told(row())]


def test_a_call_is_known_by_day_line_and_number() -> None:
    (one,) = calls(row())
    assert one.call_id == "1999-02-01.AA0101.33116"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"outcome": "LOST"}, "call 1 cannot be read: its outcome 'LOST' is none of AGENT"),
        ({"vru_entry": "25:00:00"}, "'25:00:00' is no time of day"),
        ({"q_time": "-1"}, "-1 s is no length of a wait or a service"),
        ({"ser_time": "long"}, "call 1 cannot be read"),
        ({"date": "yesterday"}, "call 1 cannot be read"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(broken: dict[str, str], said: str) -> None:
    with pytest.raises(NotARecording, match=said):
        recording([row(**broken)], ISRAEL)


def test_a_file_of_another_kind_is_refused_by_the_column_it_has_not() -> None:
    with pytest.raises(NotARecording, match="call 1 has no column server"):
        recording([{k: v for k, v in row().items() if k != "server"}], ISRAEL)


def test_no_calls_make_no_events() -> None:
    assert told() == []
