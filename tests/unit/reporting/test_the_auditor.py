"""Each violation is planted in a sound log and must be found, with the record that breaks it."""

from collections.abc import Callable

import msgspec
import pytest

from contact_events.calls import LONGEST_CALL_S, CallConnected, CallContained, CallQueued
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience
from tests.support.histories import Story, plain_call

AT_REST = Patience(at_rest=True)


def findings(story: Story, patience: Patience = AT_REST) -> list[Finding]:
    auditor = Auditor()
    found = [finding for seen in story.log for finding in auditor.take(seen)]
    return found + list(auditor.close(patience))


def test_a_sound_log_is_found_sound() -> None:
    assert findings(plain_call()) == []


def test_a_record_written_twice_is_no_finding() -> None:
    story = plain_call()
    for seen in list(story.log):
        story.repeat(seen.envelope)
    assert findings(story) == []


def second_end(story: Story) -> None:
    story.abandons("c1")


def no_end(story: Story) -> None:
    story.arrives("c2")


def two_outcomes(story: Story) -> None:
    story.rejects("c1", "a1", "R1", "stale")


def no_outcome(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    story.routes("c2", "a1")
    story.abandons("c2")


def slot_reserved_twice(story: Story) -> None:
    for call in ("c2", "c3"):
        story.arrives(call)
        story.queues(call)
    first = story.routes("c2", "a1")
    second = story.routes("c3", "a1", positions={"answered": story.ends()["answered"]})
    story.rejects("c2", "a1", first, "stale")
    story.rejects("c3", "a1", second, "not_ready")
    story.abandons("c2")
    story.abandons("c3")


def attempt_offered_twice(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    first, second = story.routes("c2", "a1"), story.routes("c2", "a2")
    story.rejects("c2", "a1", first, "stale")
    story.rejects("c2", "a2", second, "stale")
    story.abandons("c2")


def attempt_taken_twice(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    story.answers("c2", "a1", story.routes("c2", "a1"))
    story.answers("c2", "a2", story.routes("c2", "a2"))
    story.abandons("c2")


def same_number_twice(story: Story) -> None:
    last = story.log[-1].envelope
    story.repeat(msgspec.structs.replace(last, id="another"))


def number_lost(story: Story) -> None:
    story.append(CallContained(call_id="c9"), "c9", sequence=2)


def backwards(story: Story) -> None:
    story.arrives("c2")
    story.append(CallQueued(call_id="c2", attempt=1, queue_id="q"), "c2", sequence=3, id="three")
    story.append(CallContained(call_id="c2"), "c2", sequence=2, id="two")


def positions_back(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    story.rejects("c2", "a1", story.routes("c2", "a1"), "stale")
    story.rejects("c2", "a2", story.routes("c2", "a2", positions={"answered": 0}), "stale")
    story.abandons("c2")


def void_outcome(story: Story) -> None:
    story.claim(2, "y")
    story.arrives("c2")
    story.queues("c2")
    story.rejects("c2", "a1", story.routes("c2", "a1"), "stale")
    story.abandons("c2")


def void_connection(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    story.connects("c2", "a1", "R-of-a-zombie")
    story.disconnects("c2")


def void_overflow(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    story.append(CallQueued(call_id="c2", attempt=2, queue_id="q", reason="overflow"), "c2")
    story.abandons("c2", 2)


def attempt_skipped(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2", attempt=2)
    story.abandons("c2", 2)


def connected_twice(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    reservation = story.routes("c2", "a1")
    story.answers("c2", "a1", reservation)
    story.connects("c2", "a1", reservation)
    story.append(
        CallConnected(call_id="c2", attempt=1, reservation_id=reservation, agent_id="a1"), "c2"
    )
    story.disconnects("c2")


def abandoned_in_talk(story: Story) -> None:
    story.arrives("c2")
    story.queues("c2")
    reservation = story.routes("c2", "a1")
    story.answers("c2", "a1", reservation)
    story.connects("c2", "a1", reservation)
    story.abandons("c2")


def time_goes_back(story: Story) -> None:
    story.agent("a1", "Ready")
    story.passes(-10)
    story.agent("a1", "NotReady", presence="NotReady")


@pytest.mark.parametrize(
    ("plant", "invariant", "said"),
    [
        (second_end, "I1", "goes on after CallDisconnected"),
        (no_end, "I1", "has not ended"),
        (two_outcomes, "I2", "2 outcomes"),
        (no_outcome, "I2", "no outcome"),
        (slot_reserved_twice, "I2", "reserved for two calls"),
        (attempt_offered_twice, "I2", "had two offers"),
        (attempt_taken_twice, "I2", "taken 2 times"),
        (same_number_twice, "I5", "is both"),
        (number_lost, "I5", "are missing"),
        (backwards, "I5", "comes after"),
        (positions_back, "I5", "goes back"),
        (time_goes_back, "I5", "time goes back"),
        (void_outcome, "I6", "not valid"),
        (void_connection, "I6", "not valid"),
        (void_overflow, "I6", "nobody's order"),
        (attempt_skipped, "I10", "attempt 2 follows 0"),
        (connected_twice, "I10", "or again"),
        (abandoned_in_talk, "I10", "CallAbandoned after a talk"),
    ],
)
def test_a_planted_violation_is_found(
    plant: Callable[[Story], None], invariant: str, said: str
) -> None:
    story = plain_call()
    plant(story)
    found = [f for f in findings(story) if f.invariant == invariant and said in f.said]
    assert found, findings(story)
    assert found[0].place is not None


def test_what_is_still_under_way_is_no_finding_while_the_system_runs() -> None:
    story = plain_call()
    story.arrives("c2")
    story.queues("c2")
    story.routes("c2", "a1")
    assert findings(story, Patience()) == []


def test_an_offer_without_outcome_is_found_on_a_running_system_once_it_is_old() -> None:
    story = plain_call()
    no_outcome(story)
    story.passes(300)
    story.arrives("c3")
    assert [f.invariant for f in findings(story, Patience())] == ["I2"]


def test_a_call_older_than_the_longest_call_is_found_on_a_running_system() -> None:
    story = plain_call()
    story.arrives("c2")
    story.passes(LONGEST_CALL_S + Patience().ends_late_s + 1)
    story.arrives("c3")
    assert [f.said for f in findings(story, Patience())] == ["call c2 has not ended"]
