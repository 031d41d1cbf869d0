"""Offers: each is answered exactly once, and its outcome tells the router what is free."""

from typing import Any

import pytest

from agent_state.domain.agent import Reserved
from agent_state.domain.commands import (
    AcceptOffer,
    BecomeNotReady,
    BecomeReady,
    RejectOffer,
    SignOut,
)
from contact_events.agents import AgentChanged
from contact_events.answering import CallAnswered, CallRangOut, CallRejected
from contact_events.calls import (
    CallAbandoned,
    CallAgentLegAnswered,
    CallConnected,
    CallQueued,
    CallRecovered,
)
from contact_events.registry import Event
from contact_events.routing import CallRouted
from tests.support.agent_floor import RING_S, Floor


def outcome_and_state(floor: Floor) -> tuple[Any, AgentChanged]:
    """Return the last outcome told and the agent's state that followed it."""
    told = floor.told()
    assert isinstance(told[-1], AgentChanged), told
    return told[-2], told[-1]


def reason_of(told: list[Event]) -> list[str]:
    return [event.reason for event in told if isinstance(event, CallRejected)]


def answered(floor: Floor, offer: CallRouted) -> None:
    floor.order(offer.agent_id, AcceptOffer(reservation_id=offer.reservation_id))


def connected(offer: CallRouted) -> CallConnected:
    return CallConnected(
        call_id=offer.call_id,
        attempt=offer.attempt,
        reservation_id=offer.reservation_id,
        agent_id=offer.agent_id,
    )


def test_a_ready_agent_is_rung() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    (changed,) = floor.told()
    assert isinstance(changed, AgentChanged)
    (slot,) = changed.slots
    assert (changed.status, slot.state, slot.call_id, slot.attempt) == (
        "Reserved",
        "reserved",
        "k1",
        1,
    )
    assert slot.reservation_id == slot.last_reservation_id == offer.reservation_id


def test_an_accepted_offer_is_answered_and_the_agent_talks() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    answer = floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id), "c1")
    outcome, changed = outcome_and_state(floor)
    assert outcome == CallAnswered(
        call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a1", slot=0
    )
    assert (changed.status, changed.slots[0].state) == ("Talking", "talking")
    assert answer.refused is None
    assert answer.agent.status == "Talking"


def test_a_rejected_offer_makes_the_agent_not_ready_so_that_it_does_not_come_back_at_once() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    floor.order("a1", RejectOffer(reservation_id=offer.reservation_id))
    outcome, changed = outcome_and_state(floor)
    assert (outcome.reason, changed.presence, changed.reason) == ("agent", "NotReady", "rejected")
    assert changed.slots[0].state == "free"


def test_an_offer_that_rings_out_makes_the_agent_not_ready() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    floor.advance(RING_S - 1)
    assert floor.told()[1:] == []
    floor.advance(1)
    outcome, changed = outcome_and_state(floor)
    assert outcome == CallRangOut(
        call_id="k1",
        attempt=1,
        reservation_id=offer.reservation_id,
        agent_id="a1",
        slot=0,
        rang_for_s=RING_S,
    )
    assert (changed.presence, changed.reason) == ("NotReady", "rona")


def test_an_agent_who_asked_for_a_pause_keeps_its_reason_when_the_offer_rings_out() -> None:
    floor = Floor("a1")
    floor.rung("k1", "a1")
    floor.order("a1", BecomeNotReady(reason="lunch"))
    assert floor.state("a1") == "reserved"
    floor.advance(RING_S)
    assert floor.presence("a1") == ("NotReady", "lunch")


@pytest.mark.parametrize(
    ("ended", "superseded", "late", "taken", "free", "reason"),
    [
        (True, True, True, True, False, "caller_gone"),
        (False, True, True, True, False, "superseded"),
        (False, False, True, True, False, "stale"),
        (False, False, False, True, False, "already_taken"),
        (False, False, False, False, False, "not_ready"),
        (False, False, False, False, True, None),
    ],
)
def test_the_first_reason_that_is_true_answers_an_offer(
    ended: bool, superseded: bool, late: bool, taken: bool, free: bool, reason: str | None
) -> None:
    floor = Floor("a1", "a2")
    if taken:
        answered(floor, floor.rung("k1", "a2"))
    if superseded:
        floor.hear(CallQueued(call_id="k1", attempt=2, queue_id="q"))
    if ended:
        floor.hear(CallAbandoned(call_id="k1", attempt=1))
    if not free:
        floor.order("a1", BecomeNotReady(reason="lunch"))
    floor.told()
    offer = floor.offer("k1", "a1")
    if late:
        floor.clock.advance(RING_S)
    floor.hear(offer)
    told = floor.told()
    assert reason_of(told) == ([reason] if reason else [])
    changed = told[-1]
    assert isinstance(changed, AgentChanged)
    assert changed.slots[0].last_reservation_id == offer.reservation_id


