"""What can happen to one ringing offer, in every order: one winner, and nobody is lied to."""

import itertools
from collections.abc import Sequence

import pytest

from agent_state.domain.answers import Answer
from agent_state.domain.commands import AcceptOffer, RejectOffer
from contact_events.answering import OUTCOMES, CallAnswered, CallRangOut, CallRejected
from contact_events.calls import CallAbandoned
from contact_events.registry import Event
from contact_events.routing import CallRouted
from tests.support.agent_floor import RING_S, Floor

HAPPENINGS = ("tap", "other device", "no", "time is up", "caller gone", "rescinded")


class Ringing:
    """One offer that rings a1, what happens to it, and what each device was answered."""

    def __init__(self) -> None:
        self.floor = Floor("a1")
        self.offer: CallRouted = self.floor.rung("k1", "a1")
        self.floor.told()
        self.answers: dict[str, Answer] = {}

    def happens(self, what: str) -> None:
        accept = AcceptOffer(reservation_id=self.offer.reservation_id)
        match what:
            case "tap" | "tap again":
                self.answers[what] = self.floor.order("a1", accept, "tap")
            case "other device":
                self.answers[what] = self.floor.order("a1", accept, "other-device")
            case "no":
                reject = RejectOffer(reservation_id=self.offer.reservation_id)
                self.answers[what] = self.floor.order("a1", reject, "no")
            case "time is up":
                self.floor.advance(RING_S)
            case "caller gone":
                self.floor.hear(CallAbandoned(call_id="k1", attempt=1))
            case _:
                self.floor.hear(self.floor.rescission(self.offer))

    def outcomes(self) -> list[Event]:
        return [event for event in self.floor.told() if isinstance(event, OUTCOMES)]


WINNERS = {
    "tap": "answered",
    "other device": "answered",
    "no": "agent",
    "time is up": "rang_out",
    "caller gone": "caller_gone",
    "rescinded": "rescinded",
}


def outcome_of(event: Event) -> str:
    match event:
        case CallAnswered():
            return "answered"
        case CallRangOut():
            return "rang_out"
        case CallRejected(reason=reason):
            return reason
    raise AssertionError(event)


@pytest.mark.parametrize("first", HAPPENINGS)
def test_who_comes_first_wins_and_every_other_device_learns_the_truth(first: str) -> None:
    others = [what for what in HAPPENINGS if what != first]
    for rest in itertools.permutations(others):
        check(first, rest)


def check(first: str, rest: Sequence[str]) -> None:
    ringing = Ringing()
    for what in (first, *rest):
        ringing.happens(what)
    (outcome,) = ringing.outcomes()
    assert outcome_of(outcome) == WINNERS[first], (first, *rest)
    for device, answer in ringing.answers.items():
        if device == first:
            assert answer.refused is None, (first, *rest)
        else:
            assert answer.refused is not None, (first, *rest)
            assert answer.refused.code == "offer-gone"
            assert answer.refused.truth["outcome"] == WINNERS[first]


@pytest.mark.parametrize("between", HAPPENINGS[1:])
def test_a_double_click_is_one_tap_whatever_happens_between_the_clicks(between: str) -> None:
    ringing = Ringing()
    ringing.happens("tap")
    ringing.happens(between)
    ringing.happens("tap again")
    assert ringing.answers["tap again"] == ringing.answers["tap"]
    assert [outcome_of(event) for event in ringing.outcomes()] == ["answered"]


@pytest.mark.parametrize("what", HAPPENINGS)
def test_an_offer_whose_caller_was_gone_before_rings_nobody(what: str) -> None:
    floor = Floor("a1")
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    offer = floor.rung("k1", "a1")
    ringing = Ringing.__new__(Ringing)
    ringing.floor, ringing.offer, ringing.answers = floor, offer, {}
    if what in ("tap", "other device", "no"):
        ringing.happens(what)
        refused = ringing.answers[what].refused
        assert refused is not None
        assert refused.truth["outcome"] == "caller_gone"
    else:
        ringing.happens(what)
    assert [outcome_of(event) for event in ringing.outcomes()] == ["caller_gone"]
