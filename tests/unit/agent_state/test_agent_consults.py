"""Consultations as the asker and whom they consult see them: requests, facts of ivr, refusals."""

from typing import Any

from msgspec.structs import replace

from agent_state.domain.agent import Consult
from agent_state.domain.card import Card, Sent
from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    CompleteTransfer,
    ConsultCall,
    FinishWrapUp,
    HoldCall,
    LeaveConsultation,
    ResumeCall,
    TransferCall,
)
from agent_state.projections import CallMessage, between
from contact_events.agents import AgentChanged
from contact_events.answering import (
    CallConsultRequested,
    CallHeld,
    CallReleaseRequested,
    CallTransferRequested,
)
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallDiverted,
    CallFailed,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
    CallRecovered,
)
from contact_events.locations import CallerLocated
from contact_events.wrapping import CallReleased
from tests.support.agent_floor import WRAP_UP_S, Floor, profile

NAME = profile().name
ARRIVED = CallArrived(
    call_id="c1",
    channel="voice",
    direction="internal",
    dnis="",
    entry_site_id="moscow",
    parent_call_id="k1",
    asked_by_agent_id="a1",
)
MOSCOW = CallerLocated(
    call_id="k1", precision="region", source="plan", country="RU", region="RU-MOW"
)


def joined(floor: Floor, call_id: str, agent_id: str) -> str:
    """Let the agent talk in the call, and return the reservation."""
    offer = floor.rung(call_id, agent_id)
    floor.order(agent_id, AcceptOffer(reservation_id=offer.reservation_id))
    floor.hear(
        CallConnected(
            call_id=call_id, attempt=1, reservation_id=offer.reservation_id, agent_id=agent_id
        )
    )
    return offer.reservation_id


def talking(floor: Floor) -> str:
    """Let a1 talk with the caller of k1."""
    floor.hear(floor.arrived("k1"), CallQueued(call_id="k1", attempt=1, queue_id="q"))
    reservation_id = joined(floor, "k1", "a1")
    floor.told()
    return reservation_id


def consulting(floor: Floor, note: str | None = None) -> str:
    """Let a1 ask for the consultation c1 about k1, and return a1's reservation."""
    reservation_id = talking(floor)
    command = ConsultCall(
        reservation_id=reservation_id, consult_call_id="c1", queue_id="q2", note=note
    )
    floor.order("a1", command, "consult")
    queued = CallQueued(call_id="c1", attempt=1, queue_id="q2", sent_by="a1", reason="consult")
    floor.hear(ARRIVED, queued)
    return reservation_id


def consult_of(floor: Floor) -> Consult | None:
    consult: Consult | None = floor.agent("a1").slots[0].filling.consult  # type: ignore[union-attr]
    return consult


def refusal(floor: Floor, command: AgentCommand) -> tuple[str, dict[str, Any]]:
    refused = floor.order("a1", command, f"c-{type(command).__name__}").refused
    assert refused is not None
    return refused.code, refused.truth


def test_who_consults_puts_the_caller_on_hold_and_asks_ivr_for_a_call_of_its_own() -> None:
    floor = Floor("a1", "a2")
    reservation_id = talking(floor)
    command = ConsultCall(reservation_id=reservation_id, consult_call_id="c1", agent_id="a2")
    floor.order("a1", command)
    about = {"call_id": "k1", "reservation_id": reservation_id, "agent_id": "a1"}
    held, asked, changed = floor.told()
    assert held == CallHeld(**about)
    assert asked == CallConsultRequested(**about, consult_call_id="c1", to_agent_id="a2")
    assert isinstance(changed, AgentChanged)
    assert (changed.status, changed.slots[0].call_id) == ("Hold", "k1")
    assert consult_of(floor) == Consult(call_id="c1", agent_id="a2")


def test_a_specialists_skill_is_asked_for_by_name() -> None:
    floor = Floor("a1")
    reservation_id = talking(floor)
    command = ConsultCall(reservation_id=reservation_id, consult_call_id="c1", skill_id="law")
    floor.order("a1", command)
    floor.hear(ARRIVED, CallFailed(call_id="c1", attempt=0, reason="no_such_queue"))
    floor.order("a1", TransferCall(reservation_id=reservation_id, skill_id="law"))
    asked = [
        fact
        for fact in floor.told()
        if isinstance(fact, CallConsultRequested | CallTransferRequested)
    ]
    assert [fact.to_skill_id for fact in asked] == ["law", "law"]


def test_who_consults_may_speak_with_the_caller_in_between() -> None:
    floor = Floor("a1", "a2")
    reservation_id = consulting(floor)
    floor.order("a1", ResumeCall(reservation_id=reservation_id))
    assert floor.state("a1") == "talking"
    floor.order("a1", HoldCall(reservation_id=reservation_id))
    assert floor.state("a1") == "hold"
    assert consult_of(floor) == Consult(call_id="c1", queue_id="q2")