def test_an_offer_read_after_it_expired_is_stale_and_never_rona() -> None:
    floor = Floor("a1")
    offer = floor.offer("k1", "a1")
    floor.clock.advance(RING_S)
    floor.hear(offer)
    assert reason_of(floor.told()) == ["stale"]
    assert floor.presence("a1") == ("Ready", None)


def test_an_offer_to_an_agent_nobody_knows_is_answered_too() -> None:
    floor = Floor()
    floor.hear(floor.offer("k1", "nobody"), floor.offer("k2", "nobody", slot=7))
    assert reason_of(floor.told()) == ["not_ready", "not_ready"]


def test_an_attempt_is_taken_once_only_by_whichever_path() -> None:
    floor = Floor("a1", "a2")
    first = floor.rung("k1", "a1")
    floor.hear(floor.rescission(first))  # the router gave up on a1 and chose a2
    second = floor.rung("k1", "a2")
    answered(floor, second)
    floor.order("a1", BecomeReady())
    third = floor.rung("k1", "a1")
    assert reason_of(floor.told()) == ["rescinded", "already_taken"]
    refused = floor.order("a1", AcceptOffer(reservation_id=third.reservation_id), "c1").refused
    assert refused is not None
    assert refused.truth["outcome"] == "already_taken"


def test_of_two_who_ring_for_one_attempt_the_second_acceptance_is_settled_as_taken() -> None:
    floor = Floor("a1", "a2")
    first, second = floor.rung("k1", "a1"), floor.rung("k1", "a2")
    answered(floor, first)
    floor.told()
    answer = floor.order("a2", AcceptOffer(reservation_id=second.reservation_id), "c1")
    outcome, changed = outcome_and_state(floor)
    assert (outcome.reason, changed.slots[0].state) == ("already_taken", "free")
    assert answer.refused is not None
    assert (answer.refused.code, answer.refused.truth["outcome"]) == ("offer-gone", "already_taken")


def test_an_offer_is_rescinded_only_while_it_rings() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    answered(floor, offer)
    floor.told()
    floor.hear(floor.rescission(offer))
    assert floor.told() == []
    assert floor.state("a1") == "talking"


def test_a_rescission_of_an_older_offer_leaves_the_newer_one_ringing() -> None:
    floor = Floor("a1")
    old = floor.rung("k1", "a1")
    floor.hear(floor.rescission(old))
    floor.rung("k2", "a1")
    floor.hear(floor.rescission(old))
    assert floor.state("a1") == "reserved"


def test_a_rescinded_offer_leaves_the_agent_ready() -> None:
    floor = Floor("a1")
    floor.hear(floor.rescission(floor.rung("k1", "a1")))
    outcome, changed = outcome_and_state(floor)
    assert (outcome.reason, changed.presence) == ("rescinded", "Ready")


def test_a_caller_who_leaves_while_it_rings_settles_the_offer() -> None:
    floor = Floor("a1")
    floor.rung("k1", "a1")
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    outcome, changed = outcome_and_state(floor)
    assert (outcome.reason, changed.status) == ("caller_gone", "Ready")


def test_the_end_of_a_call_read_before_its_offer_is_remembered() -> None:
    floor = Floor("a1")
    offer = floor.offer("k1", "a1")
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    floor.hear(offer)
    assert reason_of(floor.told()) == ["caller_gone"]


def test_a_higher_attempt_settles_offers_of_a_lower_one() -> None:
    floor = Floor("a1", "a2")
    floor.rung("k1", "a1")
    floor.rung("k1", "a2", attempt=2)
    floor.hear(CallQueued(call_id="k1", attempt=2, queue_id="q"))
    assert reason_of(floor.told()) == ["superseded"]
    assert (floor.state("a1"), floor.state("a2")) == ("free", "reserved")


def test_being_connected_settles_the_other_offers_of_the_attempt() -> None:
    floor = Floor("a1", "a2")
    first, _second = floor.rung("k1", "a1"), floor.rung("k1", "a2")
    answered(floor, first)
    floor.hear(connected(first))
    assert reason_of(floor.told()) == ["already_taken"]
    assert (floor.state("a1"), floor.state("a2")) == ("talking", "free")


