"""What an agent is going to be, where they sit, what rang out, and calls for help."""

from datetime import timedelta

import pytest

from agent_state.commands import Cause, Order, carry_out, obey
from agent_state.domain.agent import RonaPolicy, Station
from agent_state.domain.commands import (
    AcceptOffer,
    AnswerHelp,
    AskForHelp,
    BecomeNotReady,
    BecomeReady,
    EndHelp,
    FinishWrapUp,
    LeaveDesk,
    LoseConnection,
    RejectOffer,
    SetProfile,
    SignIn,
    SignOut,
    TakeDesk,
    Tick,
)
from agent_state.domain.decide import decide
from agent_state.domain.evolve import fold
from agent_state.domain.facts import Fact
from agent_state.domain.refusals import AgentInTalk, NoHelpAsked, NotInThatState, NotSignedIn
from agent_state.domain.view import view_of
from contact_events.agents import (
    AgentChanged,
    AgentHelpAnswered,
    AgentHelpEnded,
    AgentHelpRequested,
)
from contact_events.answering import CallRejected
from contact_events.calls import CallConnected, CallDisconnected
from tests.support.agent_floor import RING_S, WRAP_UP_S, Floor, done, profile


def talking(floor: Floor, call_id: str = "k1") -> str:
    """Have a1 talk with the call's caller and return the reservation."""
    offer = floor.rung(call_id, "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    floor.hear(
        CallConnected(
            call_id=call_id, attempt=1, reservation_id=offer.reservation_id, agent_id="a1"
        )
    )
    return offer.reservation_id


def hang_up(floor: Floor, call_id: str = "k1") -> None:
    floor.hear(CallDisconnected(call_id=call_id, attempt=1, by="caller"))


def changes(floor: Floor) -> list[AgentChanged]:
    return [event for event in floor.told() if isinstance(event, AgentChanged)]


def test_who_asks_to_leave_in_a_talk_is_signed_out_after_the_wrap_up() -> None:
    floor = Floor("a1")
    reservation = talking(floor)
    floor.told()
    floor.order("a1", SignOut(after_work=True))
    leaving = changes(floor)[-1]
    assert (leaving.presence, leaving.reason, leaving.status) == (
        "NotReady",
        "signing_out",
        "Talking",
    )
    assert leaving.next_presence == "Offline"
    hang_up(floor)
    assert floor.presence("a1") == ("NotReady", "signing_out")
    floor.told()
    floor.order("a1", FinishWrapUp(reservation_id=reservation))
    (gone,) = changes(floor)
    assert (gone.presence, gone.reason, gone.next_presence) == ("Offline", "signed_out", None)
    assert floor.presence("a1") == ("Offline", "signed_out")


def test_who_asks_to_leave_and_has_nothing_to_do_is_signed_out_at_once() -> None:
    floor = Floor("a1")
    floor.order("a1", SignOut(after_work=True))
    assert floor.presence("a1") == ("Offline", "signed_out")


def test_who_thinks_better_of_it_stays() -> None:
    floor = Floor("a1")
    talking(floor)
    floor.order("a1", SignOut(after_work=True))
    floor.order("a1", BecomeReady())
    hang_up(floor)
    floor.advance(WRAP_UP_S)
    assert floor.presence("a1") == ("Ready", None)


def test_a_status_asked_for_in_a_talk_stands_after_the_wrap_up() -> None:
    floor = Floor("a1")
    talking(floor)
    floor.order("a1", BecomeNotReady(reason="lunch"))
    assert view_of(floor.agent("a1")).status == "Talking"
    hang_up(floor)
    assert view_of(floor.agent("a1")).status == "WrapUp"
    floor.advance(WRAP_UP_S)
    assert view_of(floor.agent("a1")).status == "NotReady"
    assert floor.presence("a1") == ("NotReady", "lunch")


def test_signing_in_at_another_site_and_telephone_moves_and_says_so() -> None:
    floor = Floor("a1")
    floor.order("a1", SignIn(Station("minsk", "1042")))
    (moved,) = changes(floor)
    assert (moved.cause, moved.site_id, moved.telephone) == ("moved", "minsk", True)
    assert (moved.telephone_address, moved.presence) == ("1042", "Ready")
    floor.order("a1", SignIn(Station("minsk", "1042")))
    floor.order("a1", SignIn())
    assert floor.told() == []


