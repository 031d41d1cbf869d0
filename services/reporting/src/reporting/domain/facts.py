"""What the log has said of one call, kept by source, so that the order of topics does not matter.

Each handler writes only what its own topic tells; everything reported is derived from the whole
(`records`, `contributions`). Of one topic, a call's events arrive in order.
"""

from datetime import datetime
from typing import assert_never

import msgspec

from contact_events import answering, calls, locations, routing, wrapping
from contact_events.envelope import Envelope
from contact_events.registry import Event

_DAY_MS = 86_400_000


JOINED = "joined"
"""The reason of a stay that began in the talk: the agent was brought in, and nobody waited."""


class Stay(msgspec.Struct, gc=False, omit_defaults=True):
    """A stay in a queue or for a named agent, with the talk that followed, until both are over.

    An agent who joins a talk under way has a stay of the same attempt, connected as it begins.
    """

    attempt: int
    began_at: datetime
    reason: str
    queue_id: str | None = None
    agent_id: str | None = None
    sent_by: str | None = None
    connected_at: datetime | None = None
    reservation_id: str | None = None
    joined_agent_id: str | None = None
    over_at: datetime | None = None
    expected_wait_s: float | None = None
    """What the caller was told as the stay began, where the router had said something."""


class Step(msgspec.Struct, gc=False, omit_defaults=True):
    """A step of the self-service flow that the caller came to."""

    flow_id: str
    step: str
    at: datetime
    choice: str | None = None


class End(msgspec.Struct, gc=False):
    """The terminal event of the call: its type, why, when, and as which call it goes on."""

    type: str
    reason: str | None
    at: datetime
    next_call_id: str | None = None


class Offer(msgspec.Struct, gc=False):
    """A reservation the router made."""

    attempt: int
    agent_id: str
    site_id: str
    home_site_id: str | None
    at: datetime


class Settled(msgspec.Struct, gc=False):
    """The one outcome of an offer."""

    outcome: str
    agent_id: str
    attempt: int
    at: datetime


class Hold(msgspec.Struct, gc=False, omit_defaults=True):
    """Holds of one reservation: how many, closed ones summed, since when the open one lasts."""

    times: int = 0
    closed_ms: int = 0
    since: datetime | None = None


class Work(msgspec.Struct, gc=False, omit_defaults=True):
    """The agent's part after the talk: when they were released, when the wrap-up was done."""

    agent_id: str
    connected: bool = True
    released_at: datetime | None = None
    wrapped_up_at: datetime | None = None
    codes: tuple[str, ...] = ()


class Arrival(msgspec.Struct, gc=False, omit_defaults=True):
    """How the call came in."""

    at: datetime
    channel: str
    direction: str
    dnis: str
    entry_site_id: str
    drawn: str = ""
    caller_ref: str | None = None
    parent_call_id: str | None = None
    asked_by_agent_id: str | None = None


class CallFacts(msgspec.Struct, gc=False, omit_defaults=True):
    """All that is known of one call."""

    call_id: str
    client_id: str | None = None
    project_id: str | None = None
    arrival: Arrival | None = None
    steps: list[Step] = []
    stays: list[Stay] = []
    end: End | None = None
    region: str | None = None
    offers: dict[str, Offer] = {}
    settled: dict[str, Settled] = {}
    holds: dict[str, Hold] = {}
    works: dict[str, Work] = {}
    consults: dict[str, datetime] = {}
    """When each consultation was asked for, by the call that it is."""

    @property
    def internal(self) -> bool:
        """Tell whether this is a consultation: no caller's contact, so of no caller's measure."""
        return self.arrival is not None and self.arrival.direction == "internal"


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
                caller_ref=event.caller.ref if event.caller else None,
                parent_call_id=event.parent_call_id,
                asked_by_agent_id=event.asked_by_agent_id,
            )
        case routing.CallRouted():
            facts.offers[event.reservation_id] = Offer(
                event.attempt, event.agent_id, event.site_id, event.why.home_site_id, at
            )
        case _ if isinstance(event, calls.TERMINAL):
            _end(facts, event, at)
        case _:
            _caller_side(facts, event, at)
            _agent_side(facts, event, at)


