"""Self-service: greeting, menu, a queue or an answer."""

import pytest

from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallContained,
    CallFlowStep,
    CallQueued,
)
from ivr.domain.call import INPUT_WAIT_S, Ended, InFlow, Waiting
from ivr.domain.commands import HangUp, PressDigits, TimeOutInput
from ivr.domain.flow import AGAIN, hears
from ivr.domain.refusals import CallOver
from tests.support.ivr_histories import SHOP, STRAIGHT, Told, arrival, arrived


def _queues(facts: list[object]) -> list[str | None]:
    return [fact.queue_id for fact in facts if isinstance(fact, CallQueued)]


def test_an_arrival_tells_who_called_whom_and_greets() -> None:
    told = Told()
    facts = told.when(arrival())
    assert [type(fact) for fact in facts] == [CallArrived, CallFlowStep]
    first = facts[0]
    assert isinstance(first, CallArrived)
    assert (first.dnis, first.client_name, first.agent_greeting) == (
        SHOP.dnis[0],
        "Acme",
        SHOP.agent_greeting,
    )
    assert isinstance(told.call, InFlow)
    assert (told.call.client_id, told.call.project_id) == ("acme", "acme-shop")


def test_the_same_arrival_again_changes_nothing() -> None:
    told = arrived()
    before = told.call
    assert told.when(arrival()) == []
    assert told.call == before


def test_without_a_menu_the_caller_is_queued_at_once() -> None:
    told = arrived(STRAIGHT)
    assert isinstance(told.call, Waiting)
    assert (told.call.queue_id, told.call.attempt) == ("q1", 1)


def test_a_choice_leads_to_its_queue_and_is_told_as_the_menu_calls_it() -> None:
    told = arrived()
    facts = told.when(PressDigits(digits="1", project=SHOP))
    assert facts == [
        CallFlowStep(
            call_id="K1", flow_id="menu", step="queue", choice="1", label=SHOP.menu[0].label
        ),
        CallQueued(call_id="K1", attempt=1, queue_id="acme-sales"),
    ]


def test_an_answer_that_is_enough_ends_the_call_and_is_still_heard() -> None:
    told = arrived()
    facts = told.when(PressDigits(digits="2", project=SHOP))
    assert facts[-1] == CallContained(call_id="K1")
    assert isinstance(told.call, Ended)
    heard = hears(told.call, SHOP)
    assert heard is not None
    assert heard.say == SHOP.menu[1].say


def test_an_unknown_key_has_the_menu_said_again() -> None:
    told = arrived()
    facts = told.when(PressDigits(digits="9", project=SHOP))
    assert facts == [CallFlowStep(call_id="K1", flow_id="menu", step="menu", choice="9")]
    heard = hears(told.call, SHOP)
    assert heard is not None
    assert (heard.say, heard.menu) == (AGAIN, SHOP.menu)


def test_after_the_repeats_allowed_the_default_queue_takes_the_caller() -> None:
    told = arrived()
    assert _queues([f for _ in range(2) for f in told.when(_keys("9"))]) == []
    assert _queues(list(told.when(_keys("9")))) == ["acme-any"]


def test_keys_pressed_together_are_taken_one_after_the_other() -> None:
    assert _queues(list(arrived().when(_keys("91")))) == ["acme-sales"]
    assert _queues(list(arrived().when(_keys("9999")))) == ["acme-any"]


def test_a_silent_caller_is_asked_again_and_then_queued() -> None:
    told = arrived()
    silent: list[object] = []
    for _ in range(SHOP.repeats + 1):
        silent += told.when(TimeOutInput(now=told.later(INPUT_WAIT_S), project=SHOP))
    assert [type(fact) for fact in silent] == [
        CallFlowStep,
        CallFlowStep,
        CallFlowStep,
        CallQueued,
    ]


def test_a_timer_that_lost_the_race_against_a_key_changes_nothing() -> None:
    told = arrived()
    told.later(INPUT_WAIT_S - 1)
    told.when(_keys("9"))
    assert told.when(TimeOutInput(now=told.later(2), project=SHOP)) == []


def test_who_hangs_up_in_self_service_has_abandoned_attempt_0() -> None:
    assert arrived().when(HangUp()) == [CallAbandoned(call_id="K1", attempt=0)]


def test_keys_are_refused_once_the_call_is_over() -> None:
    told = arrived()
    told.when(HangUp())
    with pytest.raises(CallOver) as refused:
        told.when(_keys("1"))
    assert refused.value.ended_as == "abandoned"


def test_keys_pressed_while_waiting_or_talking_change_nothing() -> None:
    told = arrived(STRAIGHT)
    assert told.when(_keys("1")) == []
    told.accepted()
    assert told.when(_keys("1")) == []


def _keys(digits: str) -> PressDigits:
    return PressDigits(digits=digits, project=SHOP)
