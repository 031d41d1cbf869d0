"""What agent-state remembers of a call, whichever agents it is offered to."""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from agent_state.domain.agent import Card
from agent_state.domain.commands import RingOffer
from agent_state.domain.facts import OfferRung
from contact_events.answering import CallAnswered, CallRangOut, CallRejected
from contact_events.calls import (
    TERMINAL,
    CallArrived,
    CallConnected,
    CallQueued,
    CallRecovered,
)
from contact_events.envelope import Envelope
from contact_events.routing import CallRouted
from contact_events.wrapping import CallReleased

Followed = OfferRung | CallAnswered | CallRejected | CallRangOut | CallReleased
FOLLOWED = (OfferRung, CallAnswered, CallRejected, CallRangOut, CallReleased)
"""Facts of agents that say who holds a call and who took it."""


class CallMemo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, as far as offers need it.

    `attempt` is the highest attempt known, `takers` the reservation that took each attempt,
    `holders` the agent of each reservation that rings or talks. `ended_at` is the offset of the
    call's end in `call-arrived`: an end may be read before the offer.
    """

    call_id: str
    card: Card | None = None
    attempt: int = 0
    ended_at: int | None = None
    takers: dict[int, str] = {}
    holders: dict[str, str] = {}

    @classmethod
    def new(cls, call_id: str) -> "CallMemo":
        """Return the memo of a call that nothing is known of."""
        return cls(call_id=call_id)

    @property
    def client(self) -> str | None:
        """Whose call it is, once its arrival was read."""
        return self.card.client if self.card else None

    @property
    def project(self) -> str | None:
        """The project of the number dialled, once its arrival was read."""
        return self.card.project if self.card else None


def learn(memo: CallMemo, envelope: Envelope, offset: int) -> CallMemo:
    """Return the memo after a record of `call-arrived` at `offset`."""
    fact = envelope.data
    match fact:
        case CallArrived():
            return replace(memo, card=_card(envelope, fact))
        case CallQueued(attempt=attempt) | CallRecovered(attempt=attempt):
            return replace(memo, attempt=max(memo.attempt, attempt))
        case CallConnected(attempt=attempt):
            return replace(memo, attempt=max(memo.attempt, attempt))
        case _ if isinstance(fact, TERMINAL):
            return replace(memo, ended_at=offset)
        case _:
            return memo  # steps of the flow, legs and parties say nothing of offers


def follow(memo: CallMemo, fact: Followed, agent_id: str) -> CallMemo:
    """Return the memo after a fact of the agent: who holds the call, and who took it."""
    match fact:
        case OfferRung(reservation_id=reservation_id):
            return replace(memo, holders=memo.holders | {reservation_id: agent_id})
        case CallAnswered(attempt=attempt, reservation_id=reservation_id):
            return replace(memo, takers=memo.takers | {attempt: reservation_id})
        case CallRejected() | CallRangOut() | CallReleased():
            left = {k: v for k, v in memo.holders.items() if k != fact.reservation_id}
            return replace(memo, holders=left)
        case _:
            assert_never(fact)


def is_taken(memo: CallMemo, attempt: int) -> bool:
    """Return whether an agent has taken this attempt."""
    return attempt in memo.takers


def offer_of(memo: CallMemo, routed: CallRouted) -> RingOffer:
    """Return the offer to the agent, with what is known of the call."""
    return RingOffer(
        slot=routed.slot,
        call_id=routed.call_id,
        attempt=routed.attempt,
        reservation_id=routed.reservation_id,
        expires_at=routed.expires_at,
        queue_id=routed.queue_id,
        card=memo.card,
        ended=memo.ended_at is not None,
        superseded=memo.attempt > routed.attempt,
        taken=is_taken(memo, routed.attempt),
    )


def _card(envelope: Envelope, arrived: CallArrived) -> Card:
    return Card(
        client=envelope.client,
        client_name=arrived.client_name,
        project=envelope.project,
        greeting=arrived.agent_greeting,
    )
