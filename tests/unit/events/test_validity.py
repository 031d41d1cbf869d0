from hypothesis import given
from hypothesis import strategies as st

from contact_events.calls import CallContained, Text
from contact_events.config import SkillChanged
from contact_events.intake import Intake
from contact_events.registry import Event
from contact_events.routing import RouterEpochStarted, RouterProgress
from contact_events.topics import CALL_ARRIVED, ROUTED, ROUTING_CONFIG
from contact_events.validity import NOBODY, Leadership, Revisions, admit
from tests.support.specimens import NOON, enveloped


def claim(epoch: int, owner: str) -> RouterEpochStarted:
    return RouterEpochStarted(pool="main", epoch=epoch, owner=owner, code_version="1")


def decision(epoch: int, owner: str, number: int) -> RouterProgress:
    return RouterProgress(
        pool="main", epoch=epoch, owner=owner, number=number, decided_at=NOON, positions={}
    )


def valid(log: list[Event]) -> list[Event]:
    leadership, counted = NOBODY, []
    for event in log:
        leadership, counts = admit(leadership, event)
        counted += [event] if counts else []
    return counted


def test_the_first_claim_of_an_epoch_wins() -> None:
    log = [claim(1, "x"), claim(1, "y"), decision(1, "y", 1), decision(1, "x", 1)]
    assert valid(log) == [claim(1, "x"), decision(1, "x", 1)]


def test_a_claim_of_a_lower_epoch_is_void() -> None:
    assert valid([claim(2, "x"), claim(1, "y")]) == [claim(2, "x")]


def test_what_a_deposed_leader_writes_late_is_void() -> None:
    log = [claim(1, "x"), decision(1, "x", 1), claim(2, "y"), decision(1, "x", 2)]
    assert decision(1, "x", 2) not in valid(log)


def test_a_decision_written_twice_counts_once() -> None:
    log = [claim(1, "x"), decision(1, "x", 1), decision(1, "x", 1), decision(1, "x", 2)]
    assert valid(log) == [claim(1, "x"), decision(1, "x", 1), decision(1, "x", 2)]


def test_a_new_leader_numbers_from_one_again() -> None:
    log = [claim(1, "x"), decision(1, "x", 5), claim(2, "y"), decision(2, "y", 1)]
    assert valid(log) == log


@given(
    st.lists(
        st.builds(claim, st.integers(1, 4), st.sampled_from("xyz"))
        | st.builds(decision, st.integers(1, 4), st.sampled_from("xyz"), st.integers(1, 4)),
        max_size=30,
    )
)
def test_in_any_log_each_valid_decision_is_of_the_last_valid_claim(log: list[Event]) -> None:
    current = NOBODY
    for event in valid(log):
        if isinstance(event, RouterEpochStarted):
            assert event.epoch > current.epoch
            current = Leadership(event.epoch, event.owner)
        elif isinstance(event, RouterProgress):
            assert (event.epoch, event.owner) == (current.epoch, current.owner)
            assert event.number > current.number
            current = Leadership(event.epoch, event.owner, event.number)


@given(st.lists(st.integers(1, 5), max_size=20))
def test_of_each_revision_only_the_first_after_the_one_before_counts(numbers: list[int]) -> None:
    revisions = Revisions()
    name = Text("а", "a")
    counted = [
        n
        for n in numbers
        if revisions.admit(
            SkillChanged(document_id="d", revision=n, changed_by="x", skill_id="s", name=name)
        )
    ]
    expected: list[int] = []
    for n in numbers:
        expected += [n] if n == len(expected) + 1 else []
    assert counted == expected


def test_an_intake_takes_each_event_of_a_stream_once_on_each_topic() -> None:
    intake = Intake()
    event = enveloped(CallContained(call_id="c1"), stream="c1", sequence=3)
    assert intake.takes(CALL_ARRIVED.name, event)
    assert not intake.takes(CALL_ARRIVED.name, event)
    assert intake.takes("answered", event)


def test_an_intake_tests_decisions_and_revisions_by_their_own_rules() -> None:
    intake = Intake()
    claimed = enveloped(claim(1, "x"))
    assert intake.takes(ROUTED.name, claimed)
    assert intake.takes(ROUTED.name, enveloped(decision(1, "x", 1)))
    assert not intake.takes(ROUTED.name, enveloped(decision(1, "y", 2)))
    late = SkillChanged(
        document_id="d", revision=2, changed_by="x", skill_id="s", name=Text("а", "a")
    )
    assert not intake.takes(ROUTING_CONFIG.name, enveloped(late))


def test_pools_are_led_apart() -> None:
    intake = Intake()
    assert intake.takes(ROUTED.name, enveloped(claim(3, "x"), pool="north"))
    assert intake.takes(ROUTED.name, enveloped(claim(1, "y"), pool="south"))
