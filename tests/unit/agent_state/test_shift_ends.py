"""The end of a shift: no more calls from then on, and nobody is signed out of a talk."""

import pytest

from agent_state.commands import Cause, carry_out
from agent_state.domain.commands import (
    AcceptOffer,
    BecomeNotReady,
    BecomeReady,
    EndShift,
    ExtendShift,
    FinishWrapUp,
    ShiftCommand,
    SignIn,
    SignOut,
)
from agent_state.domain.refusals import ShiftOver
from contact_events.agents import AgentChanged
from contact_events.calls import CallConnected, CallDisconnected
from tests.support.agent_floor import Floor, done


def shift(floor: Floor, command: ShiftCommand) -> None:
    """Have the roster say this to a1."""

    async def say() -> None:
        async with floor.store.unit() as unit:
            await carry_out(unit, "a1", command, Cause(floor.now, "timer:roster"))

    done(say())


def talk(floor: Floor) -> str:
    offer = floor.rung("k1", "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    floor.hear(
        CallConnected(call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id="a1")
    )
    return offer.reservation_id


def causes(floor: Floor) -> list[tuple[str, str, str | None]]:
    events = [event for event in floor.told() if isinstance(event, AgentChanged)]
    return [(event.cause, event.presence, event.reason) for event in events]


def test_who_is_free_is_signed_out_at_the_end_of_the_shift_with_its_cause_told() -> None:
    floor = Floor("a1")
    shift(floor, EndShift(leaves=True))
    assert floor.presence("a1") == ("Offline", "shift_over")
    assert causes(floor) == [("shift_over", "Offline", "shift_over")]


def test_who_talks_at_the_end_of_the_shift_is_signed_out_after_the_wrap_up() -> None:
    floor = Floor("a1")
    reservation_id = talk(floor)
    shift(floor, EndShift(leaves=True))
    assert (floor.state("a1"), floor.presence("a1")) == ("talking", ("NotReady", "shift_over"))
    floor.hear(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    assert floor.state("a1") == "wrap_up"
    floor.order("a1", FinishWrapUp(reservation_id=reservation_id))
    assert floor.presence("a1") == ("Offline", "shift_over")


def test_within_the_grace_the_agent_is_signed_in_and_gets_no_offers() -> None:
    floor = Floor("a1")
    shift(floor, EndShift(leaves=False))
    assert floor.presence("a1") == ("NotReady", "shift_over")
    floor.rung("k1", "a1")
    assert floor.state("a1") == "free"
    shift(floor, EndShift(leaves=True))
    assert floor.presence("a1") == ("Offline", "shift_over")


@pytest.mark.parametrize("command", [BecomeReady(), BecomeNotReady(reason="lunch")])
def test_nobody_is_ready_again_after_the_shift_but_by_signing_in_anew(
    command: BecomeReady | BecomeNotReady,
) -> None:
    floor = Floor("a1")
    shift(floor, EndShift(leaves=False))
    with pytest.raises(ShiftOver):
        floor.order("a1", command)
    floor.order("a1", SignOut())
    floor.order("a1", SignIn())
    floor.order("a1", command)
    assert floor.presence("a1")[0] in ("Ready", "NotReady")


def test_a_longer_shift_lets_the_agent_work_on() -> None:
    floor = Floor("a1")
    shift(floor, EndShift(leaves=False))
    shift(floor, ExtendShift())
    assert floor.presence("a1") == ("NotReady", "signed_in")
    floor.order("a1", BecomeReady())
    assert floor.presence("a1") == ("Ready", None)


def test_a_shift_that_ends_twice_or_without_the_agent_changes_nothing() -> None:
    floor = Floor("a1")
    shift(floor, ExtendShift())
    shift(floor, EndShift(leaves=False))
    floor.told()
    shift(floor, EndShift(leaves=False))
    assert floor.told() == []
    floor.order("a1", SignOut())
    floor.told()
    shift(floor, EndShift(leaves=True))
    assert floor.told() == []


def test_who_has_asked_to_leave_after_work_keeps_that() -> None:
    floor = Floor("a1")
    talk(floor)
    floor.order("a1", SignOut(after_work=True))
    shift(floor, EndShift(leaves=False))
    assert floor.presence("a1") == ("NotReady", "signing_out")
