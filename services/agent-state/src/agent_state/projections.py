"""What the desktop is told: the messages of the agent's socket, from one state to the next."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from agent_state.domain.agent import (
    Agent,
    Filled,
    Filling,
    Free,
    Hold,
    Reserved,
    Slot,
    Talking,
    WrapUp,
)
from agent_state.domain.card import Card, Gathered, Place, Sent
from agent_state.domain.contacts import PastContact
from agent_state.domain.screen_pop import Page, page
from agent_state.domain.view import AgentView, view_of
from contact_events.calls import Text

_NO_CARD = Card()


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """The agent as they are at `at` (business time, which runs `scale` times as fast as ours).

    What rings and who is joined follows at once, with the same `sequence`.
    """

    sequence: int
    at: datetime
    scale: float
    agent: AgentView


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """What the desktop showed at `after` still stands; what has changed since follows at once."""

    sequence: int
    at: datetime
    scale: float
    after: int


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """Nothing has changed since `sequence`, and the line is alive."""

    sequence: int
    at: datetime


class Changed(msgspec.Struct, frozen=True, tag="agent"):
    """The agent after a change."""

    sequence: int
    agent: AgentView


class _OfCall(msgspec.Struct, frozen=True, kw_only=True):
    """Which call it is, and what is known of it."""

    sequence: int
    call_id: str
    reservation_id: str
    attempt: int
    client: str | None
    client_name: str
    project: str | None
    greeting: Text | None
    queue: str | None
    customer_ref: str | None
    gathered: tuple[Gathered, ...]
    place: Place | None
    contacts: tuple[PastContact, ...]
    screen_pop: Page | None
    parent_call_id: str | None
    sent: Sent | None


class Offer(_OfCall, frozen=True, kw_only=True, tag="offer"):
    """A call rings until `expires_at`.

    It comes again, with the same reservation, once more is known of the call.
    """

    expires_at: datetime


class OfferGone(msgspec.Struct, frozen=True, tag="offer_gone"):
    """The offer rings no more and was not taken, for this reason."""

    sequence: int
    reservation_id: str
    reason: str


class CallMessage(_OfCall, frozen=True, kw_only=True, tag="call"):
    """Caller and agent are joined, or the agent's part of the call is over.

    `connected` comes again once more is known of the call; `ended` also to a desktop that connects
    in after-call work.
    """

    state: Literal["connected", "ended"]


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    """What became of a command; `error` is a problem document."""

    command_id: str | None
    ok: bool
    sequence: int | None = None
    error: dict[str, Any] | None = None


Shown = Changed | Offer | OfferGone | CallMessage
Message = Snapshot | Resumed | Heartbeat | Shown | Reply
_ENCODER = msgspec.json.Encoder()


def frame(message: Message) -> str:
    """Return the message as it goes over the socket."""
    return _ENCODER.encode(message).decode()


def nothing_shown(agent: Agent) -> Agent:
    """Return what a desktop shows of the agent that has shown nothing yet."""
    return msgspec.structs.replace(agent, slots=tuple(Slot() for _ in agent.slots))


def between(before: Agent, after: Agent) -> list[Shown]:
    """Return what tells a desktop that showed `before` of `after`; the offer comes first."""
    told = _of_slots(before, after)
    if before.version != after.version:
        told.append(Changed(after.version, view_of(after)))
    return told


def _of_slots(before: Agent, after: Agent) -> list[Shown]:
    told: list[Shown] = []
    for number, slot in enumerate(after.slots):
        was = before.slots[number] if number < len(before.slots) else Slot()
        at = after.version
        told += [*_gone(was, slot, at), *_rings(was, slot, at), *_talks(was, slot, at)]
    return told


def _rings(was: Slot, now: Slot, sequence: int) -> list[Shown]:
    ringing = now.filling
    if not isinstance(ringing, Reserved) or ringing == was.filling:
        return []
    offer = Offer(
        sequence=sequence,
        reservation_id=ringing.reservation_id,
        call_id=ringing.call_id,
        attempt=ringing.attempt,
        expires_at=ringing.due,
        **_known(ringing),
    )
    return [offer]


def _gone(was: Slot, now: Slot, sequence: int) -> list[Shown]:
    ringing = was.filling
    if not isinstance(ringing, Reserved) or _holds(now, ringing.reservation_id):
        return []
    last = now.last
    known = last is not None and last.reservation_id == ringing.reservation_id
    reason = last.outcome if last and known and last.outcome else "settled"
    if reason == "answered":
        return []  # taken and over before it could be told: the agent's state says so
    return [OfferGone(sequence, ringing.reservation_id, reason)]


def _talks(was: Slot, now: Slot, sequence: int) -> list[Shown]:
    before, after = was.filling, now.filling
    told: list[Shown] = []
    if isinstance(before, Talking | Hold) and not (
        isinstance(after, Talking | Hold) and after.reservation_id == before.reservation_id
    ):
        told.append(_call(_over(before, after), "ended", sequence))
    elif isinstance(after, WrapUp) and not isinstance(before, WrapUp):
        told.append(_call(after, "ended", sequence))
    if isinstance(after, Talking | Hold) and _joined(after) and not _same_joined(before, after):
        told.append(_call(after, "connected", sequence))
    return told


def _over(talk: Talking | Hold, after: Filling) -> Talking | Hold:
    """Return the talk that is over as its agent may see it: without after-call work the card goes.

    A desktop may hear of it late, when the agent is long done with the call.
    """
    if isinstance(after, WrapUp) and after.reservation_id == talk.reservation_id:
        return talk
    card = talk.card or _NO_CARD
    return msgspec.structs.replace(talk, card=Card(client=card.client, project=card.project))


def _joined(talk: Talking | Hold) -> bool:
    return isinstance(talk, Hold) or talk.connected


def _same_joined(before: object, after: Talking | Hold) -> bool:
    return (
        isinstance(before, Talking | Hold)
        and (before.call_id, before.reservation_id) == (after.call_id, after.reservation_id)
        and _joined(before)
        and before.card == after.card
    )


def _call(
    talk: Talking | Hold | WrapUp, state: Literal["connected", "ended"], sequence: int
) -> CallMessage:
    return CallMessage(
        sequence=sequence,
        call_id=talk.call_id,
        reservation_id=talk.reservation_id,
        attempt=talk.attempt,
        state=state,
        **_known(talk),
    )


def _known(filling: Filled) -> dict[str, Any]:
    """Return what an offer and a call show of the card."""
    card = filling.card or _NO_CARD
    return {
        "client": card.client,
        "client_name": card.client_name,
        "project": card.project,
        "greeting": card.greeting,
        "queue": filling.queue_id,
        "customer_ref": card.customer_ref,
        "gathered": card.gathered,
        "place": card.place,
        "contacts": card.contacts,
        "screen_pop": _page(card, filling),
        "parent_call_id": card.parent_call_id,
        "sent": card.sent,
    }


def _page(card: Card, filling: Filled) -> Page | None:
    """Return the client's own page about the call, with all that is known now."""
    if card.screen_pop is None:
        return None
    values = {
        "attempt": str(filling.attempt),
        "call_id": filling.call_id,
        "client": card.client,
        "country": card.place.country if card.place else None,
        "customer_ref": card.customer_ref,
        "project": card.project,
        "queue": filling.queue_id,
        "region": card.place.region if card.place else None,
        "reservation_id": filling.reservation_id,
    }
    return page(card.screen_pop, values)


def _holds(slot: Slot, reservation_id: str) -> bool:
    filling = slot.filling
    return not isinstance(filling, Free) and filling.reservation_id == reservation_id
