"""Offers: each is answered exactly once, and each outcome is followed by the agent's state."""

from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import Agent, Free, Ready, Reserved
from agent_state.domain.commands import AcceptOffer, AnswerLeg, RejectOffer, RescindOffer, RingOffer
from agent_state.domain.evolve import find
from agent_state.domain.facts import Fact, OfferRead, OfferRung
from agent_state.domain.refusals import OfferGone
from agent_state.domain.slots import SHUT, blocked
from agent_state.domain.tell import not_ready, told
from contact_events.answering import CallAnswered, CallRangOut, CallRejected, Rejection

Ringing = tuple[int, Reserved]


def ring(agent: Agent, offer: RingOffer, at: datetime) -> list[Fact]:
    """Return that the agent is rung, or the outcome that the offer has at once."""
    known = offer.slot < len(agent.slots)
    read: list[Fact] = [OfferRead(offer.slot, offer.reservation_id)] if known else []
    reason = _why_not(agent, offer, at)
    if reason is None:
        rung = OfferRung(
            slot=offer.slot,
            call_id=offer.call_id,
            attempt=offer.attempt,
            reservation_id=offer.reservation_id,
            due=offer.expires_at,
            queue_id=offer.queue_id,
            card=offer.card,
            wrap_up=offer.wrap_up,
        )
        return told(agent, [*read, rung], at, "offered")
    rejected = CallRejected(
        call_id=offer.call_id,
        attempt=offer.attempt,
        reservation_id=offer.reservation_id,
        agent_id=agent.agent_id,
        slot=offer.slot,
        reason=reason,
    )
    return told(agent, [*read, rejected], at, "rejected")


def _why_not(agent: Agent, offer: RingOffer, at: datetime) -> Rejection | None:
    """Return why the agent is not rung; what closes the attempt for the router comes first."""
    if offer.ended:
        return "caller_gone"
    if offer.superseded:
        return "superseded"
    if at >= offer.expires_at:
        return "stale"
    if offer.taken:
        return "already_taken"
    return None if _can_take(agent, offer.slot) else "not_ready"


def _can_take(agent: Agent, number: int) -> bool:
    if number >= len(agent.slots) or not isinstance(agent.presence, Ready):
        return False
    slot = agent.slots[number]
    free = isinstance(slot.filling, Free) and slot.channel != SHUT
    return free and not blocked(agent, number)


def accept(agent: Agent, command: AcceptOffer, at: datetime) -> list[Fact]:
    """Return that the agent took the offer, or that another had taken the attempt before.

    Raises:
        OfferGone: the offer rings no more.
    """
    return _accepted(agent, _ringing(agent, command.reservation_id), command.taken, at)


def answer_leg(agent: Agent, command: AnswerLeg, at: datetime) -> list[Fact]:
    """Return that picking the telephone up took the offer; nothing if it rings no more."""
    found = _rings(agent, command.reservation_id)
    return _accepted(agent, found, command.taken, at) if found else []


def reject(agent: Agent, command: RejectOffer, at: datetime) -> list[Fact]:
    """Return that the agent did not want the offer, and takes no calls until they say so.

    Raises:
        OfferGone: the offer rings no more.
    """
    rejected = replace(
        settled(agent, _ringing(agent, command.reservation_id), "agent"),
        agent_reason=command.reason,
    )
    return told(agent, [rejected], at, "rejected", not_ready(agent, at, "rejected"))


def rescind(agent: Agent, command: RescindOffer, at: datetime) -> list[Fact]:
    """Return that the offer was taken back; nothing if it rings no more: its outcome stands."""
    found = _rings(agent, command.reservation_id)
    return told(agent, [settled(agent, found, "rescinded")], at, "rejected") if found else []


def settled(agent: Agent, ringing: Ringing, reason: Rejection) -> CallRejected:
    """Return the outcome of a ringing offer that is not taken."""
    slot, filling = ringing
    return CallRejected(
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        agent_id=agent.agent_id,
        slot=slot,
        reason=reason,
    )


def rang_out(agent: Agent, ringing: Ringing, at: datetime) -> CallRangOut:
    """Return the outcome of an offer that rang until it was due (RONA)."""
    slot, filling = ringing
    return CallRangOut(
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        agent_id=agent.agent_id,
        slot=slot,
        rang_for_s=(at - filling.since).total_seconds(),
    )


def ringing_slots(agent: Agent) -> list[Ringing]:
    """Return the slots that ring."""
    return [
        (number, slot.filling)
        for number, slot in enumerate(agent.slots)
        if isinstance(slot.filling, Reserved)
    ]


def _accepted(agent: Agent, ringing: Ringing, taken: bool, at: datetime) -> list[Fact]:
    slot, filling = ringing
    if taken:
        return told(agent, [settled(agent, ringing, "already_taken")], at, "rejected")
    answered = CallAnswered(
        call_id=filling.call_id,
        attempt=filling.attempt,
        reservation_id=filling.reservation_id,
        agent_id=agent.agent_id,
        slot=slot,
    )
    return told(agent, [answered], at, "answered")


def _rings(agent: Agent, reservation_id: str) -> Ringing | None:
    found = find(agent, reservation_id)
    if found is None or not isinstance(found[1], Reserved):
        return None
    return found[0], found[1]


def _ringing(agent: Agent, reservation_id: str) -> Ringing:
    found = _rings(agent, reservation_id)
    if found is None:
        raise gone(agent, reservation_id)
    return found


def gone(agent: Agent, reservation_id: str) -> OfferGone:
    """Return the refusal for an offer that rings no more, with what became of it."""
    outcome = "answered" if find(agent, reservation_id) else None
    for slot in agent.slots:
        if slot.last and slot.last.reservation_id == reservation_id:
            outcome = slot.last.outcome
    told_as = outcome.replace("_", " ") if outcome else "not known"
    return OfferGone(
        f"the offer rings no more: {told_as}", reservation_id=reservation_id, outcome=outcome
    )