def _caller_side(facts: CallFacts, event: Event, at: datetime) -> None:
    match event:
        case calls.CallFlowStep():
            facts.steps.append(Step(event.flow_id, event.step, at, event.choice))
        case calls.CallQueued() | calls.CallRecovered():
            _stay(facts, event, at)
        case calls.CallConnected() | calls.CallPartyJoined() | calls.CallPartyLeft():
            _talk(facts, event, at)
        case _:
            pass  # priorities, telephone legs: no figure is made of them


def _stay(facts: CallFacts, event: calls.CallQueued | calls.CallRecovered, at: datetime) -> None:
    _close(facts, at)
    facts.stays.append(
        Stay(
            attempt=event.attempt,
            began_at=at,
            reason=event.reason,
            queue_id=event.queue_id,
            agent_id=event.agent_id,
            sent_by=event.sent_by,
            expected_wait_s=getattr(event, "expected_wait_s", None),
        )
    )


def _close(facts: CallFacts, at: datetime) -> None:
    for stay in facts.stays:
        if stay.over_at is None:
            stay.over_at = at


def _talk(
    facts: CallFacts,
    event: calls.CallConnected | calls.CallPartyJoined | calls.CallPartyLeft,
    at: datetime,
) -> None:
    match event:
        case calls.CallConnected():
            if not facts.stays:
                return  # its queueing was set aside as undecodable: no wait is known to end
            stay = facts.stays[-1]
            stay.connected_at, stay.reservation_id = at, event.reservation_id
            stay.joined_agent_id = event.agent_id
        case calls.CallPartyJoined():
            facts.stays.append(
                Stay(
                    attempt=event.attempt,
                    began_at=at,
                    reason=JOINED,
                    connected_at=at,
                    reservation_id=event.reservation_id,
                    joined_agent_id=event.agent_id,
                )
            )
        case calls.CallPartyLeft():
            for stay in facts.stays:
                if stay.reservation_id == event.reservation_id and stay.over_at is None:
                    stay.over_at = at
        case _:
            assert_never(event)


def _end(facts: CallFacts, event: Event, at: datetime) -> None:
    _close(facts, at)
    named = type(event).__name__.removeprefix("Call").lower()
    reason = getattr(event, "reason", None) or getattr(event, "by", None)
    if isinstance(event, calls.CallAbandoned) and event.attempt == 0:
        named = "abandoned_in_flow"
    next_call_id = getattr(event, "next_call_id", None)
    facts.end = End(named, reason or getattr(event, "to", None), at, next_call_id)


def _agent_side(facts: CallFacts, event: Event, at: datetime) -> None:
    match event:
        case answering.CallAnswered() | answering.CallRejected() | answering.CallRangOut():
            settled = Settled(_outcome(event), event.agent_id, event.attempt, at)
            facts.settled[event.reservation_id] = settled
        case answering.CallHeld():
            hold = facts.holds.setdefault(event.reservation_id, Hold())
            hold.times, hold.since = hold.times + 1, at
        case answering.CallResumed():
            _resumed(facts.holds.setdefault(event.reservation_id, Hold()), at)
        case answering.CallConsultRequested():
            facts.consults[event.consult_call_id] = at
        case wrapping.CallReleased():
            work = facts.works.setdefault(event.reservation_id, Work(event.agent_id))
            work.released_at, work.connected = at, event.connected
        case wrapping.CallWrappedUp():
            work = facts.works.setdefault(event.reservation_id, Work(event.agent_id))
            work.wrapped_up_at, work.codes = at, event.codes
        case _:
            pass  # requests: no figure is made of them


def _outcome(event: answering.Outcome) -> str:
    match event:
        case answering.CallAnswered():
            return "answered"
        case answering.CallRejected():
            return event.reason
        case answering.CallRangOut():
            return "rang_out"
        case _:
            assert_never(event)


def _resumed(hold: Hold, at: datetime) -> None:
    if hold.since is not None:
        hold.closed_ms += milliseconds(hold.since, at)
        hold.since = None


def milliseconds(start: datetime, end: datetime) -> int:
    """Return how long it was from `start` to `end`, in whole milliseconds, at least 0.

    Both ends are cut to the millisecond first, so that lengths that adjoin add up exactly.
    """
    length = end - start
    beyond = end.microsecond % 1_000 - start.microsecond % 1_000
    return max(
        0,
        (length.days * _DAY_MS)
        + (length.seconds * 1_000_000 + length.microseconds - beyond) // 1_000,
    )