def test_nobody_moves_away_from_a_call() -> None:
    floor = Floor("a1")
    floor.rung("k1", "a1")
    with pytest.raises(AgentInTalk):
        floor.order("a1", SignIn(Station("minsk")))


def test_a_new_day_begins_where_the_profile_says() -> None:
    floor = Floor("a1")
    floor.order("a1", SignIn(Station("minsk", "1042")))
    floor.order("a1", SignOut())
    floor.order("a1", SignIn())
    last = changes(floor)[-1]
    assert (last.site_id, last.telephone, last.telephone_address) == ("moscow", False, None)


def test_losing_the_desktop_s_line_at_a_telephone_keeps_the_agent_signed_in() -> None:
    floor = Floor("a1")
    floor.order("a1", SignIn(Station("minsk", "1042")))
    for command in (TakeDesk(place="p"), LeaveDesk(place="p"), LoseConnection(place="p")):
        floor.order("a1", command)
    assert floor.presence("a1") == ("NotReady", "connection_lost")


def ring_out(floor: Floor, call_id: str, policy: RonaPolicy) -> list[Fact]:
    """Let an offer ring out under the policy; return what it made true."""
    floor.rung(call_id, "a1")
    floor.clock.advance(RING_S)

    async def tick() -> list[Fact]:
        async with floor.store.unit() as unit:
            return await carry_out(unit, "a1", Tick(policy), Cause(floor.now))

    return done(tick())


def test_who_let_an_offer_ring_out_rests_and_is_ready_again_by_itself() -> None:
    floor = Floor("a1")
    facts = ring_out(floor, "k1", RonaPolicy(returns_after_s=60.0))
    told = facts[-1]
    assert isinstance(told, AgentChanged)
    assert (told.presence, told.reason, told.next_presence) == ("NotReady", "rona", "Ready")
    assert told.returns_at == floor.now + timedelta(seconds=60)
    floor.advance(59.0)
    assert floor.presence("a1") == ("NotReady", "rona")
    floor.told()
    floor.advance(1.0)
    (rested,) = changes(floor)
    assert (rested.presence, rested.cause, rested.returns_at) == ("Ready", "rested", None)


def test_a_rest_gives_way_to_what_the_agent_asks_for() -> None:
    floor = Floor("a1")
    ring_out(floor, "k1", RonaPolicy(returns_after_s=60.0))
    floor.order("a1", BecomeNotReady(reason="lunch"))
    floor.advance(600.0)
    assert floor.presence("a1") == ("NotReady", "lunch")


def test_a_policy_may_leave_who_let_an_offer_ring_out_ready() -> None:
    floor = Floor("a1")
    ring_out(floor, "k1", RonaPolicy(stays_ready=True))
    assert floor.presence("a1") == ("Ready", None)


def test_too_many_in_a_row_sign_the_agent_out() -> None:
    floor = Floor("a1")
    policy = RonaPolicy(stays_ready=True, most_in_a_row=2)
    ring_out(floor, "k1", policy)
    assert floor.presence("a1") == ("Ready", None)
    ring_out(floor, "k2", policy)
    assert floor.presence("a1") == ("Offline", "rona")


def test_what_rang_out_is_counted_and_an_answer_begins_a_new_row() -> None:
    floor = Floor("a1")
    for call_id in ("k1", "k2"):
        ring_out(floor, call_id, RonaPolicy(stays_ready=True))
    assert (view_of(floor.agent("a1")).rona_total, view_of(floor.agent("a1")).rona_in_a_row) == (
        2,
        2,
    )
    talking(floor, "k3")
    floor.order("a1", SignOut(after_work=True))
    assert (view_of(floor.agent("a1")).rona_total, view_of(floor.agent("a1")).rona_in_a_row) == (
        2,
        0,
    )


def test_the_agent_s_reason_for_a_no_is_told() -> None:
    floor = Floor("a1")
    offer = floor.rung("k1", "a1")
    floor.told()
    floor.order("a1", RejectOffer(reservation_id=offer.reservation_id, reason="conflict"))
    said = next(event for event in floor.told() if isinstance(event, CallRejected))
    assert (said.reason, said.agent_reason) == ("agent", "conflict")


