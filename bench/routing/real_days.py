"""Real days of calls, for the simulation: the "Anonymous Bank" file of the Technion.

Arrivals, handle times and the waits of those who left are the file's. What it does not tell is
drawn, seeded: the caller's home site; the patience of those who were answered, beyond their wait
(exponential, with the day's rate of leaving, so that the censored waits are continued); the handle
time of those who left, from the day's others; the fractions of seconds, of which the file tells
whole ones (a tenth of the waits of who is first are shorter than 3 s).
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from bench.routing.demand import SECOND, SITES, Demand

FILE: Final = Path(__file__).parents[3] / "shared/data/bank_calls_1999_02.csv"
"""Where the file stands, if it is there: it is no part of the project."""

ENTERED: Final = ("AGENT", "HANG")
"""The outcomes of calls that asked for an agent; the others stayed in self-service."""


class Row(NamedTuple):
    """A call of the file: seconds since midnight, or lengths."""

    at_s: int
    left: bool
    queue_s: int
    service_s: int


def read_days(path: Path) -> dict[str, list[Row]]:
    """Return the calls that asked for an agent, by day, in order of arrival."""
    days: defaultdict[str, list[Row]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["outcome"] in ENTERED:
                at_s = _seconds(row["vru_entry"])
                left = row["outcome"] == "HANG"
                days[row["date"]].append(Row(at_s, left, int(row["q_time"]), int(row["ser_time"])))
    return {day: sorted(rows) for day, rows in days.items()}


def demand(day: str, rows: Iterable[Row], draw: int = 0) -> list[Demand]:
    """Return the day's calls; day and `draw` are the seed of what the file does not tell."""
    rows, chance = list(rows), random.Random(f"{day}#{draw}")
    services = [row.service_s for row in rows if not row.left and row.service_s > 0]
    stayed_s = sum(row.queue_s for row in rows) / max(1, sum(row.left for row in rows))
    arrivals = sorted((row.at_s + chance.random(), row) for row in rows)
    return [
        Demand(
            number=number,
            at=round(at_s * SECOND),
            home=chance.randrange(len(SITES)),
            queue=0,
            handle=_length(row.service_s or chance.choice(services), chance),
            patience=_length(_patience_s(row, stayed_s, chance), chance),
        )
        for number, (at_s, row) in enumerate(arrivals)
    ]


def _length(seconds: float, chance: random.Random) -> int:
    """Return a length that the file has rounded to whole seconds, in microseconds."""
    return round(max(0.5, seconds + chance.random() - 0.5) * SECOND)


def _patience_s(row: Row, stayed_s: float, chance: random.Random) -> float:
    if row.left:
        return max(1.0, row.queue_s)
    return row.queue_s + (chance.expovariate(1 / stayed_s) if stayed_s else 0.0)


def _seconds(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds
