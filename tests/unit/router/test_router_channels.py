"""One agent, several channels: the router takes each slot as agent-state tells it."""

import pytest

from contact_events.agents import Slot
from contact_events.routing import CallRouted
from tests.support.router_centre import Centre


@pytest.fixture
def centre() -> Centre:
    return Centre()


VOICE, CHAT_1, CHAT_2 = (
    Slot(slot=0, state="free"),
    Slot(slot=1, state="free", channel="chat"),
    Slot(slot=2, state="free", channel="chat"),
)


def offers(centre: Centre) -> list[tuple[str, int]]:
    return [(d.call_id, d.slot) for d in centre.decide() if isinstance(d, CallRouted)]


def test_a_chat_is_offered_to_a_slot_that_takes_chats(centre: Centre) -> None:
    centre.agent("talker")
    centre.agent("writer", slots=(VOICE, CHAT_1))
    centre.call("c1", channel="chat")
    assert offers(centre) == [("c1", 1)]


def test_nobody_without_a_slot_of_the_channel_is_offered_the_contact(centre: Centre) -> None:
    centre.agent("talker")
    centre.call("c1", channel="chat")
    assert offers(centre) == []
    assert centre.unserved() == {"sales": 1}


def test_two_chats_are_offered_at_once_to_one_agent(centre: Centre) -> None:
    centre.agent("writer", slots=(VOICE, CHAT_1, CHAT_2))
    for call_id in ("c1", "c2", "c3"):
        centre.call(call_id, channel="chat")
    assert offers(centre) == [("c1", 1), ("c2", 2)]


def test_no_call_is_offered_while_a_chat_is_not_settled(centre: Centre) -> None:
    centre.agent("writer", slots=(VOICE, CHAT_1, CHAT_2))
    centre.call("c1", channel="chat")
    assert offers(centre) == [("c1", 1)]
    centre.call("k1")
    assert offers(centre) == []


def test_what_interrupts_what_is_for_agent_state_to_say(centre: Centre) -> None:
    """An agent writes an e-mail: where that blocks the voice slot, no call comes."""
    mail = Slot(slot=1, state="talking", channel="email", call_id="m", attempt=1)
    for call_id, blocked in (("k1", (0,)), ("k2", ())):
        centre.agent("writer", slots=(VOICE, mail), blocked=blocked)
        centre.call(call_id)
        assert offers(centre) == ([] if blocked else [("k1", 0)])


def test_the_same_queue_serves_both_channels_in_one_order(centre: Centre) -> None:
    centre.call("c1", channel="chat")
    centre.call("k1")
    centre.agent("both", slots=(VOICE, CHAT_1))
    assert offers(centre) == [("c1", 1)]