def test_a_call_for_help_is_answered_and_ended_and_each_names_who() -> None:
    floor = Floor("a1")
    reservation = talking(floor)
    floor.told()
    floor.order("a1", AskForHelp(reservation))
    floor.order("a1", AskForHelp(reservation))
    floor.order("a1", AnswerHelp("ivanova"))
    floor.order("a1", AnswerHelp("ivanova"))
    shown = view_of(floor.agent("a1")).help
    assert shown is not None
    assert (shown.call_id, shown.answered_by, shown.since) == ("k1", "ivanova", floor.now)
    floor.order("a1", EndHelp("ivanova"))
    floor.order("a1", EndHelp())
    assert floor.told() == [
        AgentHelpRequested(agent_id="a1", call_id="k1"),
        AgentHelpAnswered(agent_id="a1", by="ivanova"),
        AgentHelpEnded(agent_id="a1", by="ivanova"),
    ]


def test_help_is_refused_where_it_makes_no_sense() -> None:
    floor = Floor("a1")
    with pytest.raises(NoHelpAsked):
        floor.order("a1", AnswerHelp("ivanova"))
    with pytest.raises(NotInThatState):
        floor.order("a1", AskForHelp("R9"))
    floor.order("a1", SignOut())
    with pytest.raises(NotSignedIn):
        floor.order("a1", AskForHelp())


def test_what_a_supervisor_orders_names_them_and_may_be_repeated() -> None:
    floor = Floor("a1")

    async def order(command_id: str) -> None:
        async with floor.store.unit() as unit:
            command = BecomeNotReady(reason="training")
            await obey(unit, Order("a1", command, command_id, by="ivanova"), floor.now)

    done(order("c1"))
    done(order("c1"))
    (ordered,) = changes(floor)
    assert (ordered.reason, ordered.by) == ("training", "ivanova")
    answered = floor.order("a1", BecomeReady(), "c1")  # the agent's own c1 is another command
    assert answered.refused is None
    (own,) = changes(floor)
    assert (own.presence, own.by) == ("Ready", None)


def test_what_a_desktop_is_shown_has_a_number_of_its_own_each_time() -> None:
    floor = Floor("a1")
    seen = [floor.agent("a1").version]
    offer = floor.rung("k1", "a1")
    seen.append(floor.agent("a1").version)
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    seen.append(floor.agent("a1").version)
    floor.hear(
        CallConnected(call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a1")
    )
    seen.append(floor.agent("a1").version)
    floor.hear(floor.arrived("k1"))
    seen.append(floor.agent("a1").version)
    floor.order("a1", AskForHelp())
    seen.append(floor.agent("a1").version)
    assert seen == sorted(set(seen))


def test_the_state_told_is_the_state_kept() -> None:
    """A presence that ends by itself survives the way through `agent.changed`."""
    floor = Floor("a1")
    before = floor.agent("a1")
    floor.rung("k1", "a1")
    ringing = floor.agent("a1")
    at = floor.now + timedelta(seconds=RING_S)
    facts = decide(ringing, Tick(RonaPolicy(returns_after_s=5.0)), at)
    after = fold(ringing, facts, at)
    assert after.presence != before.presence
    again = fold(ringing, [fact for fact in facts if isinstance(fact, AgentChanged)], at)
    assert again.presence == after.presence


def test_a_changed_profile_moves_nobody_who_signed_in_elsewhere() -> None:
    floor = Floor("a1")
    floor.order("a1", SignIn(Station("minsk")))
    floor.order("a1", SetProfile(profile=profile(site_id="saransk")))
    assert changes(floor)[-1].site_id == "minsk"


def test_what_had_to_wait_for_something_later_happens_no_earlier_than_that() -> None:
    """A timer or another process read its clock before it got the agent's row."""
    floor = Floor("a1")
    late = floor.now
    floor.clock.advance(5.0)
    floor.order("a1", BecomeNotReady(reason="lunch"))

    async def order() -> None:
        async with floor.store.unit() as unit:
            await obey(unit, Order("a1", BecomeReady()), late)

    done(order())
    times = [envelope.time for envelope in floor.store.outbox]
    assert times == sorted(times)
    assert view_of(floor.agent("a1")).presence == "Ready"