def test_a_late_connection_of_a_lower_attempt_settles_nothing_of_a_higher_one() -> None:
    floor = Floor("a1", "a2")
    first = floor.rung("k1", "a1")
    answered(floor, first)
    floor.rung("k1", "a2", attempt=2)
    floor.told()
    floor.hear(connected(first))
    assert floor.told() == []
    assert floor.state("a2") == "reserved"


def test_picking_the_telephone_up_accepts_the_offer() -> None:
    floor = Floor("a1", telephone=True)
    offer = floor.rung("k1", "a1")
    floor.hear(
        CallAgentLegAnswered(call_id="k1", reservation_id=offer.reservation_id, agent_id="a1")
    )
    outcome, _ = outcome_and_state(floor)
    assert isinstance(outcome, CallAnswered)


def test_picking_the_telephone_up_too_late_changes_nothing() -> None:
    floor = Floor("a1", telephone=True)
    offer = floor.rung("k1", "a1")
    floor.advance(RING_S)
    floor.told()
    floor.hear(
        CallAgentLegAnswered(call_id="k1", reservation_id=offer.reservation_id, agent_id="a1")
    )
    assert floor.told() == []


def test_signing_out_settles_what_rings_at_once() -> None:
    floor = Floor("a1")
    floor.rung("k1", "a1")
    floor.order("a1", SignOut())
    outcome, changed = outcome_and_state(floor)
    assert (outcome.reason, changed.status, changed.slots[0].state) == (
        "not_ready",
        "Offline",
        "free",
    )


def test_an_agent_who_could_not_be_joined_takes_no_more_calls() -> None:
    floor = Floor("a1")
    answered(floor, floor.rung("k1", "a1"))
    floor.hear(CallRecovered(call_id="k1", attempt=2, reason="not_joined", queue_id="q"))
    assert floor.presence("a1") == ("NotReady", "leg_lost")
    assert floor.state("a1") == "free"  # nobody was joined: there is nothing to wrap up


def test_an_offer_shows_whose_caller_it_is_also_when_that_is_read_later() -> None:
    floor = Floor("a1", "a2")
    floor.hear(floor.arrived("k1"))
    floor.rung("k1", "a1")
    floor.rung("k2", "a2")
    floor.hear(floor.arrived("k2"))
    for agent_id in ("a1", "a2"):
        ringing = floor.agent(agent_id).slots[0].filling
        assert isinstance(ringing, Reserved)
        assert ringing.card is not None
        assert (ringing.card.client, ringing.card.client_name) == ("acme", "Acme")


def test_events_of_a_call_carry_its_client_and_events_of_an_agent_none() -> None:
    floor = Floor("a1")
    floor.hear(floor.arrived("k1"))
    answered(floor, floor.rung("k1", "a1"))
    by_type = {type(e.data): (e.client, e.project) for e in floor.store.outbox}
    assert by_type[CallAnswered] == ("acme", "sales")
    assert by_type[AgentChanged] == (None, None)


def test_an_end_is_forgotten_only_once_the_router_has_folded_it() -> None:
    floor = Floor("a1", stride=300)
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    end = floor.offsets["call-arrived"] - 300
    floor.hear(floor.progress(end))  # the next it reads is the end: not folded yet
    assert floor.remembers("k1")
    floor.rung("k1", "a1", position=end)
    assert reason_of(floor.told()) == ["caller_gone"]
    floor.hear(floor.progress(end + 300))
    assert not floor.remembers("k1")


def test_an_end_read_long_after_the_decision_that_passed_it_is_forgotten_with_a_later_one() -> None:
    floor = Floor("a1", stride=300)
    floor.hear(floor.progress(3000))
    floor.hear(CallAbandoned(call_id="k0", attempt=1))
    floor.hear(floor.progress(3000))
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    assert floor.remembers("k1")
    floor.hear(floor.progress(3000))
    assert not floor.remembers("k1")
    assert not floor.remembers("k0")


def test_void_decisions_ring_nobody() -> None:
    floor = Floor("a1")
    offer = floor.offer("k1", "a1")
    zombie = CallRouted(**{f: getattr(offer, f) for f in offer.__struct_fields__} | {"owner": "r0"})
    floor.hear(zombie)
    assert floor.told() == []


def test_whose_call_it_is_is_told_from_the_offer_on_although_its_arrival_is_read_later() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id), "c1")
    (answered,) = [e for e in floor.store.outbox if isinstance(e.data, CallAnswered)]
    assert (answered.client, answered.project) == ("acme", "sales")
