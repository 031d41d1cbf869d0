"""The talk and what follows it, presence, and commands that come twice."""

from typing import Any

import pytest

from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    BecomeNotReady,
    BecomeReady,
    FinishWrapUp,
    HoldCall,
    LeaveDesk,
    LoseConnection,
    RejectOffer,
    ReleaseCall,
    ResumeCall,
    SetProfile,
    SignIn,
    SignOut,
    TakeDesk,
    TransferCall,
)
from agent_state.domain.refusals import CommandIdReused, PoolFixed, UnknownAgent
from contact_events.agents import AgentChanged
from contact_events.answering import (
    CallHeld,
    CallRejected,
    CallReleaseRequested,
    CallResumed,
    CallTransferRequested,
)
from contact_events.calls import (
    CallAbandoned,
    CallConnected,
    CallDisconnected,
    CallQueued,
    CallRecovered,
)
from contact_events.routing import CallRouted
from contact_events.wrapping import CallReleased, CallWrappedUp
from tests.support.agent_floor import RING_S, WRAP_UP_S, Floor, profile


def talking(floor: Floor, *, joined: bool = True) -> CallRouted:
    """Let a1 talk with the caller of k1 and return the offer that led to it."""
    floor.hear(floor.arrived("k1"))
    offer = floor.rung("k1", "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    if joined:
        floor.hear(
            CallConnected(
                call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a1"
            )
        )
    floor.told()
    return offer


def refusal(floor: Floor, command: AgentCommand, command_id: str = "c1") -> tuple[str, Any]:
    """Return the code and the truth with which a1's command is refused."""
    refused = floor.order("a1", command, command_id).refused
    assert refused is not None
    return refused.code, refused.truth


def disconnected() -> CallDisconnected:
    return CallDisconnected(call_id="k1", attempt=1, by="caller")


def test_hanging_up_is_a_request_and_the_slot_stays_until_ivr_has_done_it() -> None:
    floor = Floor("a1")
    offer = talking(floor)
    floor.order("a1", ReleaseCall(reservation_id=offer.reservation_id))
    assert floor.told() == [
        CallReleaseRequested(call_id="k1", reservation_id=offer.reservation_id, agent_id="a1")
    ]
    assert floor.state("a1") == "talking"
    floor.hear(disconnected())
    released, changed = floor.told()
    assert isinstance(released, CallReleased)
    assert (released.connected, released.reason) == (True, "ended")
    assert isinstance(changed, AgentChanged)
    assert changed.status == "WrapUp"


def test_after_call_work_ends_by_itself() -> None:
    floor = Floor("a1")
    talking(floor)
    floor.hear(disconnected())
    floor.told()
    floor.advance(WRAP_UP_S - 1)
    assert floor.told() == []
    floor.advance(1)
    done, changed = floor.told()
    assert isinstance(done, CallWrappedUp)
    assert done.by == "timer"
    assert isinstance(changed, AgentChanged)
    assert (changed.status, changed.slots[0].state) == ("Ready", "free")


def test_after_call_work_ends_when_the_agent_says_so() -> None:
    floor = Floor("a1")
    offer = talking(floor)
    floor.hear(disconnected())
    floor.told()
    floor.order("a1", FinishWrapUp(reservation_id=offer.reservation_id, codes=("sold",)))
    done, _ = floor.told()
    assert isinstance(done, CallWrappedUp)
    assert (done.by, done.codes) == ("agent", ("sold",))
    floor.advance(WRAP_UP_S)
    assert floor.told() == []


def test_an_acceptance_whose_caller_had_gone_is_released_without_after_call_work() -> None:
    floor = Floor("a1")
    talking(floor, joined=False)
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    released, changed = floor.told()
    assert isinstance(released, CallReleased)
    assert not released.connected
    assert isinstance(changed, AgentChanged)
    assert changed.status == "Ready"


def test_holding_and_resuming_are_told_and_refused_where_they_make_no_sense() -> None:
    floor = Floor("a1")
    offer = talking(floor)
    on = HoldCall(reservation_id=offer.reservation_id)
    off = ResumeCall(reservation_id=offer.reservation_id)
    assert refusal(floor, off, "c0") == (
        "call-not-in-that-state",
        {"reservation_id": offer.reservation_id, "state": "talking"},
    )
    floor.order("a1", on)
    held, changed = floor.told()
    assert isinstance(held, CallHeld)
    assert isinstance(changed, AgentChanged)
    assert changed.status == "Hold"
    assert refusal(floor, on, "c1")[1]["state"] == "hold"
    floor.order("a1", off)
    resumed, _ = floor.told()
    assert isinstance(resumed, CallResumed)
    floor.order("a1", on)
    floor.hear(disconnected())
    assert floor.state("a1") == "wrap_up"  # who was on hold was joined


def test_nobody_can_be_held_or_sent_on_before_being_joined() -> None:
    floor = Floor("a1")
    offer = talking(floor, joined=False)
    assert refusal(floor, HoldCall(reservation_id=offer.reservation_id), "c1")[0] == "not-connected"
    sent = TransferCall(reservation_id=offer.reservation_id, queue_id="billing")
    assert refusal(floor, sent, "c2")[0] == "not-connected"


def test_a_transfer_is_a_request_and_the_next_stay_in_a_queue_releases_the_agent() -> None:
    floor = Floor("a1")
    offer = talking(floor)
    floor.order("a1", TransferCall(reservation_id=offer.reservation_id, queue_id="billing"))
    assert floor.told() == [
        CallTransferRequested(
            call_id="k1",
            reservation_id=offer.reservation_id,
            agent_id="a1",
            to_queue_id="billing",
        )
    ]
    floor.hear(CallQueued(call_id="k1", attempt=2, queue_id="billing", sent_by="a1"))
    released, changed = floor.told()
    assert isinstance(released, CallReleased)
    assert released.reason == "moved"
    assert isinstance(changed, AgentChanged)
    assert (changed.presence, changed.status) == ("Ready", "WrapUp")


def test_a_caller_can_be_sent_to_another_agent_but_not_to_oneself() -> None:
    floor = Floor("a1")
    offer = talking(floor)
    to_self = TransferCall(reservation_id=offer.reservation_id, agent_id="a1")
    assert refusal(floor, to_self)[0] == "transfer-to-self"
    floor.order("a1", TransferCall(reservation_id=offer.reservation_id, agent_id="a2"))
    (asked,) = floor.told()
    assert isinstance(asked, CallTransferRequested)
    assert asked.to_agent_id == "a2"


@pytest.mark.parametrize(
    ("reason", "presence"),
    [
        ("leg_lost", ("NotReady", "leg_lost")),
        ("not_joined", ("NotReady", "leg_lost")),
        ("agent_offline", ("Ready", None)),
    ],
)
def test_an_agent_whose_leg_was_lost_takes_no_more_calls(
    reason: Any, presence: tuple[str, str | None]
) -> None:
    floor = Floor("a1")
    talking(floor)
    floor.hear(CallRecovered(call_id="k1", attempt=2, reason=reason, queue_id="q"))
    assert floor.presence("a1") == presence
    assert floor.state("a1") == "wrap_up"


def test_a_new_stay_that_is_not_above_the_talk_s_attempt_releases_nobody() -> None:
    floor = Floor("a1")
    floor.rung("k1", "a1", attempt=2)
    floor.hear(CallQueued(call_id="k1", attempt=2, queue_id="q"))
    assert floor.state("a1") == "reserved"


def test_nobody_signs_out_in_a_talk_but_in_after_call_work() -> None:
    floor = Floor("a1")
    talking(floor)
    assert refusal(floor, SignOut())[0] == "agent-in-talk"
    floor.hear(disconnected())
    floor.order("a1", SignOut())
    assert floor.presence("a1") == ("Offline", "signed_out")
    floor.advance(WRAP_UP_S)
    assert floor.state("a1") == "free"


def test_presence_follows_what_the_agent_says() -> None:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile()))
    assert floor.presence("a1") == ("Offline", None)
    assert refusal(floor, BecomeNotReady(reason="lunch"))[0] == "not-signed-in"
    floor.order("a1", SignIn())
    assert floor.presence("a1") == ("NotReady", "signed_in")
    floor.order("a1", BecomeReady())
    assert floor.presence("a1") == ("Ready", None)
    floor.order("a1", BecomeNotReady(reason="lunch"))
    assert floor.presence("a1") == ("NotReady", "lunch")
    told = floor.told()
    assert [type(event) for event in told] == [AgentChanged] * 4
    floor.order("a1", BecomeNotReady(reason="lunch"))
    floor.order("a1", SignIn())
    assert floor.told() == []  # as they were already


