"""When a waiting call is sent elsewhere, and where."""

import pytest

from contact_events.calls import CallQueued, CallRecovered
from router.domain.rules import NAMED_WAIT_S, UNKNOWN_QUEUE_WAIT_S
from tests.support.router_centre import Centre
from tests.support.router_world import queue


@pytest.fixture
def centre() -> Centre:
    return Centre()


def test_a_queue_never_heard_of_is_waited_for_before_it_is_said_not_to_exist(
    centre: Centre,
) -> None:
    centre.call("k1", "unknown")
    centre.topics.later(UNKNOWN_QUEUE_WAIT_S - 1)
    assert centre.decide() == []
    centre.topics.later(1)
    overflow = centre.overflow()
    assert (overflow.to, overflow.reason, overflow.attempt) == ("end", "no_such_queue", 1)


def test_a_queue_declared_late_takes_the_calls_that_waited_for_it(centre: Centre) -> None:
    centre.agent("a1", skills=("late",))
    centre.call("k1", "late")
    assert centre.decide() == []
    centre.say(queue("late"))
    assert centre.offers() == [("k1", "a1")]


def test_a_deleted_queue_hands_its_calls_over_as_its_document_says(centre: Centre) -> None:
    centre.call("k1", "billing")
    centre.decide()
    centre.say(queue("billing", revision=2, deleted=True, overflow_to="sales"))
    overflow = centre.overflow()
    assert (overflow.to, overflow.queue_id, overflow.reason) == ("queue", "sales", "no_such_queue")


def test_a_deleted_queue_with_nowhere_to_go_ends_its_calls(centre: Centre) -> None:
    centre.say(queue("billing", revision=2, deleted=True))
    centre.call("k1", "billing")
    assert centre.overflow().to == "end"


def test_deleted_queues_on_the_way_are_passed_by_and_a_circle_of_them_ends(
    centre: Centre,
) -> None:
    centre.say(queue("a", deleted=True, overflow_to="b"))
    centre.say(queue("b", deleted=True, overflow_to="sales"))
    centre.say(queue("c", deleted=True, overflow_to="d"))
    centre.say(queue("d", deleted=True, overflow_to="c"))
    centre.call("k1", "a")
    assert centre.overflow().queue_id == "sales"
    centre.call("k2", "c")
    assert centre.overflow().to == "end"


def test_after_its_longest_wait_a_call_goes_to_the_next_queue(centre: Centre) -> None:
    centre.say(queue("billing", revision=2, max_wait_s=30.0, overflow_to="sales"))
    centre.call("k1", "billing")
    centre.topics.later(29)
    assert centre.decide() == []
    centre.topics.later(1)
    overflow = centre.overflow()
    assert (overflow.to, overflow.queue_id, overflow.reason) == ("queue", "sales", "max_wait")


def test_after_its_longest_wait_a_call_ends_where_no_other_queue_is_named(
    centre: Centre,
) -> None:
    centre.say(queue("billing", revision=2, max_wait_s=30.0))
    centre.call("k1", "billing")
    centre.topics.later(30)
    overflow = centre.overflow()
    assert (overflow.to, overflow.queue_id, overflow.reason) == ("end", None, "max_wait")


def test_an_agent_who_comes_free_at_that_moment_takes_the_call(centre: Centre) -> None:
    centre.say(queue("sales", revision=2, max_wait_s=30.0))
    centre.call("k1")
    centre.topics.later(31)
    centre.agent("a1")
    assert centre.offers() == [("k1", "a1")]


def test_a_call_goes_back_to_the_sender_when_the_named_agent_cannot_take_it(
    centre: Centre,
) -> None:
    centre.call("k1", agent_id="wanted")
    centre.topics.later(NAMED_WAIT_S - 1)
    assert centre.decide() == []
    centre.topics.later(1)
    overflow = centre.overflow()
    assert (overflow.to, overflow.reason) == ("sender", "agent_unavailable")


def test_a_call_that_was_sent_elsewhere_is_offered_no_more_in_that_attempt(
    centre: Centre,
) -> None:
    centre.say(queue("sales", revision=2, max_wait_s=30.0))
    centre.call("k1")
    centre.topics.later(30)
    centre.overflow()
    centre.agent("a1")
    centre.topics.later(1000)
    assert centre.decide() == []
    centre.again("k1", 2)
    assert centre.offers() == [("k1", "a1")]


def test_each_stay_has_its_own_longest_wait(centre: Centre) -> None:
    centre.say(queue("sales", revision=2, max_wait_s=30.0))
    centre.call("k1", "billing")
    centre.topics.later(100)
    centre.again("k1", 2)
    centre.topics.later(29)
    assert centre.decide() == []
    centre.topics.later(1)
    assert centre.overflow().attempt == 2


def test_a_transfer_that_nobody_takes_goes_back_to_its_sender_where_the_queue_says_so(
    centre: Centre,
) -> None:
    centre.say(queue("billing", revision=2, return_transfers_s=30.0))
    centre.call("k1", "sales")
    centre.decide()
    centre.say(CallQueued(call_id="k1", attempt=2, queue_id="billing", sent_by="a9"))
    centre.topics.later(29)
    assert centre.decide() == []
    centre.topics.later(1)
    overflow = centre.overflow()
    assert (overflow.to, overflow.queue_id, overflow.reason) == ("sender", None, "max_wait")
    assert overflow.attempt == 2


def test_a_transfer_goes_back_before_the_queues_longest_wait_sends_it_on(centre: Centre) -> None:
    centre.say(
        queue("billing", revision=2, return_transfers_s=30.0, max_wait_s=30.0, overflow_to="sales")
    )
    centre.call("k1", "sales")
    centre.say(CallQueued(call_id="k1", attempt=2, queue_id="billing", sent_by="a9"))
    centre.topics.later(30)
    assert centre.overflow().to == "sender"


@pytest.mark.parametrize("returns_s", [None, 30.0])
def test_a_call_that_no_agent_sent_stays_whatever_becomes_of_transfers(
    centre: Centre, returns_s: float | None
) -> None:
    centre.say(queue("billing", revision=2, return_transfers_s=returns_s))
    centre.call("k1", "billing")
    centre.call("k2", "sales")
    centre.say(CallRecovered(call_id="k2", attempt=2, queue_id="billing", reason="agent_offline"))
    centre.topics.later(3600)
    assert centre.decide() == []


def test_a_transfer_stays_in_a_queue_that_does_not_send_it_back(centre: Centre) -> None:
    centre.call("k1", "sales")
    centre.say(CallQueued(call_id="k1", attempt=2, queue_id="billing", sent_by="a9"))
    centre.topics.later(3600)
    assert centre.decide() == []
