"""Reads a real day call by call: the "Anonymous Bank" format of the Technion.

The file has no callers' numbers, no sites and no rosters, and tells a caller's patience only
where the caller left: what is missing is drawn, seeded, and named in `PlannedCall.drawn`.
Traps of the format, each with its fate: times are local without a zone (taken as Moscow's);
00:00:00 means "never"; a negative time in the voice unit counts as 0; an answered row with no
server, or with no service time, is answered for the time drawn from the profile.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sim import profiles
from sim.centre import PROJECTS, Project
from sim.geography import draw_caller
from sim.planned import PlannedCall

NEVER = "0:00:00"
COLUMNS = ("date", "vru_entry", "vru_time", "q_time", "outcome", "ser_time", "server", "type")
DIAL: dict[str, tuple[int, int]] = {
    "PS": (0, 0),
    "NW": (0, 1),
    "PE": (0, 0),
    "NE": (1, 0),
    "IN": (1, 0),
    "TT": (1, 1),
}
"""The kind of service in the file to the project dialled and its menu entry."""

DRAWN = "ani, entry_site, roster"


class NotADayFile(Exception):
    """The file is not in the format of the bank's calls, or has no call on that day."""

    code = "not-a-day-file"


@dataclass(frozen=True, slots=True)
class Row:
    """A call of the file: seconds are since midnight, or lengths."""

    line: int
    at_s: int
    kind: str
    outcome: str
    voice_unit_s: int
    queue_s: int
    service_s: int
    dirt: tuple[str, ...] = ()

    @property
    def dnis(self) -> str:
        """Return the number this kind of call dials."""
        return PROJECTS[DIAL[self.kind][0]].dnis


@dataclass(slots=True)
class Day:
    """The calls of one day in order of arrival, and what was dirty about them."""

    rows: list[Row]
    dirt: Counter[str] = field(default_factory=Counter)


def read_day(path: Path, day: date) -> Day:
    """Return the calls of `day`.

    Raises:
        NotADayFile: a column is missing, a row cannot be read, or the day has no call.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = set(COLUMNS) - set(rows.fieldnames or ())
        if missing:
            raise NotADayFile(f"{path.name} has no column {', '.join(sorted(missing))}")
        wanted = day.isoformat()
        found = [_row(path, rows.line_num, row) for row in rows if row["date"] == wanted]
    if not found:
        raise NotADayFile(f"{path.name} has no call on {wanted}")
    found.sort(key=lambda row: (row.at_s, row.line))
    return Day(found, Counter(dirt for row in found for dirt in row.dirt))


def _row(path: Path, line: int, row: dict[str, str]) -> Row:
    try:
        voice_unit_s = int(row["vru_time"])
        kind = row["type"].strip()
        dirt = [] if voice_unit_s >= 0 else ["negative time in the voice unit"]
        dirt += [] if kind in DIAL else ["unknown kind of service"]
        answered = row["outcome"] == "AGENT"
        dirt += ["answered by no server"] if answered and row["server"] == "NO_SERVER" else []
        return Row(
            line=line,
            at_s=seconds(row["vru_entry"]),
            kind=kind if kind in DIAL else "PS",
            outcome=row["outcome"],
            voice_unit_s=max(0, voice_unit_s),
            queue_s=max(0, int(row["q_time"])),
            service_s=max(0, int(row["ser_time"])),
            dirt=tuple(dirt),
        )
    except (ValueError, KeyError) as error:
        raise NotADayFile(f"{path.name} line {line} cannot be read: {error}") from error


def seconds(time: str) -> int:
    """Return the seconds since midnight of `h:mm:ss`.

    Raises:
        ValueError: it is no time of day.
    """
    hours, minutes, rest = (int(part) for part in time.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= rest < 60):
        raise ValueError(f"{time!r} is no time of day")
    return hours * 3600 + minutes * 60 + rest


def busiest(rows: Iterable[Row], hours: float) -> list[Row]:
    """Return the calls of the span of so many hours, from a full hour on, with most of them."""
    known = list(rows)
    spans = [
        [row for row in known if start * 3600 <= row.at_s < (start + hours) * 3600]
        for start in range(24)
    ]
    return max(spans, key=len)


def planned(rows: Iterable[Row], seed: int, start_s: int) -> Iterator[PlannedCall]:
    """Yield what the callers of these rows do, `at_s` counted from `start_s` since midnight."""
    for number, row in enumerate(rows):
        rnd = random.Random(f"{seed}/{row.line}")
        project_index, choice = DIAL[row.kind]
        project = PROJECTS[project_index]
        ani, entry_site = draw_caller(rnd)
        patience_s, patience_drawn = _patience(rnd, row)
        yield PlannedCall(
            number=number,
            at_s=row.at_s - start_s,
            ani=ani,
            dnis=project.dnis,
            entry_site=entry_site,
            digit=_digit(row, project, choice),
            think_s=float(max(1, row.voice_unit_s)),
            patience_s=patience_s,
            handle_s=float(row.service_s) or profiles.draw_handle_s(rnd),
            drawn=f"{DRAWN}, patience" if patience_drawn else DRAWN,
        )


def _digit(row: Row, project: Project, choice: int) -> str | None:
    left_in_flow = row.outcome != "AGENT" and row.queue_s == 0
    return None if left_in_flow else project.choices[choice].digit


def _patience(rnd: random.Random, row: Row) -> tuple[float, bool]:
    """Return how long the caller waits, and whether that had to be drawn."""
    if row.outcome == "HANG" and row.queue_s > 0:
        return float(row.queue_s), False
    return max(profiles.draw_patience_s(rnd), float(row.queue_s) + 1.0), True
