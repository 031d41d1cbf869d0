"""I10 for completed consultations: who joins and leaves a talk, and that their slot moved once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contact_events.calls import (
    TERMINAL,
    CallConnected,
    CallDiverted,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
    CallRecovered,
)
from contact_events.topics import CALL_ARRIVED
from reporting.domain.audit.findings import Finding, Patience, Place, Seen


@dataclass(slots=True)
class _Talk:
    """The reservations joined in a call's present attempt."""

    attempt: int
    joined: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Told:
    place: Place
    machine_ms: int


Move = tuple[str, str, int]
"""A reservation, the call that its slot moved to, and the attempt."""


class Parties:
    """Every talk with its agents, and every move of a slot as both calls tell of it."""

    def __init__(self) -> None:
        """Start with no talk known."""
        self._talks: dict[str, _Talk] = {}
        self._joined: dict[Move, _Told] = {}
        self._diverted: dict[Move, _Told] = {}

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what this new event breaks. Repetitions are not given to this method."""
        if seen.place.topic != CALL_ARRIVED.name:
            return
        event, call_id = seen.envelope.data, seen.envelope.stream
        match event:
            case CallConnected():
                self._talks[call_id] = _Talk(event.attempt, {event.reservation_id})
            case CallPartyJoined():
                yield from self._join(call_id, event, seen)
            case CallPartyLeft():
                yield from self._leave(call_id, event, seen)
            case CallQueued() | CallRecovered():
                self._talks.pop(call_id, None)
            case _ if isinstance(event, TERMINAL):
                self._talks.pop(call_id, None)
                self._divert(event, seen)
            case _:
                pass  # nothing else joins anybody or lets them go

    def _join(self, call_id: str, event: CallPartyJoined, seen: Seen) -> Iterator[Finding]:
        move = (event.reservation_id, call_id, event.attempt)
        self._joined[move] = _Told(seen.place, seen.machine_ms)
        talk = self._talks.get(call_id)
        if talk is None or talk.attempt != event.attempt:
            said = f"{event.agent_id} joined call {call_id}, which is in no talk"
            yield Finding("I10", f"{said} in attempt {event.attempt}", seen.place)
        else:
            talk.joined.add(event.reservation_id)

    def _leave(self, call_id: str, event: CallPartyLeft, seen: Seen) -> Iterator[Finding]:
        talk = self._talks.get(call_id)
        joined = talk.joined if talk else set()
        if event.reservation_id not in joined:
            said = f"{event.agent_id} left call {call_id} without having been in it"
            yield Finding("I10", said, seen.place)
        joined.discard(event.reservation_id)
        if not joined:
            yield Finding("I10", f"call {call_id} goes on with nobody in it", seen.place)

    def _divert(self, event: object, seen: Seen) -> None:
        if isinstance(event, CallDiverted) and event.reservation_id is not None:
            move = (event.reservation_id, event.next_call_id or "", event.next_attempt or 0)
            self._diverted[move] = _Told(seen.place, seen.machine_ms)

    def close(self, patience: Patience, now_ms: int) -> Iterator[Finding]:
        """Yield the moves of which only one of the two calls tells."""
        settled_ms = now_ms if patience.at_rest else now_ms - int(patience.settling_s * 1_000)
        for one, other, whose in (
            (self._joined, self._diverted, "its consultation"),
            (self._diverted, self._joined, "the call that it moved to"),
        ):
            for move, told in one.items():
                if move not in other and told.machine_ms <= settled_ms:
                    said = f"{whose} does not tell that {move[0]} moved to call {move[1]}"
                    yield Finding("I10", said, told.place)