def test_the_log_learns_what_the_router_must_know_of_an_agent() -> None:
    floor = Floor("a1")
    known = profile(skills={"sales": 3}, team="t1", site_id="minsk", telephone=True)
    floor.order("a1", SetProfile(profile=known))
    (changed,) = floor.told()
    assert isinstance(changed, AgentChanged)
    assert (changed.skills, changed.team_id, changed.site_id, changed.telephone) == (
        {"sales": 3},
        "t1",
        "minsk",
        True,
    )
    floor.order("a1", SetProfile(profile=known))
    assert floor.told() == []


def test_only_who_is_signed_out_changes_to_another_pool() -> None:
    floor = Floor("a1")
    moved = SetProfile(profile=profile(pool="minsk"))
    with pytest.raises(PoolFixed):
        floor.order("a1", moved)
    floor.order("a1", SignOut())
    floor.order("a1", moved)
    assert floor.store.outbox[-1].pool == "minsk"


def test_a_command_of_nobody_we_know_is_refused_and_not_remembered() -> None:
    floor = Floor()
    with pytest.raises(UnknownAgent):
        floor.order("a1", BecomeReady(), "c1")
    floor.order("a1", SetProfile(profile=profile()))
    assert floor.order("a1", BecomeReady(), "c1").refused is None


def test_the_same_command_twice_has_one_effect_and_one_answer() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    command = AcceptOffer(reservation_id=offer.reservation_id)
    first = floor.order("a1", command, "c1")
    floor.hear(CallAbandoned(call_id="k1", attempt=1))
    floor.told()
    assert floor.order("a1", command, "c1") == first
    assert floor.told() == []


