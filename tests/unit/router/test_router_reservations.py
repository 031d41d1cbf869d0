"""What an offer holds, what settles it, and what becomes of the call and the slot."""

import pytest

from contact_events.agents import Slot
from contact_events.calls import CallAbandoned, CallDisconnected
from contact_events.locations import CallerLocated
from contact_events.topics import CALL_ARRIVED
from router.domain.due import due
from router.domain.rules import GRACE_S
from tests.support.router_centre import Centre
from tests.support.router_world import site


@pytest.fixture
def centre() -> Centre:
    return Centre()


def test_a_slot_is_out_of_choice_from_the_offer_to_its_outcome(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.call("k2")
    centre.free(offer)
    assert centre.offers() == [], "the agent may say free before the outcome is read"
    centre.outcome(offer, "rang_out")
    assert centre.offers() == [("k1", "a1")]


def test_a_slot_is_free_only_once_the_agent_names_its_last_offer(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.call("k2")
    centre.outcome(offer)
    centre.agent("a1")
    assert centre.offers() == [], "that was said before the offer was read"
    centre.free(offer)
    assert centre.offers() == [("k2", "a1")]


def test_the_next_offer_of_the_slot_must_be_settled_and_named_too(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    first = centre.offer()
    centre.outcome(first, "rang_out")
    centre.free(first)
    second = centre.offer()
    centre.call("k2")
    centre.free(first)
    assert centre.offers() == []
    centre.outcome(second)
    centre.free(first)
    assert centre.offers() == []
    centre.free(second)
    assert centre.offers() == [("k2", "a1")]


@pytest.mark.parametrize("reason", [None, "caller_gone", "superseded", "already_taken"])
def test_an_outcome_that_proves_the_attempt_over_keeps_it_out_of_the_queue(
    centre: Centre, reason: str | None
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.agent("a2")
    centre.outcome(offer, reason)
    centre.free(offer)
    assert centre.offers() == []
    centre.again("k1", 2)
    assert centre.offers() == [("k1", "a2")], "a higher attempt is another matter"


@pytest.mark.parametrize("reason", ["agent", "not_ready", "rescinded", "stale", "rang_out"])
def test_an_outcome_for_the_agents_sake_sends_the_call_to_the_next_agent(
    centre: Centre, reason: str
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.agent("a2")
    centre.outcome(offer, reason)
    centre.free(offer, "NotReady")
    assert centre.offers() == [("k1", "a2")]


def test_an_offer_without_an_outcome_is_asked_back_after_a_grace_and_not_before(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.topics.later(20 + GRACE_S - 0.1)
    assert centre.rescinds() == []
    centre.topics.later(0.1)
    (rescind,) = centre.rescinds()
    assert (rescind.reservation_id, rescind.reason) == (offer.reservation_id, "expired")
    assert centre.rescinds() == []


def test_rescinded_and_unsettled_the_call_waits_again_but_the_slot_does_not(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.agent("a1", slots=(Slot(slot=0, state="free", last_reservation_id="other"),))
    centre.topics.later(40)
    centre.agent("a2")
    assert [d.agent_id for d in centre.decide() if hasattr(d, "why")] == ["a2"]
    centre.call("k2")
    centre.free(offer)
    assert centre.offers() == []
    centre.outcome(offer, "rescinded")
    assert centre.offers() == [("k2", "a1")]


def test_an_offer_that_was_taken_before_it_was_asked_back_stays_taken(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.topics.later(40)
    assert len(centre.rescinds()) == 1
    centre.outcome(offer)
    centre.agent("a2")
    assert centre.offers() == []


@pytest.mark.parametrize(("status", "asked_back"), [("closed", 1), ("draining", 0)])
def test_a_closed_site_gives_its_ringing_calls_back_and_a_draining_one_rings_on(
    centre: Centre, status: str, asked_back: int
) -> None:
    centre.agent("a1")
    centre.call("k1")
    centre.offer()
    centre.say(site("moscow", revision=2, status=status))
    reasons = [rescind.reason for rescind in centre.rescinds()]
    assert reasons == ["site_closed"] * asked_back


def test_offers_of_lower_attempts_do_not_hold_up_a_higher_one(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    centre.offer()
    centre.agent("a2")
    centre.again("k1", 2)
    offer = centre.offer()
    assert (offer.agent_id, offer.attempt) == ("a2", 2)


def test_a_late_outcome_of_a_lower_attempt_settles_nothing_of_a_higher_one(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    first = centre.offer()
    centre.again("k1", 2)
    centre.outcome(first)
    centre.agent("a2")
    assert centre.offers() == [("k1", "a2")]


def test_a_call_is_dropped_when_it_has_ended_and_its_offers_are_settled(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.say(CallAbandoned(call_id="k1", attempt=1))
    centre.decide()
    assert "k1" in centre.state.calls
    centre.outcome(offer, "caller_gone")
    centre.decide()
    assert not centre.state.calls
    assert not centre.state.reservations


def test_an_end_that_is_read_before_the_outcome_or_after_it_drops_the_call(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.outcome(offer)
    centre.talking(offer)
    centre.decide()
    assert "k1" in centre.state.calls
    centre.say(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    centre.decide()
    assert not centre.state.calls


def test_a_late_duplicate_of_a_dropped_call_brings_no_ghost_into_the_queue(
    centre: Centre,
) -> None:
    centre.call("k1")
    centre.say(CallAbandoned(call_id="k1", attempt=1))
    centre.decide()
    queued = next(
        fact.offset
        for fact in centre.topics.facts[CALL_ARRIVED.name]
        if fact.envelope and type(fact.envelope.data).__name__ == "CallQueued"
    )
    centre.topics.again(CALL_ARRIVED.name, queued)
    centre.agent("a1")
    assert centre.offers() == []
    assert not centre.state.calls


def test_a_caller_located_after_the_end_is_no_ghost_either(centre: Centre) -> None:
    centre.call("k1")
    centre.say(CallAbandoned(call_id="k1", attempt=1))
    centre.decide()
    centre.say(CallerLocated(call_id="k1", precision="region", source="plan", region="BY-HM"))
    centre.decide()
    assert not centre.state.calls


def test_an_agent_who_rejected_and_is_not_ready_does_not_get_the_call_back(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.outcome(offer, "agent")
    centre.free(offer, "NotReady")
    assert centre.offers() == []


def test_the_next_moment_to_look_again_is_known(centre: Centre) -> None:
    assert centre.router.replica.leader is not None
    indexes = centre.router.replica.leader.indexes
    centre.decide()
    assert due(indexes) is None
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    at = due(indexes)
    assert at is not None
    assert (at - offer.expires_at).total_seconds() == GRACE_S
    centre.outcome(offer)
    centre.decide()
    assert due(indexes) is None
