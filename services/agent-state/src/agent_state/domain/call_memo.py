"""What agent-state remembers of a call, whichever agents it is offered to."""

import msgspec
from msgspec.structs import replace

from agent_state.domain.agent import Agent, Free
from agent_state.domain.card import (
    Card,
    Place,
    Sent,
    about,
    card_of,
    gathered,
    place_of,
    without_note,
)
from agent_state.domain.commands import MoveSlot, RingOffer
from agent_state.domain.contacts import caller_ref
from contact_events.calls import (
    TERMINAL,
    CallArrived,
    CallConnected,
    CallDiverted,
    CallFlowStep,
    CallPartyJoined,
    CallQueued,
    CallRecovered,
)
from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated
from contact_events.routing import CallRouted


class CallMemo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, as far as offers need it.

    `attempt` is the highest attempt known. `holders` are the agents it was offered to, who consult
    in it or took it over, of whom it is not known yet that they hold it no more. `ended_at` is the
    offset of the call's end in `call-arrived`: an end may be read before the offer. `place` waits
    for the card. `caller_ref` is whose earlier contacts are shown. Once it is `forgotten` nothing
    more is learned.
    """

    call_id: str
    card: Card | None = None
    attempt: int = 0
    ended_at: int | None = None
    holders: tuple[str, ...] = ()
    place: Place | None = None
    caller_ref: str | None = None
    forgotten: bool = False

    @classmethod
    def new(cls, call_id: str) -> "CallMemo":
        """Return the memo of a call that nothing is known of."""
        return cls(call_id=call_id)


class Taker(msgspec.Struct, frozen=True):
    """Which reservation took an attempt of a call; written with the acceptance, never twice."""

    reservation_id: str


def learn(memo: CallMemo, envelope: Envelope, offset: int) -> CallMemo:
    """Return the memo after a record of `call-arrived` at `offset`."""
    fact = envelope.data
    match fact:
        case CallArrived(asked_by_agent_id=asker):
            card = card_of(envelope, fact, memo.place)
            memo = replace(memo, card=card, place=None, caller_ref=caller_ref(fact))
            return held_by(memo, asker) if asker is not None else memo
        case CallFlowStep() if memo.card is not None:
            return replace(memo, card=gathered(memo.card, fact))
        case CallPartyJoined(agent_id=agent_id):
            return held_by(memo, agent_id)
        case CallQueued(attempt=attempt) | CallRecovered(attempt=attempt):
            return replace(memo, attempt=max(memo.attempt, attempt))
        case CallConnected(attempt=attempt):
            return replace(memo, attempt=max(memo.attempt, attempt))
        case _ if isinstance(fact, TERMINAL):
            return replace(memo, ended_at=offset, card=without_note(memo.card))
        case _:
            return memo  # legs say nothing of offers


def consulted_about(memo: CallMemo, parent: CallMemo) -> CallMemo:
    """Return the memo of a consultation with what is known of the call that it is about."""
    return memo if memo.card is None else replace(memo, card=about(memo.card, parent.card))


def sent_on(memo: CallMemo, queued: CallQueued, sender: Agent | None) -> CallMemo:
    """Return the memo with who sent the call on, and what they wrote; None if nobody did.

    Where nobody took it and it returns to who had sent it, the card says so.
    """
    if memo.card is None:
        return memo
    sent = memo.card.sent
    if sender is not None:
        sent = Sent(
            agent_id=sender.agent_id,
            name=sender.profile.name if sender.profile else None,
            reason="consult" if queued.reason == "consult" else "transfer",
            note=_note(sender, memo.call_id),
        )
    elif sent is not None and queued.agent_id == sent.agent_id:
        sent = replace(sent, reason="returned")
    return replace(memo, card=replace(memo.card, sent=sent))


def _note(sender: Agent, call_id: str) -> str | None:
    for slot in sender.slots:
        filling = slot.filling
        if isinstance(filling, Free):
            continue
        consult_call_id = filling.consult.call_id if filling.consult else None
        if call_id in (filling.call_id, consult_call_id):
            return filling.note
    return None


def located(memo: CallMemo, fact: CallerLocated) -> CallMemo:
    """Return the memo once the caller's place is known; geo may be ahead of us, or far behind."""
    if memo.forgotten:
        return memo
    if memo.card is None:
        return replace(memo, place=place_of(fact))
    return replace(memo, card=replace(memo.card, place=place_of(fact)))


def held_by(memo: CallMemo, agent_id: str) -> CallMemo:
    """Return the memo once the agent may hold the call."""
    if agent_id in memo.holders:
        return memo
    return replace(memo, holders=(*memo.holders, agent_id))


def let_go_by(memo: CallMemo, agent_ids: frozenset[str]) -> CallMemo:
    """Return the memo once these agents hold the call no more."""
    if agent_ids.isdisjoint(memo.holders):
        return memo
    return replace(memo, holders=tuple(a for a in memo.holders if a not in agent_ids))


def offer_of(
    memo: CallMemo, routed: CallRouted, envelope: Envelope, card: Card | None
) -> RingOffer:
    """Return the offer to the agent, with what is known of the call: `card` is the whole card.

    Whose call it is the decision tells, where the call's arrival is yet to be read.
    """
    whose = Card(client=envelope.client, project=envelope.project) if envelope.client else None
    return RingOffer(
        slot=routed.slot,
        call_id=routed.call_id,
        attempt=routed.attempt,
        reservation_id=routed.reservation_id,
        expires_at=routed.expires_at,
        queue_id=routed.queue_id,
        card=card or whose,
        ended=memo.ended_at is not None,
        superseded=memo.attempt > routed.attempt,
    )


def took_over(memo: CallMemo, fact: CallPartyJoined, card: Card | None) -> MoveSlot:
    """Return the move of a slot to the call, as the call tells it; `card` is the whole card."""
    return MoveSlot(
        reservation_id=fact.reservation_id,
        call_id=memo.call_id,
        attempt=fact.attempt,
        card=card,
    )


def diverted_to(parent: CallMemo, fact: CallDiverted, card: Card | None) -> MoveSlot | None:
    """Return the move of a slot to the parent, as its completed consultation tells it."""
    if fact.reservation_id is None or fact.next_attempt is None:
        return None
    return MoveSlot(
        reservation_id=fact.reservation_id,
        call_id=parent.call_id,
        attempt=fact.next_attempt,
        card=card,
    )


def attempts(memo: CallMemo) -> range:
    """Return the attempts that may have been taken."""
    return range(1, memo.attempt + 1)
