"""What this replica sent: read back byte for byte, it need not be decoded to be known."""

from collections import deque
from collections.abc import Sequence

from contact_events.envelope import Envelope
from contact_events.topics import ROUTED
from contact_runtime.log import Entry, Record
from router.codec import entry_of, fact_of
from router.domain.state import Fact


class Sent:
    """The last batch, each of its envelopes until its record was read back."""

    def __init__(self, pool: str) -> None:
        """Begin with nothing sent."""
        self._pool = pool
        self._due: deque[tuple[Entry, Envelope]] = deque()

    def entries(self, envelopes: Sequence[Envelope]) -> list[Entry]:
        """Return the next batch as records to be appended; the one before is forgotten."""
        self._due = deque((entry_of(envelope), envelope) for envelope in envelopes)
        return [entry for entry, _ in self._due]

    def fact_of(self, record: Record) -> tuple[Fact, str | None]:
        """Return the record as the router takes it, and the reason if it is poison.

        Only the very bytes that are due next are known; all else is decoded.
        """
        if self._due and record.topic == ROUTED.name:
            entry, envelope = self._due[0]
            if (record.value, record.key) == (entry.value, entry.key):
                self._due.popleft()
                return Fact(record.topic, record.offset, envelope), None
        return fact_of(record, self._pool)
