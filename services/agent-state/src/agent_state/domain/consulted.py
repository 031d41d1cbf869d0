"""How consultations change what fills the agent's slots."""

from msgspec.structs import replace

from agent_state.domain.agent import Agent, Consult, Free, Hold, Reserved, Talking, WrapUp
from agent_state.domain.facts import ConsultJoined, ConsultOver, NoteTaken, SlotMoved
from contact_events.answering import (
    CallConsultRequested,
    CallReleaseRequested,
    CallSuperviseRequested,
    CallTransferRequested,
)

Request = (
    CallReleaseRequested | CallTransferRequested | CallConsultRequested | CallSuperviseRequested
)
_Filling = Reserved | Talking | Hold | WrapUp


def asked(agent: Agent, request: Request) -> Agent:
    """Return the agent after a request: one who consults; of the others ivr's facts tell."""
    if not isinstance(request, CallConsultRequested):
        return agent
    consult = Consult(
        call_id=request.consult_call_id,
        queue_id=request.to_queue_id,
        agent_id=request.to_agent_id,
        skill_id=request.to_skill_id,
    )
    for number, filling in _filled(agent):
        if filling.reservation_id == request.reservation_id:
            agent = _with(agent, number, replace(filling, consult=consult))
    return agent


def consulted(agent: Agent, fact: SlotMoved | NoteTaken | ConsultJoined | ConsultOver) -> Agent:
    """Return the agent after what ivr told of a consultation, or the agent noted for it."""
    for number, filling in _filled(agent):
        consult = filling.consult
        match fact:
            case SlotMoved(reservation_id=moved) if moved == filling.reservation_id:
                agent = _with(agent, number, _moved(filling, fact))
            case NoteTaken(reservation_id=about, note=note) if about == filling.reservation_id:
                agent = _with(agent, number, replace(filling, note=note))
            case ConsultJoined() if consult and consult.call_id == fact.call_id:
                after = replace(consult, connected=fact.connected)
                agent = _with(agent, number, replace(filling, consult=after))
            case ConsultOver() if consult and consult.call_id == fact.call_id:
                agent = _with(agent, number, replace(filling, consult=None))
            case _:
                pass  # the fact is about another slot
    return agent


def _moved(filling: _Filling, fact: SlotMoved) -> _Filling:
    """Return the slot with the parent call; who sent it is who consulted this agent."""
    consulted_by = filling.card.sent if filling.card else None
    sent = replace(consulted_by, reason="transfer") if consulted_by else None
    card = replace(fact.card, sent=sent) if fact.card else None
    after = replace(filling, call_id=fact.call_id, attempt=fact.attempt, card=card)
    return replace(after, connected=True) if isinstance(after, Talking) else after


def _filled(agent: Agent) -> list[tuple[int, _Filling]]:
    return [
        (number, slot.filling)
        for number, slot in enumerate(agent.slots)
        if not isinstance(slot.filling, Free)
    ]


def _with(agent: Agent, number: int, filling: _Filling) -> Agent:
    slot = replace(agent.slots[number], filling=filling)
    return replace(agent, slots=(*agent.slots[:number], slot, *agent.slots[number + 1 :]))
