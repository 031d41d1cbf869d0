"""A recorded call centre as the events that its services would have written, in order of time.

What the file does not tell is not made up: no agent signs in or out, nobody is located, no
telephone rings (an offer is taken as it is made), and the agent's work ends with the talk.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, Literal

from contact_events import answering, calls, config, routing, wrapping
from contact_events.envelope import Envelope
from contact_events.identity import derived_id, reservation_id, router_stream
from contact_events.registry import Event, event_type_of
from contact_events.topics import ANSWERED, CALL_ARRIVED, WRAPPED_UP
from reporting.domain.recorded import RecordedCall

UNKNOWN_AGENT: Final = "unknown"
"""Who answered where the file names no server."""

CENTRE: Final = "bank"
"""The one client, project and site of the file."""

EPOCH: Final = 1
OWNER: Final = "recorded"

Step = Literal[
    "arrived",
    "queued",
    "routed",
    "answered",
    "connected",
    "disconnected",
    "released",
    "wrapped_up",
    "abandoned",
    "failed",
]
LAST: Final[frozenset[Step]] = frozenset({"disconnected", "abandoned", "failed"})
"""With which the stream of a call ends."""

Moment = tuple[datetime, int, int, Step, RecordedCall]
"""When, the call's number and the step's, which order what happens at once; and what happens."""


def facts(recorded: Iterable[RecordedCall], pool: str, time_zone: str) -> Iterator[Envelope]:
    """Yield the events of the calls, which come in order of arrival, for an empty log of `pool`.

    The site and each queue are described before their first call; a call's events lie between
    those of the others. Only the calls under way are in memory.
    """
    teller = _Teller(pool)
    ahead: list[Moment] = []
    for call in recorded:
        while ahead and ahead[0][0] < call.arrived_at:
            yield teller.told(heapq.heappop(ahead))
        yield from teller.introduced(call, time_zone)
        for moment in _moments(call):
            heapq.heappush(ahead, moment)
    while ahead:
        yield teller.told(heapq.heappop(ahead))


def _moments(call: RecordedCall) -> Iterator[Moment]:
    for place, (at, step) in enumerate(_steps(call)):
        yield at, call.number, place, step, call


def _steps(call: RecordedCall) -> Iterator[tuple[datetime, Step]]:
    asked_at = call.arrived_at + call.self_service
    left_at = asked_at + call.queued
    yield call.arrived_at, "arrived"
    if call.outcome == "HANG" and not call.queued:
        yield asked_at, "abandoned"
        return
    yield asked_at, "queued"
    match call.outcome:
        case "HANG":
            yield left_at, "abandoned"
        case "PHANTOM":
            yield left_at, "failed"
        case "AGENT":
            yield left_at, "routed"
            yield left_at, "answered"
            yield left_at, "connected"
            over_at = left_at + call.service
            yield over_at, "disconnected"
            yield over_at, "released"
            yield over_at, "wrapped_up"


class _Teller:
    """Numbers the streams and decisions, and knows which slots of the agents are taken."""

    def __init__(self, pool: str) -> None:
        self._pool = pool
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._ends: Counter[str] = Counter()
        self._kinds: set[str] = set()
        self._decisions = 0
        self._slots: dict[str, list[str | None]] = {}
        self._offers: dict[str, dict[str, Any]] = {}

    def introduced(self, call: RecordedCall, time_zone: str) -> Iterator[Envelope]:
        """Yield what has to be known before this call: the site, who leads, its queue."""
        if not self._kinds:
            yield from self._opened(call.arrived_at, time_zone)
        if call.kind not in self._kinds:
            self._kinds.add(call.kind)
            queue = config.QueueChanged(
                document_id=f"queue:{call.kind}",
                revision=1,
                changed_by=OWNER,
                queue_id=call.kind,
                name=calls.Text(call.kind, call.kind),
                client_id=CENTRE,
            )
            yield self._enveloped(queue, queue.document_id, call.arrived_at)

    def _opened(self, at: datetime, time_zone: str) -> Iterator[Envelope]:
        site = config.SiteChanged(
            document_id=f"site:{CENTRE}",
            revision=1,
            changed_by=OWNER,
            site_id=CENTRE,
            name=calls.Text(CENTRE, CENTRE),
            time_zone=time_zone,
        )
        yield self._enveloped(site, site.document_id, at)
        claim = routing.RouterEpochStarted(
            pool=self._pool, epoch=EPOCH, owner=OWNER, code_version=OWNER
        )
        yield self._enveloped(claim, self._router, at)

    @property
    def _router(self) -> str:
        return router_stream(self._pool, EPOCH, OWNER)

    def told(self, moment: Moment) -> Envelope:
        """Return the next event."""
        at, _, _, step, call = moment
        match step:
            case "routed":
                return self._enveloped(self._routed(call, at), self._router, at)
            case "answered" | "released" | "wrapped_up":
                return self._by_the_agent(step, call, at)
            case _:
                envelope = self._enveloped(self._by_the_caller(step, call), call.call_id, at)
                if step in LAST:
                    del self._numbers[envelope.source, call.call_id]
                return envelope

    def _by_the_caller(self, step: Step, call: RecordedCall) -> Event:
        call_id, attempt = call.call_id, 1
        match step:
            case "arrived":
                return _arrived(call)
            case "queued":
                return calls.CallQueued(
                    call_id=call_id, attempt=1, queue_id=call.kind, priority=call.priority
                )
            case "connected":
                fields = self._offers[call_id]
                of_join = {name: value for name, value in fields.items() if name != "slot"}
                return calls.CallConnected(**of_join)
            case "disconnected":
                return calls.CallDisconnected(call_id=call_id, attempt=attempt, by="caller")
            case "abandoned":
                return calls.CallAbandoned(call_id=call_id, attempt=int(bool(call.queued)))
            case _:
                return calls.CallFailed(call_id=call_id, attempt=attempt, reason="no_agent")

    def _routed(self, call: RecordedCall, at: datetime) -> Event:
        self._decisions += 1
        agent_id = call.server or UNKNOWN_AGENT
        reservation = reservation_id(self._pool, EPOCH, OWNER, self._decisions)
        offer = self._offers[call.call_id] = {
            "call_id": call.call_id,
            "attempt": 1,
            "reservation_id": reservation,
            "agent_id": agent_id,
            "slot": self._taken(agent_id, call.call_id),
        }
        waited_s = call.queued.total_seconds()
        return routing.CallRouted(
            pool=self._pool,
            epoch=EPOCH,
            owner=OWNER,
            number=self._decisions,
            decided_at=at,
            positions={t.name: self._ends[t.name] for t in (CALL_ARRIVED, ANSWERED, WRAPPED_UP)},
            site_id=CENTRE,
            expires_at=at,
            why=routing.Why(step=OWNER, eligible=1, waited_s=waited_s),
            queue_id=call.kind,
            **offer,
        )

    def _taken(self, agent_id: str, call_id: str) -> int:
        """Take the agent's first free slot; one that is double-booked gets one more."""
        slots = self._slots.setdefault(agent_id, [])
        if None not in slots:
            slots.append(None)
        slot = slots.index(None)
        slots[slot] = call_id
        return slot

    def _by_the_agent(self, step: Step, call: RecordedCall, at: datetime) -> Envelope:
        fields = self._offers[call.call_id]
        event: Event
        match step:
            case "answered":
                event = answering.CallAnswered(**fields)
            case "released":
                event = wrapping.CallReleased(**fields, connected=True, reason="ended")
                self._slots[fields["agent_id"]][fields["slot"]] = None
            case _:
                event = wrapping.CallWrappedUp(**fields, by="timer")
                del self._offers[call.call_id]
        return self._enveloped(event, fields["agent_id"], at)

    def _enveloped(self, event: Event, stream: str, at: datetime) -> Envelope:
        declared = event_type_of(type(event))
        topic = declared.topic
        source = f"/polycentre/{topic.owner}"
        self._numbers[source, stream] += 1
        self._ends[topic.name] += 1
        number = self._numbers[source, stream]
        return Envelope(
            id=derived_id(OWNER, source, stream, number),
            source=source,
            subject=str(getattr(event, declared.key)),
            time=at,
            pool=self._pool,
            client=CENTRE,
            project=CENTRE,
            stream=stream,
            sequence=number,
            data=event,
        )


def _arrived(call: RecordedCall) -> Event:
    """Return the arrival. The customer's pseudonym of the file tells that callers are the same."""
    customer = call.customer
    caller = calls.Caller(ref=customer, ref_version=0, prefix="", sealed="") if customer else None
    return calls.CallArrived(
        call_id=call.call_id,
        channel="voice",
        direction="internal" if call.outcome == "PHANTOM" else "inbound",
        dnis="",
        entry_site_id=CENTRE,
        caller=caller,
        attributes={"dirt": " ".join(call.dirt)} if call.dirt else {},
    )
