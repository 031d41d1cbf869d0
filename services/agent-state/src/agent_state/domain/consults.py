"""Consultations: what the asker may do in the talk, and what ivr's facts tell of them."""

from datetime import datetime

from agent_state.domain.agent import Agent, Consult, Free, Hold, Talking
from agent_state.domain.commands import ConsultCall, MoveSlot
from agent_state.domain.evolve import find
from agent_state.domain.facts import ConsultJoined, ConsultOver, Fact, NoteTaken, SlotMoved
from agent_state.domain.refusals import Consulting, InConsultation, NotConsulting, TransferToSelf
from agent_state.domain.tell import told
from contact_events.answering import (
    CallConsultRequested,
    CallHeld,
    CallReleaseRequested,
    CallTransferRequested,
)

Talk = Talking | Hold


def consult(agent: Agent, talk: Talk, command: ConsultCall, at: datetime) -> list[Fact]:
    """Return the request to consult; the caller is put on hold for it.

    Raises:
        InConsultation: the call is one itself. A slot moves once, so that it cannot be told of two
            moves in the wrong order.
        Consulting: a consultation about this call is under way.
        TransferToSelf: the agent named is the one who asks.
    """
    if talk.card is not None and talk.card.parent_call_id is not None:
        raise InConsultation(
            f"call {talk.call_id} is a consultation", parent_call_id=talk.card.parent_call_id
        )
    must_not_consult(talk)
    must_be_another(agent, command.agent_id)
    about = {
        "call_id": talk.call_id,
        "reservation_id": talk.reservation_id,
        "agent_id": agent.agent_id,
    }
    asked = CallConsultRequested(
        **about,
        consult_call_id=command.consult_call_id,
        to_queue_id=command.queue_id,
        to_agent_id=command.agent_id,
        to_skill_id=command.skill_id,
    )
    held = [CallHeld(**about)] if isinstance(talk, Talking) else []
    return told(agent, [*noted(talk, command.note), *held, asked], at, "consulting")


def complete(agent: Agent, talk: Talk) -> list[Fact]:
    """Return the request to hand the caller over to whom the consultation reached.

    Raises:
        NotConsulting: there is no consultation.
    """
    return [
        CallTransferRequested(
            call_id=talk.call_id,
            reservation_id=talk.reservation_id,
            agent_id=agent.agent_id,
            consult_call_id=_under_way(talk).call_id,
        )
    ]


def leave(agent: Agent, talk: Talk) -> list[Fact]:
    """Return the request to end the consultation and keep the caller.

    Raises:
        NotConsulting: there is no consultation.
    """
    return [
        CallReleaseRequested(
            call_id=talk.call_id,
            reservation_id=talk.reservation_id,
            agent_id=agent.agent_id,
            consult_call_id=_under_way(talk).call_id,
        )
    ]


def noted(talk: Talk, note: str | None) -> list[Fact]:
    """Return what the agent wrote for whom they send the call to, if it is new."""
    return [NoteTaken(talk.reservation_id, note)] if note != talk.note else []


def must_not_consult(talk: Talk) -> None:
    """Check that no consultation is under way.

    Raises:
        Consulting: one is.
    """
    if talk.consult is not None:
        raise Consulting(
            f"a consultation about call {talk.call_id} is under way",
            consult_call_id=talk.consult.call_id,
        )


def must_be_another(agent: Agent, agent_id: str | None) -> None:
    """Check that the agent who is named is not the one who asks.

    Raises:
        TransferToSelf: it is.
    """
    if agent_id == agent.agent_id:
        raise TransferToSelf(f"agent {agent.agent_id} has the call already")


def over(agent: Agent, call_id: str) -> list[Fact]:
    """Return that the consultation has ended, if the agent asked for it."""
    return [ConsultOver(call_id)] if _asked(agent, call_id) else []


def joined(agent: Agent, call_id: str, *, connected: bool) -> list[Fact]:
    """Return that somebody is joined in the agent's consultation, or is no more."""
    asked = _asked(agent, call_id)
    known = asked is None or asked.connected == connected
    return [] if known else [ConsultJoined(call_id, connected)]


def moves(agent: Agent, move: MoveSlot | None) -> list[Fact]:
    """Return that the slot of the reservation holds another call, unless it does already."""
    found = find(agent, move.reservation_id) if move else None
    if move is None or found is None or found[1].call_id == move.call_id:
        return []
    if not isinstance(found[1], Talking | Hold):
        return []
    return [
        SlotMoved(
            reservation_id=move.reservation_id,
            call_id=move.call_id,
            attempt=move.attempt,
            card=move.card,
        )
    ]


def move_slot(agent: Agent, command: MoveSlot, at: datetime) -> list[Fact]:
    """Return that the agent goes on in the call that their consultation was about."""
    facts = moves(agent, command)
    return told(agent, facts, at, "took_over") if facts else []


def _under_way(talk: Talk) -> Consult:
    if talk.consult is None:
        raise NotConsulting(f"no consultation about call {talk.call_id} is under way")
    return talk.consult


def _asked(agent: Agent, call_id: str) -> Consult | None:
    for slot in agent.slots:
        filling = slot.filling
        consult = None if isinstance(filling, Free) else filling.consult
        if consult is not None and consult.call_id == call_id:
            return consult
    return None
