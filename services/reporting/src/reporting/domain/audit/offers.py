"""I2 and I6: one live reservation for a slot and an attempt, one outcome each, nothing void."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contact_events.agents import AgentChanged
from contact_events.answering import OUTCOMES, CallAnswered, CallRangOut, CallRejected
from contact_events.calls import CallConnected, CallQueued
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted, Decision
from contact_events.topics import ANSWERED
from reporting.domain.audit.findings import Finding, Patience, Place, Seen

OUTCOME_DUE = timedelta(seconds=120)
"""How long after `expires_at`, in business time, the outcome of an offer may still come."""


@dataclass(frozen=True, slots=True)
class _Offer:
    routed: CallRouted
    place: Place
    machine_ms: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """Something done about a reservation, which must have been validly made."""

    reservation_id: str
    said: str
    place: Place
    machine_ms: int


class Offers:
    """Every valid reservation, every outcome, and whatever else names a reservation."""

    def __init__(self) -> None:
        """Start with no reservation known."""
        self._offers: dict[str, _Offer] = {}
        self._outcomes: dict[str, list[Place]] = defaultdict(list)
        self._accepted: dict[tuple[str, int], list[tuple[str, Place]]] = defaultdict(list)
        self._rescinded: dict[str, tuple[str, int]] = {}
        self._claims: list[_Claim] = []
        self._overflowed: set[tuple[str, int]] = set()
        self._moved: list[tuple[tuple[str, int], Place, int]] = []
        self._now: datetime | None = None
        self._positions: dict[tuple[str, str], int] = defaultdict(int)

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what this new event breaks at once; decisions given here are the valid ones."""
        event = seen.envelope.data
        self._now = max(self._now or seen.envelope.time, seen.envelope.time)
        if isinstance(event, Decision):
            yield from self._decision(event, seen)
        elif isinstance(event, OUTCOMES):
            assert isinstance(event, CallAnswered | CallRejected | CallRangOut)
            self._outcome(event, seen)
        elif isinstance(event, CallConnected):
            self._claim(event.reservation_id, f"call {event.call_id} is connected by", seen)
        elif isinstance(event, CallQueued) and event.reason == "overflow":
            moved = ((event.call_id, event.attempt - 1), seen.place, seen.machine_ms)
            self._moved.append(moved)
        elif isinstance(event, AgentChanged):
            for slot in event.slots:
                if slot.reservation_id is not None:
                    self._claim(slot.reservation_id, f"{event.agent_id} has", seen)

    def _decision(self, event: Decision, seen: Seen) -> Iterator[Finding]:
        for topic, position in event.positions.items():
            if position < self._positions[event.pool, topic]:
                said = f"decision {event.number} of epoch {event.epoch}: {topic} goes back"
                yield Finding("I5", said, seen.place)
            self._positions[event.pool, topic] = position
        match event:
            case CallRouted():
                offer = _Offer(event, seen.place, seen.machine_ms)
                self._offers[event.reservation_id] = offer
            case CallRescinded():
                self._rescinded.setdefault(
                    event.reservation_id, (seen.place.topic, seen.place.offset)
                )
            case CallOverflowed():
                self._overflowed.add((event.call_id, event.attempt))
            case _:
                pass  # progress and site status reserve nothing

    def _outcome(self, event: CallAnswered | CallRejected | CallRangOut, seen: Seen) -> None:
        self._outcomes[event.reservation_id].append(seen.place)
        self._claim(event.reservation_id, "there is an outcome of", seen)
        if isinstance(event, CallAnswered):
            taken = self._accepted[event.call_id, event.attempt]
            taken.append((event.reservation_id, seen.place))

    def _claim(self, reservation_id: str, said: str, seen: Seen) -> None:
        self._claims.append(_Claim(reservation_id, said, seen.place, seen.machine_ms))

    def close(self, patience: Patience, now_ms: int) -> Iterator[Finding]:
        """Yield what only the whole log can tell."""
        settled_ms = now_ms if patience.at_rest else now_ms - int(patience.settling_s * 1_000)
        yield from self._void(settled_ms)
        yield from self._twice()
        yield from self._unsettled(patience, settled_ms)
        yield from self._live_twice()

    def _void(self, settled_ms: int) -> Iterator[Finding]:
        told: set[str] = set()
        for claim in self._claims:
            void = claim.reservation_id not in self._offers and claim.machine_ms <= settled_ms
            if void and claim.reservation_id not in told:
                told.add(claim.reservation_id)
                said = f"{claim.said} reservation {claim.reservation_id}, which is not valid"
                yield Finding("I6", said, claim.place)
        for attempt, place, machine_ms in self._moved:
            if attempt not in self._overflowed and machine_ms <= settled_ms:
                said = f"call {attempt[0]} overflowed from attempt {attempt[1]} by nobody's order"
                yield Finding("I6", said, place)

    def _twice(self) -> Iterator[Finding]:
        for reservation_id, places in self._outcomes.items():
            if len(places) > 1:
                yield Finding("I2", f"{reservation_id} has {len(places)} outcomes", places[1])
        for (call_id, attempt), takers in self._accepted.items():
            if len(takers) > 1:
                said = f"attempt {attempt} of call {call_id} was taken {len(takers)} times"
                yield Finding("I2", said, takers[1][1])

    def _unsettled(self, patience: Patience, settled_ms: int) -> Iterator[Finding]:
        """Yield the offers with no outcome that should long have one, on both clocks."""
        for reservation_id, offer in self._offers.items():
            late = self._now is not None and self._now > offer.routed.expires_at + OUTCOME_DUE
            due = patience.at_rest or (late and offer.machine_ms <= settled_ms)
            if due and reservation_id not in self._outcomes:
                yield Finding("I2", f"{reservation_id} has no outcome", offer.place)

    def _live_twice(self) -> Iterator[Finding]:
        by_slot: dict[tuple[str, int], _Offer] = {}
        by_attempt: dict[tuple[str, int], list[_Offer]] = defaultdict(list)
        for offer in self._offers.values():
            routed = offer.routed
            before = by_slot.get((routed.agent_id, routed.slot))
            if before and not self._was_settled(before, offer):
                said = f"{routed.agent_id} slot {routed.slot} was reserved for two calls"
                yield Finding("I2", said, offer.place)
            by_slot[routed.agent_id, routed.slot] = offer
            others = by_attempt[routed.call_id, routed.attempt]
            if any(self._was_live(other, offer) for other in others):
                said = f"attempt {routed.attempt} of call {routed.call_id} had two offers"
                yield Finding("I2", said, offer.place)
            others.append(offer)

    def _was_settled(self, before: _Offer, offer: _Offer) -> bool:
        """Tell whether the router had read the outcome of `before` when it made `offer`."""
        places = self._outcomes.get(before.routed.reservation_id)
        return places is not None and places[0].offset < offer.routed.positions.get(
            ANSWERED.name, 0
        )

    def _was_live(self, before: _Offer, offer: _Offer) -> bool:
        rescinded = self._rescinded.get(before.routed.reservation_id)
        if rescinded is not None and rescinded[1] < offer.place.offset:
            return False
        return not self._was_settled(before, offer)
