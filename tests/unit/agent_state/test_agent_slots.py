"""Slots by channel: how many contacts at once, and which may break into which."""

import pytest

from agent_state.domain.commands import AcceptOffer, BecomeReady, FinishWrapUp, SetProfile
from agent_state.domain.refusals import SlotInUse
from contact_events.agents import AgentChanged
from contact_events.answering import CallRejected
from contact_events.calls import CallAbandoned, CallConnected, CallDisconnected
from contact_events.routing import CallRouted
from tests.support.agent_floor import Floor, profile

TWO_CHATS = {"voice": 1, "chat": 2}


def floor_with(channels: dict[str, int], **about: object) -> Floor:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile(channels=channels, **about)))
    floor.order("a1", BecomeReady())
    floor.told()
    return floor


def state(floor: Floor) -> AgentChanged:
    return next(event for event in reversed(floor.told()) if isinstance(event, AgentChanged))


def open_slots(changed: AgentChanged) -> list[str]:
    """Return the channels that can be offered now."""
    return [
        slot.channel
        for slot in changed.slots
        if slot.state == "free" and slot.slot not in changed.blocked
    ]


def taken(floor: Floor, call_id: str, slot: int) -> CallRouted:
    offer = floor.rung(call_id, "a1", slot=slot)
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    about = {"reservation_id": offer.reservation_id, "agent_id": "a1"}
    floor.hear(CallConnected(call_id=call_id, attempt=1, **about))
    return offer


def test_an_agent_has_a_slot_for_each_contact_they_may_have_at_once() -> None:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile(channels=TWO_CHATS)))
    assert [slot.channel for slot in state(floor).slots] == ["voice", "chat", "chat"]


def test_two_chats_and_no_call() -> None:
    floor = floor_with(TWO_CHATS)
    taken(floor, "chat-1", 1)
    assert open_slots(state(floor)) == ["chat"]
    taken(floor, "chat-2", 2)
    assert open_slots(state(floor)) == []


def test_a_call_keeps_chats_away() -> None:
    floor = floor_with(TWO_CHATS)
    taken(floor, "k1", 0)
    assert open_slots(state(floor)) == []


def test_an_email_may_be_interrupted_by_a_call_and_not_the_other_way_round() -> None:
    floor = floor_with({"voice": 1, "email": 1}, interrupts={"voice": ("email",)})
    taken(floor, "mail", 1)
    assert open_slots(state(floor)) == ["voice"]
    talk = taken(floor, "k1", 0)
    assert open_slots(state(floor)) == []
    floor.hear(CallDisconnected(call_id="mail", attempt=1, by="system"))
    assert open_slots(state(floor)) == []
    floor.hear(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    floor.order("a1", FinishWrapUp(reservation_id=talk.reservation_id))
    changed = state(floor)
    assert {slot.state for slot in changed.slots} == {"free", "wrap_up"}


def test_an_offer_for_a_blocked_slot_is_settled_as_not_ready() -> None:
    floor = floor_with(TWO_CHATS)
    floor.rung("chat-1", "a1", slot=1)
    floor.told()
    floor.rung("k1", "a1", slot=0)
    (rejected,) = [event for event in floor.told() if isinstance(event, CallRejected)]
    assert (rejected.call_id, rejected.reason) == ("k1", "not_ready")


def test_a_slot_keeps_its_number_when_the_agent_is_described_anew() -> None:
    floor = floor_with(TWO_CHATS)
    taken(floor, "chat-2", 2)
    floor.order("a1", SetProfile(profile=profile(channels={"chat": 2, "email": 1})))
    assert [slot.channel for slot in state(floor).slots] == ["email", "chat", "chat"]


def test_a_slot_no_longer_needed_takes_nothing_more() -> None:
    floor = floor_with(TWO_CHATS)
    floor.order("a1", SetProfile(profile=profile(channels={"voice": 1})))
    assert open_slots(state(floor)) == ["voice", "", ""]
    floor.rung("chat", "a1", slot=1)
    assert any(isinstance(event, CallRejected) for event in floor.told())


def test_a_slot_is_not_taken_away_under_a_contact() -> None:
    floor = floor_with(TWO_CHATS)
    offer = taken(floor, "chat", 1)
    floor.told()
    only_voice = SetProfile(profile=profile(channels={"voice": 1}))
    with pytest.raises(SlotInUse, match="channel chat"):
        floor.order("a1", only_voice)
    floor.hear(CallAbandoned(call_id="chat", attempt=1))
    floor.order("a1", FinishWrapUp(reservation_id=offer.reservation_id))
    floor.order("a1", only_voice)
    assert open_slots(state(floor)) == ["voice", "", ""]


@pytest.mark.parametrize("channel", ["voice", "chat", "email", "fax", "video", "callback"])
def test_every_channel_differs_only_by_what_the_profile_says(channel: str) -> None:
    floor = floor_with({channel: 1})
    taken(floor, "k1", floor_slot(floor, channel))
    assert open_slots(state(floor)) == []


def floor_slot(floor: Floor, channel: str) -> int:
    slots = floor.agent("a1").slots
    return next(number for number, slot in enumerate(slots) if slot.channel == channel)
