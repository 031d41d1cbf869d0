"""Attempts, joining, losing and passing on: the rules of the design that ivr keeps."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from contact_events.answering import CallHeld, CallRangOut, CallRejected, CallResumed
from contact_events.calls import (
    LONGEST_CALL_S,
    CallAbandoned,
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallConnected,
    CallDisconnected,
    CallFailed,
    CallQueued,
    CallRecovered,
)
from contact_events.registry import Event
from ivr.domain.call import JOIN_S, Connected, Ended, Joining, Waiting, due
from ivr.domain.commands import (
    EndLeg,
    EndTooLong,
    GiveUpJoining,
    HangUp,
    Join,
    LoseAgent,
    Overflow,
    PickUp,
    Release,
    RingTelephone,
    Transfer,
)
from tests.support.ivr_histories import NINE, Told, arrived, connected, queued


def _ring(reservation_id: str = "R1", attempt: int = 1) -> RingTelephone:
    return RingTelephone(reservation_id=reservation_id, attempt=attempt, agent_id="a1")


def _overflow(to: str, attempt: int = 1, queue_id: str | None = None) -> Overflow:
    return Overflow(attempt=attempt, to=to, queue_id=queue_id, default_queue_id="q-default")  # type: ignore[arg-type]


def _rejected(reservation_id: str = "R1") -> CallRejected:
    return CallRejected(
        call_id="K1",
        attempt=1,
        reservation_id=reservation_id,
        agent_id="a1",
        slot=0,
        reason="agent",
    )


def _recovered(reason: str, **changes: object) -> CallRecovered:
    fields = {"queue_id": "q1", **changes}
    return CallRecovered(call_id="K1", attempt=2, reason=reason, **fields)  # type: ignore[arg-type]


def test_an_acceptance_joins_caller_and_agent() -> None:
    told = queued()
    assert told.accepted("R1") == [
        CallConnected(call_id="K1", attempt=1, reservation_id="R1", agent_id="a1")
    ]
    assert isinstance(told.call, Connected)


def test_a_call_is_connected_once_in_an_attempt() -> None:
    told = connected("R1")
    assert told.accepted("R2", agent_id="a2") == []
    assert isinstance(told.call, Connected)
    assert told.call.joined_agent_id == "a1"


def test_an_acceptance_of_an_earlier_attempt_joins_nobody() -> None:
    told = connected("R1")
    told.when(Transfer(reservation_id="R1", to_queue_id="billing"))
    assert told.accepted("R2", attempt=1) == []
    assert isinstance(told.call, Waiting)


def test_an_acceptance_whose_caller_has_gone_stays_abandoned() -> None:
    told = queued()
    told.when(HangUp())
    assert told.accepted() == []
    assert isinstance(told.call, Ended)
    assert told.call.ended_as == "abandoned"


def test_an_acceptance_below_the_last_offline_is_not_joined() -> None:
    told = queued()
    assert told.accepted(sequence=5, offline_sequence=6) == [_recovered("not_joined")]


def test_an_acceptance_above_the_last_offline_is_joined() -> None:
    told = queued()
    told.accepted(sequence=7, offline_sequence=6)
    assert isinstance(told.call, Connected)


def test_an_offline_loses_only_what_was_accepted_before_it() -> None:
    told = connected(sequence=5)
    assert told.when(LoseAgent(agent_id="a1", sequence=4)) == []
    assert told.when(LoseAgent(agent_id="a2", sequence=9)) == []
    assert told.when(LoseAgent(agent_id="a1", sequence=6)) == [_recovered("agent_offline")]


def test_the_agents_hanging_up_ends_the_talk() -> None:
    told = connected("R1")
    assert told.when(Release("R2")) == []
    assert told.when(Release("R1")) == [CallDisconnected(call_id="K1", attempt=1, by="agent")]


def test_hanging_up_before_the_join_brings_the_caller_back() -> None:
    told = queued()
    assert told.accepted("R1", telephone=True) == []
    assert told.when(Release("R1")) == [_recovered("not_joined")]


def test_a_telephone_that_is_not_picked_up_in_time_is_given_up() -> None:
    told = queued()
    told.accepted("R1", telephone=True)
    assert isinstance(told.call, Joining)
    assert told.when(GiveUpJoining(told.later(JOIN_S - 1))) == []
    assert due(told.call) is not None
    assert told.when(GiveUpJoining(told.later(1))) == [_recovered("not_joined")]


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (arrived, CallFailed(call_id="K1", attempt=0, reason="too_long")),
        (queued, CallFailed(call_id="K1", attempt=1, reason="too_long")),
        (connected, CallDisconnected(call_id="K1", attempt=1, by="system")),
    ],
)
def test_a_call_ends_when_it_has_lasted_as_long_as_a_call_may(
    told: Callable[[], Told], end: Event
) -> None:
    call = told()
    assert call.when(EndTooLong(call.later(LONGEST_CALL_S - 1))) == []
    assert call.when(EndTooLong(call.later(1))) == [end]
    assert call.when(EndTooLong(call.later(LONGEST_CALL_S))) == []
    assert due(call.call) is None


def test_a_call_of_which_nothing_else_is_awaited_is_due_at_its_latest_end() -> None:
    waiting, talking = queued(), connected()
    assert [due(waiting.call), due(talking.call)] == [NINE + timedelta(seconds=LONGEST_CALL_S)] * 2


def test_a_join_that_is_pending_ends_with_the_call() -> None:
    told = queued()
    told.later(LONGEST_CALL_S - 1)
    told.accepted("R1", telephone=True)
    assert due(told.call) == told.later(1)
    assert told.when(EndTooLong(told.at)) == [
        CallFailed(call_id="K1", attempt=1, reason="too_long")
    ]


def test_a_join_timer_that_lost_the_race_changes_nothing() -> None:
    told = queued()
    told.when(_ring())
    told.accepted("R1", telephone=True)
    told.when(PickUp("R1"))
    assert told.when(GiveUpJoining(told.later(JOIN_S))) == []


def test_a_picked_up_telephone_is_joined_by_the_acceptance_that_follows() -> None:
    told = queued()
    assert [type(f) for f in told.when(_ring())] == [CallAgentLegRinging]
    assert [type(f) for f in told.when(PickUp("R1"))] == [CallAgentLegAnswered]
    assert [type(f) for f in told.accepted("R1", telephone=True)] == [CallConnected]


def test_an_acceptance_on_the_desktop_waits_for_the_telephone() -> None:
    told = queued()
    told.when(_ring())
    assert told.accepted("R1", telephone=True) == []
    assert [type(f) for f in told.when(PickUp("R1"))] == [CallAgentLegAnswered, CallConnected]


@pytest.mark.parametrize("abnormal", [True, False])
def test_an_acceptance_whose_leg_is_gone_already_is_recovered_at_once(abnormal: bool) -> None:
    told = queued()
    told.when(_ring())
    told.when(PickUp("R1"))
    assert told.when(EndLeg("R1", abnormal)) == []
    assert told.accepted("R1", telephone=True) == [_recovered("not_joined")]


def test_a_leg_that_goes_while_the_join_is_awaited_brings_the_caller_back() -> None:
    told = queued()
    told.when(_ring())
    told.accepted("R1", telephone=True)
    assert told.when(EndLeg("R1", abnormal=True)) == [_recovered("not_joined")]


def test_the_bye_of_an_agents_telephone_is_hanging_up() -> None:
    told = _on_the_telephone()
    assert told.when(EndLeg("R1", abnormal=False)) == [
        CallDisconnected(call_id="K1", attempt=1, by="agent")
    ]


def test_an_abnormal_end_of_the_agents_leg_is_a_loss() -> None:
    assert _on_the_telephone().when(EndLeg("R1", abnormal=True)) == [_recovered("leg_lost")]


def test_no_telephone_rings_for_an_offer_that_is_settled() -> None:
    told = queued()
    told.hears(_rejected("R1"))
    assert told.when(_ring("R1")) == []
    assert [type(f) for f in told.when(_ring("R2"))] == [CallAgentLegRinging]


def test_a_telephone_rings_only_while_the_call_waits_in_that_attempt() -> None:
    told = connected("R1")
    assert told.when(_ring("R2")) == []
    told.when(Transfer(reservation_id="R1", to_queue_id="billing"))
    assert told.when(_ring("R2", attempt=1)) == []
    assert [type(f) for f in told.when(_ring("R2", attempt=2))] == [CallAgentLegRinging]


def test_a_telephone_does_not_ring_while_another_agent_is_being_joined() -> None:
    told = queued()
    told.accepted("R1", telephone=True)
    assert told.when(_ring("R2")) == []


def test_a_telephone_rings_once() -> None:
    told = queued()
    told.when(_ring())
    assert told.when(_ring()) == []


@pytest.mark.parametrize("rang_out", [True, False])
def test_every_outcome_but_an_acceptance_drops_the_leg(rang_out: bool) -> None:
    told = queued()
    told.when(_ring())
    negative = _rejected()
    if rang_out:
        told.hears(
            CallRangOut(
                call_id="K1", attempt=1, reservation_id="R1", agent_id="a1", slot=0, rang_for_s=20.0
            )
        )
    else:
        told.hears(negative)
    assert isinstance(told.call, Waiting)
    assert told.call.legs == {}
    assert told.when(PickUp("R1")) == []


def test_joining_drops_the_legs_of_the_others() -> None:
    told = queued()
    told.when(_ring("R1"))
    told.when(_ring("R2"))
    told.when(PickUp("R2"))
    told.accepted("R2", telephone=True)
    assert isinstance(told.call, Connected)
    assert list(told.call.legs) == ["R2"]


def test_a_transfer_to_a_queue_begins_a_new_attempt_and_names_the_sender() -> None:
    told = connected("R1")
    assert told.when(Transfer(reservation_id="R1", to_queue_id="billing")) == [
        CallQueued(call_id="K1", attempt=2, queue_id="billing", sent_by="a1", reason="transfer")
    ]


def test_a_transfer_to_an_agent_names_the_agent() -> None:
    told = connected("R1")
    facts = told.when(Transfer(reservation_id="R1", to_agent_id="a2"))
    assert facts == [
        CallQueued(call_id="K1", attempt=2, agent_id="a2", sent_by="a1", reason="transfer")
    ]


@pytest.mark.parametrize(
    "transfer",
    [
        Transfer(reservation_id="R9", to_queue_id="billing"),
        Transfer(reservation_id="R1"),
        Transfer(reservation_id="R1", to_queue_id="billing", to_agent_id="a2"),
    ],
)
def test_a_transfer_of_another_talk_or_to_no_one_place_changes_nothing(transfer: Transfer) -> None:
    assert connected("R1").when(transfer) == []


def test_an_overflow_moves_the_call_that_waits_in_its_attempt() -> None:
    assert queued().when(_overflow("queue", queue_id="q2")) == [
        CallQueued(call_id="K1", attempt=2, queue_id="q2", reason="overflow")
    ]


def test_an_overflow_of_another_attempt_is_not_obeyed() -> None:
    told = connected("R1")
    told.when(Transfer(reservation_id="R1", to_queue_id="billing"))
    assert told.when(_overflow("queue", attempt=1, queue_id="q2")) == []


def test_an_overflow_is_not_obeyed_while_a_join_is_pending() -> None:
    told = queued()
    told.accepted("R1", telephone=True)
    assert told.when(_overflow("end")) == []


def test_an_overflow_of_a_talk_is_not_obeyed() -> None:
    assert connected().when(_overflow("end")) == []


@pytest.mark.parametrize("to", ["end", "callback", "voicemail"])
def test_an_overflow_with_nowhere_to_go_fails_the_call(to: str) -> None:
    assert queued().when(_overflow(to)) == [CallFailed(call_id="K1", attempt=1, reason="no_agent")]


def test_an_agent_who_cannot_take_the_call_sends_it_to_the_sender_then_to_the_default() -> None:
    told = connected("R1")
    told.when(Transfer(reservation_id="R1", to_agent_id="a2"))
    assert told.when(_overflow("sender", attempt=2)) == [
        CallQueued(call_id="K1", attempt=3, agent_id="a1", reason="overflow")
    ]
    assert told.when(_overflow("sender", attempt=3)) == [
        CallQueued(call_id="K1", attempt=4, queue_id="q-default", reason="overflow")
    ]


def test_a_recovery_returns_to_the_last_queue() -> None:
    told = connected("R1")
    told.when(Transfer(reservation_id="R1", to_queue_id="billing"))
    told.accepted("R2", agent_id="a2", attempt=2, sequence=3)
    [fact] = told.when(LoseAgent(agent_id="a2", sequence=4))
    assert isinstance(fact, CallRecovered)
    assert (fact.attempt, fact.queue_id, fact.agent_id) == (3, "billing", None)


def test_a_call_that_was_never_in_a_queue_returns_to_the_same_named_agent() -> None:
    told = queued()
    told.call = _named(told)
    told.accepted("R1", agent_id="a7")
    [fact] = told.when(LoseAgent(agent_id="a7", sequence=9))
    assert isinstance(fact, CallRecovered)
    assert (fact.queue_id, fact.agent_id) == (None, "a7")


def test_the_original_time_is_kept_over_every_attempt() -> None:
    told = connected("R1")
    assert isinstance(told.call, Connected)
    arrived_at, joined_at = told.call.arrived_at, told.call.connected_at
    told.later(60)
    told.when(LoseAgent(agent_id="a1", sequence=9))
    told.accepted("R2", agent_id="a2", attempt=2)
    assert isinstance(told.call, Connected)
    assert (told.call.arrived_at, told.call.connected_at) == (arrived_at, joined_at)


def test_the_caller_leaving_the_queue_has_abandoned_it() -> None:
    assert queued().when(HangUp()) == [CallAbandoned(call_id="K1", attempt=1)]


def test_the_caller_leaving_the_talk_has_ended_it() -> None:
    told = connected()
    assert told.when(HangUp()) == [CallDisconnected(call_id="K1", attempt=1, by="caller")]
    assert told.when(HangUp()) == []


def test_holding_does_not_part_caller_and_agent() -> None:
    told = connected("R1")
    before = told.call
    told.hears(CallHeld(call_id="K1", reservation_id="R1", agent_id="a1"))
    told.hears(CallResumed(call_id="K1", reservation_id="R1", agent_id="a1"))
    assert told.call == before


def test_a_join_without_an_acceptance_joins_nobody() -> None:
    assert queued().when(Join()) == []


def _on_the_telephone() -> Told:
    told = queued()
    told.when(_ring("R1"))
    told.when(PickUp("R1"))
    told.accepted("R1", telephone=True)
    return told


def _named(told: Told) -> Waiting:
    waiting = told.call
    assert isinstance(waiting, Waiting)
    return Waiting(
        version=waiting.version,
        pool=waiting.pool,
        client_id=waiting.client_id,
        project_id=waiting.project_id,
        channel=waiting.channel,
        arrived_at=waiting.arrived_at,
        attempt=1,
        agent_id="a7",
    )
