"""What the log has said of one call, kept by source, so that the order of topics does not matter.

Each handler writes only what its own topic tells; everything reported is derived from the whole
(`records`, `contributions`). Of one topic, a call's events arrive in order.
"""

from datetime import UTC, datetime, timedelta
from typing import assert_never

import msgspec

from contact_events import answering, calls, locations, routing, wrapping
from contact_events.envelope import Envelope
from contact_events.registry import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Stay(msgspec.Struct, omit_defaults=True):
    """One attempt: a stay in a queue or for a named agent, until it is connected or over."""

    attempt: int
    began_at: datetime
    reason: str
    queue_id: str | None = None
    agent_id: str | None = None
    connected_at: datetime | None = None
    reservation_id: str | None = None
    over_at: datetime | None = None
    overflowed: bool = False


class End(msgspec.Struct):
    """The terminal event of the call: its type, why, and when."""

    type: str
    reason: str | None
    at: datetime


class Offer(msgspec.Struct):
    """A reservation the router made."""

    attempt: int
    agent_id: str
    site_id: str
    home_site_id: str | None
    at: datetime


class Settled(msgspec.Struct):
    """The one outcome of an offer."""

    outcome: str
    agent_id: str
    at: datetime


class Hold(msgspec.Struct):
    """Holds of one reservation: closed ones summed, and since when the open one lasts."""

    closed_ms: int = 0
    since: datetime | None = None


class Work(msgspec.Struct):
    """The agent's part after the talk: when they were released, when the wrap-up was done."""

    agent_id: str
    released_at: datetime | None = None
    wrapped_up_at: datetime | None = None


class Arrival(msgspec.Struct):
    """How the call came in."""

    at: datetime
    channel: str
    direction: str
    dnis: str
    entry_site_id: str
    drawn: str = ""


class CallFacts(msgspec.Struct, omit_defaults=True):
    """All that is known of one call."""

    call_id: str
    client_id: str | None = None
    project_id: str | None = None
    arrival: Arrival | None = None
    stays: list[Stay] = []
    end: End | None = None
    region: str | None = None
    offers: dict[str, Offer] = {}
    settled: dict[str, Settled] = {}
    holds: dict[str, Hold] = {}
    works: dict[str, Work] = {}


def call_of(event: Event) -> str | None:
    """Return the id of the call the event speaks of, or None if it speaks of none."""
    return getattr(event, "call_id", None)


def evolve(facts: CallFacts, envelope: Envelope) -> None:
    """Change `facts` by one new, valid event about this call. Never refuses one."""
    if envelope.client is not None:
        facts.client_id, facts.project_id = envelope.client, envelope.project
    event, at = envelope.data, envelope.time
    match event:
        case locations.CallerLocated(region=region):
            facts.region = region
        case calls.CallArrived():
            facts.arrival = Arrival(
                at=at,
                channel=event.channel,
                direction=event.direction,
                dnis=event.dnis,
                entry_site_id=event.entry_site_id,
                drawn=event.attributes.get("drawn", ""),
            )
        case routing.CallRouted():
            facts.offers[event.reservation_id] = Offer(
                event.attempt, event.agent_id, event.site_id, event.why.home_site_id, at
            )
        case calls.CallQueued() | calls.CallRecovered() | calls.CallConnected():
            _stay(facts, event, at)
        case _ if isinstance(event, calls.TERMINAL):
            _end(facts, event, at)
        case _:
            _agent_side(facts, event, at)


def _stay(
    facts: CallFacts,
    event: calls.CallQueued | calls.CallRecovered | calls.CallConnected,
    at: datetime,
) -> None:
    match event:
        case calls.CallQueued() | calls.CallRecovered():
            if facts.stays:
                facts.stays[-1].over_at = at
                facts.stays[-1].overflowed = event.reason == "overflow"
            facts.stays.append(
                Stay(event.attempt, at, event.reason, event.queue_id, event.agent_id)
            )
        case calls.CallConnected():
            if not facts.stays:
                return  # its queueing was set aside as undecodable: no wait is known to end
            facts.stays[-1].connected_at = at
            facts.stays[-1].reservation_id = event.reservation_id
        case _:
            assert_never(event)


def _end(facts: CallFacts, event: Event, at: datetime) -> None:
    if facts.stays:
        facts.stays[-1].over_at = at
    named = type(event).__name__.removeprefix("Call").lower()
    reason = getattr(event, "reason", None) or getattr(event, "by", None)
    if isinstance(event, calls.CallAbandoned) and event.attempt == 0:
        named = "abandoned_in_flow"
    facts.end = End(named, reason or getattr(event, "to", None), at)


def _agent_side(facts: CallFacts, event: Event, at: datetime) -> None:
    match event:
        case answering.CallAnswered():
            facts.settled[event.reservation_id] = Settled("answered", event.agent_id, at)
        case answering.CallRejected():
            facts.settled[event.reservation_id] = Settled(event.reason, event.agent_id, at)
        case answering.CallRangOut():
            facts.settled[event.reservation_id] = Settled("rang_out", event.agent_id, at)
        case answering.CallHeld():
            facts.holds.setdefault(event.reservation_id, Hold()).since = at
        case answering.CallResumed():
            _resumed(facts.holds.setdefault(event.reservation_id, Hold()), at)
        case wrapping.CallReleased():
            work = facts.works.setdefault(event.reservation_id, Work(event.agent_id))
            work.released_at = at
        case wrapping.CallWrappedUp():
            work = facts.works.setdefault(event.reservation_id, Work(event.agent_id))
            work.wrapped_up_at = at
        case _:
            pass  # flow steps, priorities, requests, telephone legs: no figure is made of them


def _resumed(hold: Hold, at: datetime) -> None:
    if hold.since is not None:
        hold.closed_ms += milliseconds(hold.since, at)
        hold.since = None


def milliseconds(start: datetime, end: datetime) -> int:
    """Return how long it was from `start` to `end`, in whole milliseconds, at least 0.

    Both ends are cut to the millisecond first, so that lengths that adjoin add up exactly.
    """
    return max(0, (end - _EPOCH) // _MILLISECOND - (start - _EPOCH) // _MILLISECOND)
