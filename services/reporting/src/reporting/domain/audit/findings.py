"""A record as the auditor sees it, and what it finds."""

from dataclasses import dataclass

from contact_events.calls import LONGEST_CALL_S
from contact_events.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: topic, partition, offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded record, its place, and the broker's clock when it was written (milliseconds)."""

    place: Place
    machine_ms: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant: which, what was seen, and the record that breaks it, where one does."""

    invariant: str
    said: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f" at {self.place}" if self.place else ""
        return f"{self.invariant}{where}: {self.said}"


@dataclass(frozen=True, slots=True)
class Patience:
    """What may still be under way when the log is read to its end.

    `at_rest`: nothing may, every call has ended. Otherwise a call may last `longest_call_s` of
    business time and end `ends_late_s` after it, which is half a minute of machine time at 60 times
    the speed of life, and what other services still owe may take `settling_s` of machine time.
    """

    at_rest: bool = False
    longest_call_s: float = LONGEST_CALL_S
    ends_late_s: float = 1800.0
    settling_s: float = 30.0
