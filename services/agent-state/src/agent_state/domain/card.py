"""The call on the agent's screen: whose caller it is, how to greet, what is known before the talk.

Who calls is not among it: number and name are in ivr, for the agent in the talk alone.
"""

import re
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from agent_state.domain.contacts import PastContact
from agent_state.domain.screen_pop import ScreenPop
from contact_events.calls import CallArrived, CallFlowStep, Text
from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated, Precision

CUSTOMER_REF: Final = "customer_ref"
"""The attribute that names the customer in the client's own books."""

FOR_THE_ROUTER: Final = frozenset({"preferred_agent_id"})
MOST_GATHERED: Final = 40

_SEPARATORS: Final = str.maketrans("", "", " -.()")
_NUMBER: Final = re.compile(r"\+[0-9]{7,15}|[78][0-9]{10}")


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What a step of the flow or an attribute of the call says; `label` is the menu's word."""

    source: Literal["flow", "attribute"]
    name: str
    value: str
    label: Text | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the caller is, as far as geo can tell: codes of ISO 3166."""

    precision: Precision
    country: str | None = None
    region: str | None = None
    candidates: tuple[str, ...] = ()


class Sent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who sent the call here, and why; `returned` where nobody took what this agent had sent."""

    agent_id: str
    name: Text | None
    reason: Literal["transfer", "consult", "returned"]
    note: str | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the agent sees of a call; a consultation names the call that it is about.

    `caller_ref`, whose key seals what the agent writes, is not shown.
    """

    client: str | None = None
    client_name: str = ""
    project: str | None = None
    greeting: Text | None = None
    customer_ref: str | None = None
    gathered: tuple[Gathered, ...] = ()
    place: Place | None = None
    contacts: tuple[PastContact, ...] = ()
    screen_pop: ScreenPop | None = None
    parent_call_id: str | None = None
    sent: Sent | None = None
    caller_ref: str | None = None


def card_of(envelope: Envelope, arrived: CallArrived, place: Place | None) -> Card:
    """Return what the arrival tells the agent; the place may have been known before."""
    shown = {name: value for name, value in arrived.attributes.items() if not _is_number(value)}
    return Card(
        client=envelope.client,
        client_name=arrived.client_name,
        project=envelope.project,
        greeting=arrived.agent_greeting,
        customer_ref=shown.pop(CUSTOMER_REF, None),
        gathered=tuple(
            Gathered(source="attribute", name=name, value=value)
            for name, value in shown.items()
            if name not in FOR_THE_ROUTER
        ),
        place=place,
        parent_call_id=arrived.parent_call_id,
        caller_ref=arrived.caller.ref if arrived.caller else None,
    )


def without_note(card: Card | None) -> Card | None:
    """Return the card of a call that is over: what agents wrote of the caller is kept no longer."""
    if card is None or card.sent is None:
        return card
    return replace(card, sent=replace(card.sent, note=None))


def about(card: Card, parent: Card | None) -> Card:
    """Return the card of a consultation with what is known of the call that it is about."""
    if parent is None:
        return card
    return replace(
        card,
        customer_ref=parent.customer_ref,
        gathered=parent.gathered,
        place=parent.place,
        caller_ref=parent.caller_ref,
    )


def gathered(card: Card, step: CallFlowStep) -> Card:
    """Return the card with what the step gathered.

    Keys for which the project has no word stay unseen: they are mistakes, or the caller's secrets.
    """
    if step.choice is None or step.label is None or len(card.gathered) >= MOST_GATHERED:
        return card
    chosen = Gathered(source="flow", name=step.step, value=step.choice, label=step.label)
    return replace(card, gathered=(*card.gathered, chosen))


def place_of(located: CallerLocated) -> Place | None:
    """Return where the caller is; None if nothing can be told."""
    if located.country is None and not located.candidates:
        return None
    return Place(
        precision=located.precision,
        country=located.country,
        region=located.region,
        candidates=located.candidates,
    )


def _is_number(value: str) -> bool:
    """Tell whether a value reads as a telephone number: such are never on a card."""
    return _NUMBER.fullmatch(value.translate(_SEPARATORS)) is not None
