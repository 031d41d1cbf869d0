"""I1 and I10: each call ends once, and each attempt has exactly one fate."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contact_events.calls import TERMINAL, CallArrived, CallConnected, CallQueued, CallRecovered
from contact_events.topics import CALL_ARRIVED
from reporting.domain.audit.findings import Finding, Patience, Place, Seen


@dataclass(slots=True)
class _Call:
    arrived_at: datetime
    place: Place
    attempt: int = 0
    connected: set[int] = field(default_factory=set)
    ended: str | None = None


class Calls:
    """The life of each call, as the topic `call-arrived` tells it."""

    def __init__(self) -> None:
        """Start with no call known."""
        self._calls: dict[str, _Call] = {}
        self._now: datetime | None = None

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what this new event breaks. Repetitions are not given to this method."""
        if seen.place.topic != CALL_ARRIVED.name:
            return
        event, call_id = seen.envelope.data, seen.envelope.stream
        self._now = max(self._now or seen.envelope.time, seen.envelope.time)
        if isinstance(event, CallArrived):
            self._calls[call_id] = _Call(seen.envelope.time, seen.place)
            return
        call = self._calls.get(call_id)
        if call is None:
            yield Finding("I1", f"call {call_id} goes on before it arrived", seen.place)
        elif call.ended:
            said = f"call {call_id} goes on after {call.ended}"
            yield Finding("I1", said, seen.place)
        else:
            yield from self._attempt(call, seen)

    def _attempt(self, call: _Call, seen: Seen) -> Iterator[Finding]:
        call_id = seen.envelope.stream
        match seen.envelope.data:
            case CallQueued(attempt=attempt) | CallRecovered(attempt=attempt):
                if attempt != call.attempt + 1:
                    said = f"call {call_id}: attempt {attempt} follows {call.attempt}"
                    yield Finding("I10", said, seen.place)
                call.attempt = max(attempt, call.attempt)
            case CallConnected(attempt=attempt):
                if attempt != call.attempt or attempt in call.connected:
                    said = f"call {call_id} is connected in attempt {attempt} of {call.attempt}"
                    yield Finding("I10", f"{said}, or again", seen.place)
                call.connected.add(attempt)
            case event if isinstance(event, TERMINAL):
                call.ended = type(event).__name__
                yield from self._fate(call, seen)
            case _:
                pass  # what else happens in a call has no bearing on how it ends

    def _fate(self, call: _Call, seen: Seen) -> Iterator[Finding]:
        connected = call.attempt in call.connected
        wrong = {
            "CallDisconnected": not connected,
            "CallAbandoned": connected,
            "CallContained": call.attempt > 0,
            "CallRefused": call.attempt > 0,
        }.get(call.ended or "", False)
        if wrong:
            talk = "after" if connected else "without"
            said = f"call {seen.envelope.stream}: {call.ended} {talk} a talk in {call.attempt}"
            yield Finding("I10", said, seen.place)

    def close(self, patience: Patience, now_ms: int) -> Iterator[Finding]:
        """Yield the calls that should have ended by now."""
        if self._now is None:
            return
        oldest = self._now - timedelta(seconds=patience.longest_call_s + patience.ends_late_s)
        for call_id, call in self._calls.items():
            if call.ended is None and (patience.at_rest or call.arrived_at < oldest):
                yield Finding("I1", f"call {call_id} has not ended", call.place)

    def alive(self) -> int:
        """Return how many calls have not ended."""
        return sum(1 for call in self._calls.values() if call.ended is None)