def test_a_caller_on_hold_already_is_not_held_again_for_a_consultation() -> None:
    floor = Floor("a1", "a2")
    reservation_id = talking(floor)
    floor.order("a1", HoldCall(reservation_id=reservation_id))
    floor.told()
    floor.order(
        "a1", ConsultCall(reservation_id=reservation_id, consult_call_id="c1", queue_id="q2")
    )
    assert not any(isinstance(fact, CallHeld) for fact in floor.told())


def test_the_asker_sees_somebody_join_and_leave_the_consultation_again() -> None:
    floor = Floor("a1", "a2")
    consulting(floor)
    joined(floor, "c1", "a2")
    assert consult_of(floor) == Consult(call_id="c1", queue_id="q2", connected=True)
    floor.hear(CallRecovered(call_id="c1", attempt=2, reason="agent_offline", queue_id="q2"))
    assert consult_of(floor) == Consult(call_id="c1", queue_id="q2")


def test_the_asker_keeps_the_caller_when_the_consultation_ends() -> None:
    floor = Floor("a1", "a2")
    consulting(floor)
    floor.told()
    floor.hear(CallAbandoned(call_id="c1", attempt=1))
    assert consult_of(floor) is None
    assert floor.state("a1") == "hold"
    [changed] = floor.told()
    assert isinstance(changed, AgentChanged)


def test_completing_and_leaving_are_requests_that_name_the_consultation() -> None:
    floor = Floor("a1", "a2")
    reservation_id = consulting(floor)
    floor.told()
    floor.order("a1", CompleteTransfer(reservation_id=reservation_id))
    floor.order("a1", LeaveConsultation(reservation_id=reservation_id))
    about = {"call_id": "k1", "reservation_id": reservation_id, "agent_id": "a1"}
    assert floor.told() == [
        CallTransferRequested(**about, consult_call_id="c1"),
        CallReleaseRequested(**about, consult_call_id="c1"),
    ]


def test_completed_the_slot_of_who_was_consulted_moves_and_the_asker_wraps_up() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor)
    second = joined(floor, "c1", "a2")
    floor.told()
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        diverted(second),
    )
    moved = floor.agent("a2").slots[0].filling
    assert (floor.state("a2"), moved.call_id, moved.attempt) == ("talking", "k1", 1)  # type: ignore[union-attr]
    assert moved.card is not None  # type: ignore[union-attr]
    assert moved.card.client == "acme"  # type: ignore[union-attr]
    assert floor.state("a1") == "wrap_up"
    [released] = [fact for fact in floor.told() if isinstance(fact, CallReleased)]
    assert (released.agent_id, released.call_id, released.reason) == ("a1", "k1", "left")


def test_the_consultations_end_may_be_read_before_its_parent_tells_who_joined() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor)
    second = joined(floor, "c1", "a2")
    floor.hear(diverted(second))
    assert floor.state("a2") == "talking"
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        CallAbandoned(call_id="k1", attempt=1),
    )
    assert [floor.state("a1"), floor.state("a2")] == ["wrap_up", "wrap_up"]


def diverted(reservation_id: str) -> CallDiverted:
    return CallDiverted(
        call_id="c1",
        attempt=1,
        to="parent",
        next_call_id="k1",
        reservation_id=reservation_id,
        next_attempt=1,
    )


def test_while_consulting_nothing_is_passed_on_or_asked_beside_it() -> None:
    floor = Floor("a1", "a2")
    reservation_id = consulting(floor)
    truth = ("consulting", {"consult_call_id": "c1"})
    again = ConsultCall(reservation_id=reservation_id, consult_call_id="c2", queue_id="q2")
    assert refusal(floor, again) == truth
    assert refusal(floor, TransferCall(reservation_id=reservation_id, queue_id="q2")) == truth


def test_without_a_consultation_there_is_nothing_to_complete_or_to_leave() -> None:
    floor = Floor("a1", "a2")
    reservation_id = talking(floor)
    assert refusal(floor, CompleteTransfer(reservation_id=reservation_id))[0] == "not-consulting"
    assert refusal(floor, LeaveConsultation(reservation_id=reservation_id))[0] == "not-consulting"


def test_who_is_consulted_consults_nobody_about_that_but_may_once_they_have_the_caller() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor)
    second = joined(floor, "c1", "a2")
    command = ConsultCall(reservation_id=second, consult_call_id="c2", queue_id="q3")
    refused = floor.order("a2", command, "x1").refused
    assert refused is not None
    assert (refused.code, refused.truth) == ("in-consultation", {"parent_call_id": "k1"})
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        diverted(second),
    )
    assert floor.order("a2", command, "x2").refused is None


