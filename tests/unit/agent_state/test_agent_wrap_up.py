"""After-call work: how each mode ends, codes, sealed notes, and the next call beside it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_state.commands import Order, obey
from agent_state.domain.agent import wrap_ups
from agent_state.domain.answers import Answer
from agent_state.domain.commands import (
    AcceptOffer,
    BecomeReady,
    EndWrapUp,
    ExtendWrapUp,
    FinishWrapUp,
    LeaveDesk,
    LoseConnection,
    SetProfile,
    SignOut,
    TakeDesk,
)
from agent_state.domain.documents import Code
from agent_state.domain.refusals import CodesRequired, NotExtendable, NotInThatState
from agent_state.domain.wrap_up_rules import WrapUpPolicy
from agent_state.notes import opened
from agent_state.tables import CODE, NOTES, PERSON, WRAP_UP_POLICY
from contact_events.agents import AgentChanged
from contact_events.calls import CallArrived, CallConnected, CallDisconnected, Caller, Text
from contact_events.people import PersonErased
from contact_events.routing import CallRouted
from contact_events.wrapping import CallWrappedUp
from contact_runtime.administration.documents import Revision
from tests.support.agent_floor import WRAP_UP_S, Floor, done, profile

NAME = Text(ru="Имя", en="Name")
REF = "person-1"
QUEUE = "acme-sales"


async def keep(floor: Floor, kind: Any, key: str, said: Any) -> None:
    async with floor.store.unit() as unit:
        await unit.load(kind, key)
        unit.put(kind, key, Revision(1, "boss", floor.now, said))


def floor_with(policy: WrapUpPolicy | None = None) -> Floor:
    floor = Floor()
    floor.order("a1", SetProfile(profile=profile()))
    floor.order("a1", BecomeReady())
    if policy is not None:
        done(keep(floor, WRAP_UP_POLICY, QUEUE, policy))
    for code_id, parent_id in (("complaint", None), ("refund", "complaint"), ("order", None)):
        done(keep(floor, CODE, code_id, Code(name=NAME, parent_id=parent_id)))
    return floor


def over(floor: Floor, call_id: str = "k1") -> str:
    """Have the agent talk with a caller who hangs up, and return the reservation."""
    arrived = floor.arrived(call_id)
    caller = Caller(ref=REF, ref_version=1, prefix="+7495", sealed="")
    floor.hear(CallArrived(**{**as_dict(arrived), "caller": caller}))
    offer = floor.rung(call_id, "a1")
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    hang_up(floor, offer)
    floor.told()
    return offer.reservation_id


def hang_up(floor: Floor, offer: CallRouted) -> None:
    """Have ivr join the caller with the agent who took the offer, and the caller leave."""
    call_id, reservation_id = offer.call_id, offer.reservation_id
    floor.hear(
        CallConnected(call_id=call_id, attempt=1, reservation_id=reservation_id, agent_id="a1"),
        CallDisconnected(call_id=call_id, attempt=1, by="caller"),
    )


def as_dict(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def works(floor: Floor) -> int:
    return len(wrap_ups(floor.agent("a1")))


def ask(floor: Floor, command: Any, command_id: str = "c1") -> Answer:
    """Carry out a command as the API does: with an id, and with what documents say."""

    async def asked() -> Answer:
        async with floor.store.unit() as unit:
            return await obey(unit, Order("a1", command, command_id), floor.now)

    return done(asked())


def ended(floor: Floor) -> CallWrappedUp:
    (wrapped,) = [event for event in floor.told() if isinstance(event, CallWrappedUp)]
    return wrapped


def test_without_a_policy_it_is_timed_as_the_agents_profile_says() -> None:
    floor = floor_with()
    over(floor)
    floor.advance(WRAP_UP_S - 1)
    assert floor.state("a1") == "wrap_up"
    floor.advance(1)
    assert (floor.state("a1"), ended(floor).cause) == ("free", "due")


def test_where_the_policy_says_none_the_slot_is_free_at_once() -> None:
    floor = floor_with(WrapUpPolicy(mode="none"))
    over(floor)
    assert (floor.state("a1"), works(floor)) == ("free", 0)


def test_timed_work_lasts_as_long_as_the_policy_says() -> None:
    floor = floor_with(WrapUpPolicy(mode="timed", after_s=90.0))
    over(floor)
    floor.advance(89.0)
    assert floor.state("a1") == "wrap_up"
    floor.advance(1.0)
    assert (floor.state("a1"), ended(floor).by) == ("free", "timer")


def test_work_until_done_ends_when_the_agent_says_so_and_no_timer_ends_it() -> None:
    floor = floor_with(WrapUpPolicy(mode="until_done"))
    reservation = over(floor)
    floor.advance(86_400.0)
    assert floor.state("a1") == "wrap_up"
    ask(floor, FinishWrapUp(reservation_id=reservation))
    wrapped = ended(floor)
    assert (floor.state("a1"), wrapped.by, wrapped.cause) == ("free", "agent", "done")


@pytest.mark.parametrize(
    ("cause", "commands"),
    [
        ("supervisor", [EndWrapUp(reservation_id="R1")]),
        ("signed_out", [SignOut()]),
        ("connection_lost", [LeaveDesk(place="p"), LoseConnection(place="p")]),
    ],
)
def test_a_supervisor_ends_it_and_so_does_signing_out_and_a_lost_connection(
    cause: str, commands: list[Any]
) -> None:
    floor = floor_with(WrapUpPolicy(mode="until_done"))
    floor.order("a1", TakeDesk(place="p"))
    assert over(floor) == "R1"
    for command in commands:
        floor.order("a1", command)
    wrapped = ended(floor)
    assert (works(floor), wrapped.by, wrapped.cause) == (0, "timer", cause)


def test_extendable_work_is_put_off_as_often_as_the_policy_says() -> None:
    floor = floor_with(
        WrapUpPolicy(mode="timed_extendable", after_s=30.0, extend_by_s=20.0, extensions=2)
    )
    reservation = over(floor)
    for left in (1, 0):
        floor.order("a1", ExtendWrapUp(reservation_id=reservation))
        [shown] = floor.order("a1", BecomeReady()).agent.wrap_ups
        assert shown.extensions_left == left
    with pytest.raises(NotExtendable) as refused:
        floor.order("a1", ExtendWrapUp(reservation_id=reservation))
    assert refused.value.truth == {"mode": "timed_extendable", "extended": 2}
    floor.advance(69.0)
    assert floor.state("a1") == "wrap_up"
    floor.advance(1.0)
    assert floor.state("a1") == "free"


@pytest.mark.parametrize("mode", ["timed", "until_done", "optional"])
def test_other_work_is_not_extended(mode: Any) -> None:
    floor = floor_with(WrapUpPolicy(mode=mode))
    reservation = over(floor)
    with pytest.raises(NotExtendable):
        floor.order("a1", ExtendWrapUp(reservation_id=reservation))
    with pytest.raises(NotInThatState):
        floor.order("a1", ExtendWrapUp(reservation_id="R99"))


def test_a_policy_changed_or_taken_back_does_not_reach_the_work_under_way() -> None:
    floor = floor_with(WrapUpPolicy(mode="timed", after_s=90.0))
    offer = floor.rung("k1", "a1")
    done(keep(floor, WRAP_UP_POLICY, QUEUE, WrapUpPolicy(mode="none")))
    floor.order("a1", AcceptOffer(reservation_id=offer.reservation_id))
    hang_up(floor, offer)
    floor.advance(89.0)
    assert floor.state("a1") == "wrap_up"
    floor.advance(1.0)
    over(floor, "k2")
    assert floor.state("a1") == "free"


def test_a_deactivated_policy_is_the_default() -> None:
    floor = floor_with(WrapUpPolicy(mode="none", deactivated=True))
    over(floor)
    assert floor.state("a1") == "wrap_up"


@pytest.mark.parametrize(
    "policy", [WrapUpPolicy(mode="optional"), WrapUpPolicy(mode="until_done", calls_meanwhile=True)]
)
def test_where_the_policy_says_so_the_next_call_comes_beside_the_work(policy: WrapUpPolicy) -> None:
    floor = floor_with(policy)
    first = over(floor)
    assert (floor.state("a1"), works(floor)) == ("free", 1)
    second = floor.rung("k2", "a1")
    assert floor.state("a1") == "reserved"
    floor.order("a1", AcceptOffer(reservation_id=second.reservation_id))
    floor.told()
    ask(floor, FinishWrapUp(reservation_id=first, codes=("order",)))
    wrapped = ended(floor)
    assert (wrapped.reservation_id, wrapped.codes) == (first, ("order",))
    assert (floor.state("a1"), works(floor)) == ("talking", 0)


def test_optional_work_is_over_by_itself_while_the_agent_talks_on() -> None:
    floor = floor_with(WrapUpPolicy(mode="optional", after_s=40.0))
    over(floor)
    second = floor.rung("k2", "a1")
    floor.order("a1", AcceptOffer(reservation_id=second.reservation_id))
    floor.told()
    floor.advance(40.0)
    assert (floor.state("a1"), works(floor), ended(floor).cause) == ("talking", 0, "due")


def test_what_is_told_as_free_can_take_a_call_and_the_rest_is_done_in_the_slot() -> None:
    floor = floor_with(WrapUpPolicy(mode="until_done", calls_meanwhile=True))
    for number in range(5):
        if floor.state("a1") != "free":
            break
        over(floor, f"k{number}")
        changes = [e for e in floor.store.outbox if isinstance(e.data, AgentChanged)]
        told = changes[-1].data.slots[0].state  # type: ignore[attr-defined]
        assert told == floor.state("a1")
    assert (number, works(floor), floor.state("a1")) == (4, 4, "wrap_up")


def test_who_leaves_after_work_is_signed_out_once_the_work_beside_is_done() -> None:
    floor = floor_with(WrapUpPolicy(mode="until_done", calls_meanwhile=True))
    reservation = over(floor)
    floor.order("a1", SignOut(after_work=True))
    assert floor.presence("a1") == ("NotReady", "signing_out")
    ask(floor, FinishWrapUp(reservation_id=reservation))
    assert floor.presence("a1") == ("Offline", "signed_out")


def test_required_codes_are_required_of_the_agent_and_not_of_the_timer() -> None:
    floor = floor_with(WrapUpPolicy(mode="timed", after_s=30.0, codes_required=True))
    reservation = over(floor)
    with pytest.raises(CodesRequired):
        floor.order("a1", FinishWrapUp(reservation_id=reservation))
    assert floor.state("a1") == "wrap_up"
    floor.advance(30.0)
    assert (floor.state("a1"), ended(floor).codes) == ("free", ())


@pytest.mark.parametrize(
    ("code_id", "state"),
    [("nothing", "unknown"), ("order", "elsewhere"), ("complaint", "elsewhere"), ("refund", None)],
)
def test_codes_are_of_the_queues_branch(code_id: str, state: str | None) -> None:
    floor = floor_with(WrapUpPolicy(mode="until_done", codes_from="complaint"))
    reservation = over(floor)
    answer = ask(floor, FinishWrapUp(reservation_id=reservation, codes=(code_id,)))
    if state is None:
        assert answer.refused is None and ended(floor).codes == (code_id,)
    else:
        assert answer.refused is not None
        assert (answer.refused.code, answer.refused.truth) == (
            "code-refused",
            {"code_id": code_id, "state": state},
        )


@pytest.mark.parametrize("deactivated", ["refund", "complaint"])
def test_a_code_of_a_deactivated_branch_is_not_chosen(deactivated: str) -> None:
    floor = floor_with()
    parent = None if deactivated == "complaint" else "complaint"
    done(keep(floor, CODE, deactivated, Code(name=NAME, parent_id=parent, deactivated=True)))
    reservation = over(floor)
    answer = ask(floor, FinishWrapUp(reservation_id=reservation, codes=("refund",)))
    assert answer.refused is not None and answer.refused.truth["state"] == "deactivated"


def test_what_is_written_is_sealed_wherever_it_is_kept_and_opened_for_who_may() -> None:
    floor = floor_with()
    text = "Просил не звонить до обеда"
    reservation = over(floor)
    ask(floor, FinishWrapUp(reservation_id=reservation, codes=("refund",), notes=text))
    wrapped = ended(floor)
    assert wrapped.notes_sealed
    kept = [row.text or "" for row in floor.store.rows.values()]
    sent = [(event.entry.value or b"").decode() for _, event in floor.store.events]
    assert not any(word in each for each in (*kept, *sent) for word in text.split())
    (note,) = done(floor.store.peek(NOTES, "k1"))
    assert (note.agent_id, note.codes, note.person) == ("a1", ("refund",), REF)
    assert done(read(floor)) == [text]


async def read(floor: Floor, call_id: str = "k1") -> list[str | None]:
    async with floor.store.unit() as unit:
        return [await opened(unit, note) for note in await unit.peek(NOTES, call_id)]


def test_what_was_written_of_somebody_who_was_erased_is_read_no_more() -> None:
    floor = floor_with()
    ask(floor, FinishWrapUp(reservation_id=over(floor), notes="Личное"))
    assert done(read(floor)) == ["Личное"]
    floor.hear(PersonErased(caller_ref=REF))
    assert done(read(floor)) == [None]
    assert done(floor.store.peek(PERSON, REF)).key is None
    ask(floor, FinishWrapUp(reservation_id=over(floor, "k2"), notes="Новое"), "c2")
    assert done(read(floor)) == [None]
    assert done(read(floor, "k2")) == ["Новое"]


@settings(deadline=None)
@given(
    mode=st.sampled_from(["optional", "until_done", "timed", "timed_extendable"]),
    meanwhile=st.booleans(),
    steps=st.lists(st.sampled_from(["call", "finish", "extend", "wait", "out"]), max_size=12),
)
def test_each_talk_is_wrapped_up_at_most_once_and_nothing_is_left_of_who_is_gone(
    mode: Any, meanwhile: bool, steps: list[str]
) -> None:
    floor = floor_with(
        WrapUpPolicy(
            mode=mode, calls_meanwhile=meanwhile, after_s=30.0, extend_by_s=5.0, extensions=1
        )
    )
    talks: list[str] = []
    for number, step in enumerate(steps):
        if step == "call" and floor.state("a1") == "free" and floor.presence("a1")[0] == "Ready":
            talks.append(over(floor, f"k{number}"))
        elif step == "out":
            floor.order("a1", SignOut())
        elif step == "wait":
            floor.advance(11.0)
        elif talks:
            command = FinishWrapUp if step == "finish" else ExtendWrapUp
            ask(floor, command(reservation_id=talks[-1]), f"c{number}")
    floor.order("a1", SignOut())
    outbox = [envelope.data for envelope in floor.store.outbox]
    wrapped = [event.reservation_id for event in outbox if isinstance(event, CallWrappedUp)]
    assert sorted(wrapped) == sorted(talks)
    assert (works(floor), floor.state("a1")) == (0, "free")
