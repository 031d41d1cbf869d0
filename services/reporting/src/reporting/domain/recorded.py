"""The rows of a recorded call centre, and what becomes of those that contradict themselves.

The format is that of the "Anonymous Bank" (Technion): a row a call, with times of day that have no
zone and lengths in whole seconds. **A row is its arrival and its lengths**; the moments that it
gives beside them are only compared, and each difference is counted, by the names in `FATES`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

Outcome = Literal["AGENT", "HANG", "PHANTOM"]

_OUTCOMES: Final[Mapping[str, Outcome]] = {each: each for each in get_args(Outcome)}
NO_SERVER: Final = "NO_SERVER"
NO_CUSTOMER: Final = "0"
NEVER: Final = "0:00:00"
DOUBLE_BOOKED_S: Final = 1

COLUMNS: Final = (
    *("vru_line", "call_id", "customer_id", "priority", "type", "date"),
    *("vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time"),
    *("outcome", "ser_start", "ser_exit", "ser_time", "server"),
)

FATES: Final = {
    "phantom": "no caller was there: a contact of direction `internal` that failed",
    "negative_self_service": "the self-service is counted as 0 s",
    "answered_by_nobody": "answered, by an agent who is not known",
    "service_before_queue_exit": "the talk begins when the queue was left, as long as it was",
    "service_never_began": "answered, with a talk of 0 s: its moments say 00:00:00, never",
    "served_and_hung_up": "the caller hung up in the queue; the service is passed over",
    "queued_for_no_time": "hung up in the queue's first second: counts as not queued",
    "queued_at_midnight": "00:00:00 with a length is a moment, not never: it was queued",
    "queued_later": "the queue begins where self-service ends",
    "double_booked": "the agent has two calls at once, each in a slot of its own",
}
"""What a row may be dirty with, and what becomes of it. A row may have several."""


class NotARecording(Exception):
    """The file is not in the format of the bank's calls; the message names the line."""

    code = "not-a-recording"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call of the file: when it arrived and how long each part of it took."""

    number: int
    call_id: str
    arrived_at: datetime
    kind: str
    priority: int
    customer: str | None
    outcome: Outcome
    self_service: timedelta
    queued: timedelta
    service: timedelta
    server: str | None
    dirt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """The calls in order of arrival, and how many rows were dirty with what."""

    calls: list[RecordedCall]
    dirt: Counter[str]


def recording(rows: Iterable[Mapping[str, str]], zone: ZoneInfo) -> Recording:
    """Return the calls of a file's rows, whose times of day are those of `zone`.

    Raises:
        NotARecording: a column is missing or a row cannot be read.
    """
    read = [_row(number, row) for number, row in enumerate(rows, 1)]
    twice = _double_booked(read)
    calls = [row.call(zone, twice) for row in read]
    calls.sort(key=lambda call: (call.arrived_at, call.number))
    return Recording(calls, Counter(dirt for call in calls for dirt in call.dirt))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row in numbers: seconds since midnight (None: never), and lengths in seconds."""

    number: int
    text: Mapping[str, str]
    day: date
    outcome: Outcome
    entry_s: int
    voice_exit_s: int
    voice_s: int
    queue_start_s: int | None
    queue_exit_s: int | None
    queue_s: int
    service_start_s: int | None
    service_s: int

    @property
    def server(self) -> str | None:
        """Return who served, or None where nobody is named."""
        return None if self.text["server"] == NO_SERVER else self.text["server"]

    def call(self, zone: ZoneInfo, double_booked: set[int]) -> RecordedCall:
        """Return the call that the row tells of."""
        text, dirt = self.text, [*self._dirt()]
        dirt += ["double_booked"] if self.number in double_booked else []
        local = datetime.combine(self.day, time(), zone) + timedelta(seconds=self.entry_s)
        served = self.outcome == "AGENT"
        customer = text["customer_id"]
        return RecordedCall(
            number=self.number,
            call_id=f"{self.day.isoformat()}.{text['vru_line']}.{text['call_id']}",
            arrived_at=local.astimezone(UTC),
            kind=text["type"].strip(),
            priority=int(text["priority"]),
            customer=None if customer == NO_CUSTOMER else customer,
            outcome=self.outcome,
            self_service=timedelta(seconds=max(0, self.voice_s)),
            queued=timedelta(seconds=self.queue_s),
            service=timedelta(seconds=self.service_s if served else 0),
            server=self.server if served else None,
            dirt=tuple(dirt),
        )

    def _dirt(self) -> Iterator[str]:
        served = self.outcome == "AGENT"
        found = {
            "phantom": self.outcome == "PHANTOM",
            "negative_self_service": self.voice_s < 0,
            "answered_by_nobody": served and self.server is None,
            "service_before_queue_exit": served and self._served_early(),
            "service_never_began": served and self.service_start_s is None,
            "served_and_hung_up": self.outcome == "HANG" and self.service_start_s is not None,
            "queued_for_no_time": self.queue_start_s is not None and self.queue_s == 0,
            "queued_at_midnight": self.queue_start_s is None and self.queue_s > 0,
            "queued_later": self.queue_start_s not in (None, self.voice_exit_s),
        }
        return (name for name, is_so in found.items() if is_so)

    def _served_early(self) -> bool:
        if self.service_start_s is None or self.queue_exit_s is None:
            return False
        return self.service_start_s < self.queue_exit_s


def _row(number: int, row: Mapping[str, str]) -> _Row:
    try:
        outcome = _OUTCOMES.get(row["outcome"])
        if outcome is None:
            raise ValueError(f"its outcome {row['outcome']!r} is none of {', '.join(_OUTCOMES)}")
        missing = [name for name in COLUMNS if row.get(name) is None]
        if missing:
            raise KeyError(", ".join(missing))
        return _Row(
            number=number,
            text=row,
            day=date.fromisoformat(row["date"]),
            outcome=outcome,
            entry_s=_seconds(row["vru_entry"]),
            voice_exit_s=_seconds(row["vru_exit"]),
            voice_s=int(row["vru_time"]),
            queue_start_s=_moment(row["q_start"]),
            queue_exit_s=_moment(row["q_exit"]),
            queue_s=_length(row["q_time"]),
            service_start_s=_moment(row["ser_start"]),
            service_s=_length(row["ser_time"]),
        )
    except KeyError as error:
        raise NotARecording(f"call {number} has no column {error.args[0]}") from error
    except ValueError as error:
        raise NotARecording(f"call {number} cannot be read: {error}") from error


def _moment(text: str) -> int | None:
    return None if text == NEVER else _seconds(text)


def _seconds(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(f"{text!r} is no time of day")
    return hours * 3600 + minutes * 60 + seconds


def _length(text: str) -> int:
    if (length := int(text)) < 0:
        raise ValueError(f"{text} s is no length of a wait or a service")
    return length


def _double_booked(rows: Iterable[_Row]) -> set[int]:
    """Return the rows whose service began more than 1 s before the agent's last one ended."""
    by_agent: dict[tuple[date, str], list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows:
        if row.outcome == "AGENT" and row.server and row.service_start_s is not None:
            span = (row.service_start_s, row.service_start_s + row.service_s, row.number)
            by_agent[row.day, row.server].append(span)
    return {
        number
        for spans in by_agent.values()
        for (_, ended_s, _), (began_s, _, number) in pairwise(sorted(spans))
        if ended_s - began_s > DOUBLE_BOOKED_S
    }