def test_a_refused_command_is_refused_again_also_when_it_would_now_succeed() -> None:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile()))
    refused = floor.order("a1", BecomeNotReady(reason="lunch"), "c1")
    floor.order("a1", BecomeReady())
    assert floor.order("a1", BecomeNotReady(reason="lunch"), "c1") == refused
    assert floor.presence("a1") == ("Ready", None)


def test_a_command_id_stands_for_one_command() -> None:
    floor = Floor("a1")
    floor.order("a1", BecomeNotReady(reason="lunch"), "c1")
    with pytest.raises(CommandIdReused):
        floor.order("a1", BecomeReady(), "c1")


def test_of_two_taps_on_accept_one_wins_and_the_other_learns_the_truth() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    command = AcceptOffer(reservation_id=offer.reservation_id)
    assert floor.order("a1", command, "tab1").refused is None
    assert refusal(floor, command, "tab2") == (
        "offer-gone",
        {"reservation_id": offer.reservation_id, "outcome": "answered"},
    )


@pytest.mark.parametrize("end", ["rang_out", "caller_gone", "rescinded", "superseded", "not_ready"])
def test_who_accepts_too_late_learns_what_became_of_the_offer(end: str) -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    match end:
        case "rang_out":
            floor.advance(RING_S)
        case "caller_gone":
            floor.hear(CallAbandoned(call_id="k1", attempt=1))
        case "rescinded":
            floor.hear(floor.rescission(offer))
        case "superseded":
            floor.hear(CallQueued(call_id="k1", attempt=2, queue_id="q"))
        case "not_ready":
            floor.order("a1", SignOut())
    floor.told()
    code, truth = refusal(floor, AcceptOffer(reservation_id=offer.reservation_id))
    assert (code, truth["outcome"]) == ("offer-gone", end)
    assert refusal(floor, RejectOffer(reservation_id=offer.reservation_id), "c2")[0] == code
    assert floor.told() == []


def test_an_acceptance_before_the_timer_fires_is_valid() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    floor.clock.advance(RING_S + 5)  # due, but the timer was late
    assert floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id), "c1").refused is None
    floor.advance(0)
    assert floor.state("a1") == "talking"


def test_the_last_socket_to_go_signs_the_agent_out_and_settles_what_rings() -> None:
    floor = Floor("a1")
    floor.order("a1", TakeDesk(place="here"))
    floor.rung("k1", "a1")
    floor.told()
    floor.order("a1", LeaveDesk(place="here"))
    assert floor.told() == []
    floor.order("a1", LoseConnection(place="here"))
    rejected, changed = floor.told()
    assert isinstance(rejected, CallRejected)
    assert isinstance(changed, AgentChanged)
    assert (rejected.reason, changed.presence, changed.reason) == (
        "not_ready",
        "Offline",
        "connection_lost",
    )


@pytest.mark.parametrize(
    "meanwhile",
    [
        [TakeDesk(place="here")],
        [TakeDesk(place="there")],
        [TakeDesk(place="there"), LeaveDesk(place="there")],
    ],
)
def test_nobody_is_signed_out_while_another_socket_is_there_or_within_its_own_grace(
    meanwhile: list[Any],
) -> None:
    floor = Floor("a1")
    for command in [TakeDesk(place="here"), LeaveDesk(place="here"), *meanwhile]:
        floor.order("a1", command)
    floor.order("a1", LoseConnection(place="here"))
    assert floor.presence("a1") == ("Ready", None)


def test_a_socket_that_closes_elsewhere_leaves_the_desk_to_whom_it_belongs() -> None:
    floor = Floor("a1")
    for command in [TakeDesk(place="here"), TakeDesk(place="there"), LeaveDesk(place="here")]:
        floor.order("a1", command)
    floor.order("a1", LoseConnection(place="here"))
    assert floor.presence("a1") == ("Ready", None)


def test_losing_the_socket_of_an_agent_with_a_telephone_only_stops_offers() -> None:
    floor = Floor("a1", telephone=True)
    floor.order("a1", TakeDesk(place="here"))
    floor.rung("k1", "a1")
    floor.order("a1", LeaveDesk(place="here"))
    floor.order("a1", LoseConnection(place="here"))
    assert floor.presence("a1") == ("NotReady", "connection_lost")
    assert floor.state("a1") == "reserved"


def test_losing_the_connection_in_a_talk_is_told_and_ivr_does_the_rest() -> None:
    floor = Floor("a1")
    talking(floor)
    for command in [
        TakeDesk(place="here"),
        LeaveDesk(place="here"),
        LoseConnection(place="here"),
    ]:
        floor.order("a1", command)
    (changed,) = floor.told()
    assert isinstance(changed, AgentChanged)
    assert (changed.status, changed.slots[0].state) == ("Offline", "talking")
    floor.hear(CallRecovered(call_id="k1", attempt=2, reason="agent_offline", queue_id="q"))
    assert floor.state("a1") == "wrap_up"
