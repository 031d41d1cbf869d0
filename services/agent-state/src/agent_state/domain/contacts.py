"""The last contacts of a caller, as a fold of the log.

Facts are kept by the topic that tells them, so topics may be read in any interleaving. A contact
that is no longer kept is `gone`: nothing is known of it, and nothing more is learned.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    CallDiverted,
    CallFailed,
    CallPartyJoined,
    CallQueued,
    CallRecovered,
    CallRefused,
    Channel,
)
from contact_events.registry import Event
from contact_events.wrapping import CallWrappedUp

Outcome = Literal["answered", "abandoned", "contained", "refused", "diverted", "failed"]

MOST_SHOWN: Final = 5
MOST_KEPT: Final = 8
"""Of each caller: those that are shown, the present one, and some that are under way beside it."""

MOST_CODES: Final = 20

_ENDS: Final[Mapping[type[Event], Outcome]] = {
    CallAbandoned: "abandoned",
    CallContained: "contained",
    CallRefused: "refused",
    CallDiverted: "diverted",
    CallDisconnected: "answered",
    CallFailed: "failed",
}


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a caller; `ended_as` is None while it is under way."""

    client: str | None = None
    at: datetime | None = None
    channel: Channel = "voice"
    queue_id: str | None = None
    agent_id: str | None = None
    ended_as: Outcome | None = None
    codes: tuple[str, ...] = ()
    gone: bool = False


class Caller(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose last calls these are, with the time of each; `erased_at` once they were erased."""

    calls: tuple[tuple[datetime, str], ...] = ()
    erased_at: datetime | None = None


class PastContact(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier contact as the next agent sees it: when, where, with whom, and about what."""

    at: datetime
    channel: Channel
    outcome: Outcome
    queue: str | None = None
    agent_id: str | None = None
    codes: tuple[str, ...] = ()


GONE: Final = Contact(gone=True)


def caller_ref(arrived: CallArrived) -> str | None:
    """Return whose contact the call is; None if nobody knows, or an agent made it."""
    if arrived.caller is None or arrived.parent_call_id is not None:
        return None
    return arrived.caller.ref


def folded(contact: Contact, fact: Event) -> Contact:
    """Return the contact after a fact of its call other than its arrival."""
    if contact.gone:
        return contact
    match fact:
        case CallQueued(queue_id=str(queue_id)) | CallRecovered(queue_id=str(queue_id)):
            return replace(contact, queue_id=queue_id)
        case CallConnected(agent_id=agent_id) | CallPartyJoined(agent_id=agent_id):
            return replace(contact, agent_id=agent_id)
        case CallWrappedUp(codes=codes):
            return replace(
                contact, codes=tuple(dict.fromkeys((*contact.codes, *codes)))[:MOST_CODES]
            )
        case _ if type(fact) in _ENDS:
            return replace(contact, ended_as=_ENDS[type(fact)])
        case _:
            return contact  # steps of the flow, legs, requests: nothing that is shown


def called(caller: Caller, call_id: str, at: datetime) -> Caller:
    """Return the caller with one more call, as far as so many are kept."""
    if caller.erased_at is not None and at <= caller.erased_at:
        return caller
    return replace(caller, calls=tuple(sorted({*caller.calls, (at, call_id)})[-MOST_KEPT:]))


def erased(caller: Caller, at: datetime) -> Caller:
    """Return the caller without any call up to `at`."""
    last = max(at, caller.erased_at or at)
    return Caller(tuple(each for each in caller.calls if each[0] > last), last)


def call_ids(caller: Caller) -> set[str]:
    """Return the calls that are kept."""
    return {call_id for _, call_id in caller.calls}


def shown(contacts: Iterable[Contact], client: str | None) -> tuple[PastContact, ...]:
    """Return the last ended contacts with this client, the newest first."""
    ended = [
        PastContact(
            at=contact.at,
            channel=contact.channel,
            outcome="answered" if contact.agent_id else contact.ended_as,
            queue=contact.queue_id,
            agent_id=contact.agent_id,
            codes=contact.codes,
        )
        for contact in contacts
        if contact.at is not None and contact.ended_as is not None and contact.client == client
    ]
    return tuple(sorted(ended, key=lambda past: past.at, reverse=True)[:MOST_SHOWN])
