"""I5: no stream goes backwards, and none of its events is lost."""

from collections import defaultdict
from collections.abc import Iterator

from contact_events.topics import ROUTED, ROUTING_CONFIG
from reporting.domain.audit.findings import Finding, Patience, Seen

UNNUMBERED = frozenset({ROUTED.name, ROUTING_CONFIG.name})
"""Topics whose records are told apart by their own rules (`contact_events.validity`)."""

_Stream = tuple[str, str]


class Streams:
    """The numbers of each stream, over all topics it writes to."""

    def __init__(self) -> None:
        """Start with no stream known."""
        self._known: dict[_Stream, dict[int, tuple[str, str]]] = defaultdict(dict)
        self._last: dict[tuple[str, _Stream], int] = defaultdict(int)
        self._newest: dict[_Stream, Seen] = {}

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what is wrong with the number of this record; a faithful repetition is right."""
        envelope, topic = seen.envelope, seen.place.topic
        if topic in UNNUMBERED:
            return
        stream, number = (envelope.source, envelope.stream), envelope.sequence
        first = self._known[stream].setdefault(number, (envelope.id, ""))
        if first == (envelope.id, ""):
            yield from self._new(seen, stream, number)
        elif first != (envelope.id, topic):
            said = f"{envelope.stream}: number {number} is both {first[0]} and {envelope.id}"
            yield Finding("I5", said, seen.place)

    def _new(self, seen: Seen, stream: _Stream, number: int) -> Iterator[Finding]:
        topic = seen.place.topic
        self._known[stream][number] = (seen.envelope.id, topic)
        if number < self._last[topic, stream]:
            said = f"{stream[1]}: number {number} comes after {self._last[topic, stream]}"
            yield Finding("I5", said, seen.place)
        self._last[topic, stream] = max(number, self._last[topic, stream])
        newest = self._newest.setdefault(stream, seen)
        if number > newest.envelope.sequence:
            self._newest[stream] = seen

    def close(self, patience: Patience, now_ms: int) -> Iterator[Finding]:
        """Yield the numbers that are missing below one that was written long enough ago."""
        for stream, newest in self._newest.items():
            young = now_ms - newest.machine_ms < patience.settling_s * 1_000
            missing = set(range(1, newest.envelope.sequence)) - self._known[stream].keys()
            if missing and (patience.at_rest or not young):
                said = f"{stream[1]}: {sorted(missing)[:5]} of its numbers are missing"
                yield Finding("I5", said, newest.place)