def card_of(floor: Floor, agent_id: str) -> Card:
    card: Card | None = floor.agent(agent_id).slots[0].filling.card  # type: ignore[union-attr]
    assert card is not None
    return card


def test_who_is_consulted_sees_who_asks_and_why_and_whose_caller_it_is_about() -> None:
    floor = Floor("a1", "a2")
    consulting(floor, note="wants a refund")
    floor.rung("c1", "a2")
    card = card_of(floor, "a2")
    assert card.parent_call_id == "k1"
    assert card.sent == Sent(agent_id="a1", name=NAME, reason="consult", note="wants a refund")


def test_who_took_the_caller_over_still_sees_who_sent_them_when_more_becomes_known() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor, note="wants a refund")
    second = joined(floor, "c1", "a2")
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        diverted(second),
        MOSCOW,
    )
    card = card_of(floor, "a2")
    assert card.parent_call_id is None
    assert card.place is not None
    assert card.sent == Sent(agent_id="a1", name=NAME, reason="transfer", note="wants a refund")


def test_the_desktop_of_who_took_the_caller_over_is_shown_the_callers_call() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor, note="wants a refund")
    second = joined(floor, "c1", "a2")
    before = floor.agent("a2")
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
    )
    told = [each for each in between(before, floor.agent("a2")) if isinstance(each, CallMessage)]
    [shown] = told
    assert (shown.call_id, shown.reservation_id, shown.state) == ("k1", second, "connected")
    assert shown.sent == Sent(agent_id="a1", name=NAME, reason="transfer", note="wants a refund")


def test_a_blind_transfer_shows_who_sent_it_and_why_and_so_does_its_return() -> None:
    floor = Floor("a1", "a2")
    reservation_id = talking(floor)
    floor.order(
        "a1", TransferCall(reservation_id=reservation_id, agent_id="a2", note="speaks Belarusian")
    )
    floor.hear(CallQueued(call_id="k1", attempt=2, agent_id="a2", sent_by="a1", reason="transfer"))
    floor.rung("k1", "a2", attempt=2)
    sent = Sent(agent_id="a1", name=NAME, reason="transfer", note="speaks Belarusian")
    assert card_of(floor, "a2").sent == sent
    floor.hear(CallQueued(call_id="k1", attempt=3, agent_id="a1", reason="overflow"))
    floor.order("a1", FinishWrapUp(reservation_id=reservation_id))
    floor.rung("k1", "a1", attempt=3)
    assert card_of(floor, "a1").sent == replace(sent, reason="returned")


def test_what_an_agent_writes_for_another_stands_in_no_event() -> None:
    floor = Floor("a1", "a2")
    reservation_id = consulting(floor, note="wants a refund")
    floor.order("a1", LeaveConsultation(reservation_id=reservation_id))
    floor.hear(CallAbandoned(call_id="c1", attempt=1))
    command = TransferCall(reservation_id=reservation_id, queue_id="q2", note="owes us money")
    floor.order("a1", command)
    log = "".join(str(envelope.data) for envelope in floor.store.outbox)
    assert "CallTransferRequested" in log
    assert not any(note in log for note in ("refund", "owes"))


def test_what_an_agent_wrote_for_another_is_in_no_row_once_the_call_is_over() -> None:
    floor = Floor("a1", "a2")
    first = consulting(floor, note="wants a refund")
    second = joined(floor, "c1", "a2")
    floor.hear(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        diverted(second),
    )
    third = TransferCall(reservation_id=second, queue_id="q3", note="owes us money")
    floor.order("a2", third, "t1")
    floor.hear(
        CallQueued(call_id="k1", attempt=2, queue_id="q3", sent_by="a2", reason="transfer"),
        CallAbandoned(call_id="k1", attempt=2),
    )
    floor.advance(WRAP_UP_S)
    rows = "".join(str(row.text) for row in floor.store.rows.values())
    assert not any(note in rows for note in ("refund", "owes"))


def test_nobody_consults_themselves_or_before_the_caller_is_joined() -> None:
    floor = Floor("a1", "a2")
    floor.hear(floor.arrived("k1"))
    offer = floor.rung("k1", "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    early = ConsultCall(reservation_id=offer.reservation_id, consult_call_id="c1", agent_id="a2")
    assert refusal(floor, early)[0] == "not-connected"
    floor = Floor("a1", "a2")
    oneself = ConsultCall(reservation_id=talking(floor), consult_call_id="c1", agent_id="a1")
    assert refusal(floor, oneself)[0] == "transfer-to-self"
