"""The talk and what follows: what agents ask of ivr, and what ivr's facts do to the slots."""

from datetime import datetime
from typing import Literal

from agent_state.domain import consults
from agent_state.domain.agent import Agent, Filled, Free, Hold, Reserved, Talking
from agent_state.domain.commands import (
    EndCall,
    HoldCall,
    JoinCall,
    LearnCard,
    LeaveCall,
    MoveCall,
    ReleaseCall,
    ResumeCall,
    TransferCall,
)
from agent_state.domain.evolve import find
from agent_state.domain.facts import CallJoined, CardLearned, Fact, SlotMoved
from agent_state.domain.offers import settled
from agent_state.domain.refusals import NotConnected, NotInThatState
from agent_state.domain.tell import not_ready, told
from agent_state.domain.view import state_of
from contact_events.answering import (
    CallHeld,
    CallRejected,
    CallReleaseRequested,
    CallResumed,
    CallTransferRequested,
)
from contact_events.wrapping import CallReleased

Released = Literal["ended", "moved", "recovered", "left"]


def hold(agent: Agent, command: HoldCall, at: datetime) -> list[Fact]:
    """Return that the caller is on hold.

    Raises:
        NotInThatState: the call is not in talk.
        NotConnected: nobody is joined yet who could be held.
    """
    talk = _talk(agent, command.reservation_id, Talking)
    _must_be_joined(talk)
    held = CallHeld(
        call_id=talk.call_id, reservation_id=talk.reservation_id, agent_id=agent.agent_id
    )
    return told(agent, [held], at, "held")


def resume(agent: Agent, command: ResumeCall, at: datetime) -> list[Fact]:
    """Return that the caller is off hold.

    Raises:
        NotInThatState: the call is not on hold.
    """
    talk = _talk(agent, command.reservation_id, Hold)
    resumed = CallResumed(
        call_id=talk.call_id, reservation_id=talk.reservation_id, agent_id=agent.agent_id
    )
    return told(agent, [resumed], at, "resumed")


def release(agent: Agent, command: ReleaseCall) -> list[Fact]:
    """Return the request to hang up; the slot stays until ivr says that the call is over.

    Raises:
        NotInThatState: the call is neither in talk nor on hold.
    """
    talk = _talk(agent, command.reservation_id, Talking, Hold)
    return [
        CallReleaseRequested(
            call_id=talk.call_id, reservation_id=talk.reservation_id, agent_id=agent.agent_id
        )
    ]


def transfer(agent: Agent, command: TransferCall) -> list[Fact]:
    """Return the request to send the caller on; the slot stays until ivr has done so.

    Raises:
        NotInThatState: the call is neither in talk nor on hold.
        NotConnected: ivr has not joined the caller yet.
        Consulting: a consultation about the call is under way.
        TransferToSelf: the agent named is the one who asks.
    """
    talk = joined_talk(agent, command.reservation_id)
    consults.must_not_consult(talk)
    consults.must_be_another(agent, command.agent_id)
    return [
        *consults.noted(talk, command.note),
        CallTransferRequested(
            call_id=talk.call_id,
            reservation_id=talk.reservation_id,
            agent_id=agent.agent_id,
            to_queue_id=command.queue_id,
            to_agent_id=command.agent_id,
            to_skill_id=command.skill_id,
        ),
    ]


def joined_talk(agent: Agent, reservation_id: str) -> Talking | Hold:
    """Return the talk of the reservation, in which the caller is joined.

    Raises:
        NotInThatState: the call is neither in talk nor on hold.
        NotConnected: ivr has not joined the caller yet.
    """
    talk = _talk(agent, reservation_id, Talking, Hold)
    _must_be_joined(talk)
    return talk


def end(agent: Agent, command: EndCall, at: datetime) -> list[Fact]:
    """Return what the end of the call does to the slots that hold it, or consult in it.

    The slot of a completed consultation holds its parent from now on.
    """
    facts = [*consults.over(agent, command.call_id), *consults.moves(agent, command.moved)]
    for number, filling in _slots_of(agent, command.call_id):
        if command.moved and command.moved.reservation_id == filling.reservation_id:
            continue
        match filling:
            case Reserved():
                facts.append(settled(agent, (number, filling), "caller_gone"))
            case Talking() | Hold():
                facts.append(_released(agent, number, filling, "ended"))
    return _told_of_call(agent, facts, at)


