"""The auditor: folds the whole log once and tells what is not as it must be."""

from collections import Counter
from collections.abc import Iterator

from contact_events.intake import Intake
from reporting.domain.audit.agents import Agents
from reporting.domain.audit.calls import Calls
from reporting.domain.audit.findings import Finding, Patience, Seen
from reporting.domain.audit.offers import Offers
from reporting.domain.audit.parties import Parties
from reporting.domain.audit.streams import Streams


class Auditor:
    """Takes every record of every topic, each partition in order, and names what is broken."""

    def __init__(self) -> None:
        """Start before the first record."""
        self.records: Counter[str] = Counter()
        self.void = 0
        self._intake = Intake()
        self._streams = Streams()
        self._calls = Calls()
        self._parts = (self._calls, Offers(), Agents(), Parties())
        self._newest_ms = 0

    def take(self, seen: Seen) -> Iterator[Finding]:
        """Yield what this record breaks."""
        self.records[seen.place.topic] += 1
        self._newest_ms = max(self._newest_ms, seen.machine_ms)
        yield from self._streams.take(seen)
        if not self._intake.takes(seen.place.topic, seen.envelope):
            self.void += 1
            return
        for part in self._parts:
            yield from part.take(seen)

    def close(self, patience: Patience, now_ms: int | None = None) -> Iterator[Finding]:
        """Yield what only the end tells; `now_ms` is machine time, by default the last record's."""
        now_ms = self._newest_ms if now_ms is None else now_ms
        for part in (self._streams, *self._parts):
            yield from part.close(patience, now_ms)

    def alive(self) -> int:
        """Return how many calls have not ended."""
        return self._calls.alive()