def move(agent: Agent, command: MoveCall, at: datetime) -> list[Fact]:
    """Return what a higher attempt does to the slots that hold a lower one: it is over."""
    facts = consults.joined(agent, command.call_id, connected=False)
    how: Released = "recovered" if command.recovered else "moved"
    lost = False
    for number, filling in _slots_of(agent, command.call_id):
        if filling.attempt >= command.attempt:
            continue
        match filling:
            case Reserved():
                facts.append(settled(agent, (number, filling), "superseded"))
            case Talking() | Hold():
                facts.append(_released(agent, number, filling, how))
                lost = command.recovered in ("not_joined", "leg_lost")
    if lost:
        return told(agent, facts, at, "released", not_ready(agent, at, "leg_lost"))
    return _told_of_call(agent, facts, at)


def join(agent: Agent, command: JoinCall, at: datetime) -> list[Fact]:
    """Return that the caller is joined with this agent, or with another: then nothing rings.

    Attempts are compared: a late join of attempt 1 settles nothing of attempt 2.
    """
    facts = consults.joined(agent, command.call_id, connected=True)
    for number, filling in _slots_of(agent, command.call_id):
        if filling.reservation_id == command.reservation_id:
            facts.append(CallJoined(filling.reservation_id))
        elif isinstance(filling, Reserved) and filling.attempt <= command.attempt:
            facts.append(settled(agent, (number, filling), "already_taken"))
    return facts if _only_joined(facts) else _told_of_call(agent, facts, at)


def leave(agent: Agent, command: LeaveCall, at: datetime) -> list[Fact]:
    """Return that the agent is out of the call, which goes on with whom they consulted."""
    found = find(agent, command.reservation_id)
    if found is None or not isinstance(found[1], Talking | Hold):
        return []
    return _told_of_call(agent, [_released(agent, found[0], found[1], "left")], at)


def learn_card(agent: Agent, command: LearnCard) -> list[Fact]:
    """Return what the agent now sees of a call they hold."""
    if not _slots_of(agent, command.call_id):
        return []
    return [CardLearned(command.call_id, command.card)]


_CAUSES: tuple[tuple[type[Fact], str], ...] = (
    (CallReleased, "released"),
    (CallRejected, "rejected"),
    (SlotMoved, "took_over"),
)
"""What an `agent.changed` names as its cause, by the first of these that happened."""


def _only_joined(facts: list[Fact]) -> bool:
    return all(isinstance(fact, CallJoined) for fact in facts)


def _told_of_call(agent: Agent, facts: list[Fact], at: datetime) -> list[Fact]:
    if not facts:
        return []
    for kind, cause in _CAUSES:
        if any(isinstance(fact, kind) for fact in facts):
            return told(agent, facts, at, cause)
    return told(agent, facts, at, "consult")


def _slots_of(agent: Agent, call_id: str) -> list[tuple[int, Filled]]:
    return [
        (number, slot.filling)
        for number, slot in enumerate(agent.slots)
        if not isinstance(slot.filling, Free) and slot.filling.call_id == call_id
    ]


def _talk(agent: Agent, reservation_id: str, *states: type[Talking] | type[Hold]) -> Talking | Hold:
    found = find(agent, reservation_id)
    if found is None or not isinstance(found[1], states):
        raise _elsewhere(agent, reservation_id)
    return found[1]


def _must_be_joined(talk: Talking | Hold) -> None:
    if isinstance(talk, Talking) and not talk.connected:
        raise NotConnected(f"call {talk.call_id} is not joined yet")


def _elsewhere(agent: Agent, reservation_id: str) -> NotInThatState:
    found = find(agent, reservation_id)
    state = state_of(agent.slots[found[0]]) if found else "free"
    return NotInThatState(
        f"the reservation's slot is {state}", reservation_id=reservation_id, state=state
    )


def _released(agent: Agent, slot: int, filling: Talking | Hold, reason: Released) -> CallReleased:
    return CallReleased(
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        agent_id=agent.agent_id,
        slot=slot,
        connected=isinstance(filling, Hold) or filling.connected,
        reason=reason,
    )
