"""Rosters as CSV: read with every fault of every line told, and written so that it is read back.

```
agent,site,from,to,breaks
a1,minsk,2026-03-02T09:00,2026-03-02T18:00,lunch@13:00/13:30 rest@16:00/16:15
```
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from agent_state.domain.local_times import TimeWrong, moment, next_time
from agent_state.domain.rosters import (
    MOST_SHIFTS,
    DayPlan,
    PlannedBreak,
    Shift,
    overlaps,
    shift_faults,
)

_REASON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}")
MOST_LINES: Final = 10_000
COLUMNS: Final = ("agent", "site", "from", "to", "breaks")


class LineFault(msgspec.Struct, frozen=True):
    """What is wrong with a line (the first is 1), in which column."""

    line: int
    column: str
    code: str


class Line(msgspec.Struct, frozen=True):
    """A line that was understood: one shift of an agent, on the local day that it begins."""

    number: int
    agent_id: str
    day: date
    shift: Shift


@dataclass(frozen=True, slots=True)
class Known:
    """What a line may name."""

    agents: Collection[str]
    zones: Mapping[str, ZoneInfo]
    reasons: Collection[str]


def named(rows: Sequence[Sequence[str]]) -> tuple[set[str], set[str]]:
    """Return the agents and the sites that a file names, whether they exist or not."""
    cells = [cells for _, cells in _filled(rows)[0]]
    return {each["agent"] for each in cells}, {each["site"] for each in cells}


def read(rows: Sequence[Sequence[str]], known: Known) -> tuple[list[Line], list[LineFault]]:
    """Return the lines that make sense by themselves, and everything that is wrong."""
    filled, faults = _filled(rows)
    lines: list[Line] = []
    for number, cells in filled:
        line, wrong = _line(number, cells, known)
        faults += wrong
        if line is not None:
            lines.append(line)
    return lines, [*faults, *_too_many(lines)]


def clashes(lines: Iterable[Line], others: Mapping[str, Iterable[Shift]]) -> Iterator[LineFault]:
    """Yield the lines whose shift overlaps with another line's or with one in `others`.

    `others` are the shifts, by agent, that stay as they are. Of two lines the later begins the
    overlap; against a shift that stays, it is the line's own fault whichever begins first.
    """
    by_agent: dict[str, list[Line]] = {}
    for line in lines:
        by_agent.setdefault(line.agent_id, []).append(line)
    for agent_id, own in by_agent.items():
        staying = list(others.get(agent_id, ()))
        twice = overlaps(line.shift for line in own)
        for line in own:
            against = any(len(overlaps([line.shift, other])) > 0 for other in staying)
            if against or any(line.shift is shift for shift in twice):
                yield LineFault(line.number, "from", "shifts-overlap")


def write(plans: Iterable[DayPlan], zones: Mapping[str, ZoneInfo]) -> str:
    """Return the plans as CSV, times by the site's clock with their offset."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for plan in plans:
        for shift in plan.shifts:
            writer.writerow(_row(plan.agent_id, shift, zones.get(shift.site_id)))
    return out.getvalue()


def _row(agent_id: str, shift: Shift, zone: ZoneInfo | None) -> tuple[str, ...]:
    def written(at: datetime) -> str:
        return (at.astimezone(zone) if zone else at).isoformat()

    breaks = " ".join(
        f"{pause.reason}@{written(pause.starts_at)}/{written(pause.ends_at)}"
        for pause in shift.breaks
    )
    return agent_id, shift.site_id, written(shift.starts_at), written(shift.ends_at), breaks


def _filled(
    rows: Sequence[Sequence[str]],
) -> tuple[list[tuple[int, dict[str, str]]], list[LineFault]]:
    """Return the lines with their cells by column, and those that have no such cells."""
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if sorted(header) != sorted(COLUMNS):
        return [], [LineFault(1, "", "column-missing")]
    if len(rows) > MOST_LINES + 1:
        return [], [LineFault(MOST_LINES + 2, "", "too-many-lines")]
    lines = [(n, row) for n, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    faults = [LineFault(n, "", "row-wrong") for n, row in lines if len(row) != len(header)]
    found = [
        (n, {name: cell.strip() for name, cell in zip(header, row, strict=True)})
        for n, row in lines
        if len(row) == len(header)
    ]
    return found, faults


def _line(
    number: int, cells: Mapping[str, str], known: Known
) -> tuple[Line | None, list[LineFault]]:
    faults: list[LineFault] = []
    if cells["agent"] not in known.agents:
        faults.append(LineFault(number, "agent", "agent-unknown"))
    zone = known.zones.get(cells["site"])
    if zone is None:
        return None, [*faults, LineFault(number, "site", "site-unknown")]
    times: dict[str, datetime] = {}
    for column in ("from", "to"):
        try:
            times[column] = moment(cells[column], zone)
        except TimeWrong as wrong:
            faults.append(LineFault(number, column, wrong.code))
    if len(times) < 2:
        return None, faults
    breaks, wrongs = _breaks(cells["breaks"], zone, times["from"])
    shift = Shift(
        site_id=cells["site"], starts_at=times["from"], ends_at=times["to"], breaks=breaks
    )
    faults += [LineFault(number, "breaks", code) for code in wrongs]
    of_shift = shift_faults(shift, known.reasons)
    faults += [LineFault(number, str(where[0]), code) for code, where in of_shift]
    day = times["from"].astimezone(zone).date()
    return (None if faults else Line(number, cells["agent"], day, shift)), faults


def _breaks(
    written: str, zone: ZoneInfo, after: datetime
) -> tuple[tuple[PlannedBreak, ...], list[str]]:
    found: list[PlannedBreak] = []
    wrong: list[str] = []
    for one in written.split():
        reason, _, span = one.partition("@")
        start, _, end = span.partition("/")
        if not _REASON.fullmatch(reason) or not start or not end:
            wrong.append("break-wrong")
            continue
        try:
            starts_at = _of_break(start, zone, after)
            found.append(PlannedBreak(reason, starts_at, _of_break(end, zone, starts_at)))
        except TimeWrong as why:
            wrong.append(why.code)
    return tuple(found), wrong


def _of_break(written: str, zone: ZoneInfo, after: datetime) -> datetime:
    return moment(written, zone) if "T" in written.upper() else next_time(written, zone, after)


def _too_many(lines: Iterable[Line]) -> Iterator[LineFault]:
    count: dict[tuple[str, date], int] = {}
    for line in lines:
        key = (line.agent_id, line.day)
        count[key] = count.get(key, 0) + 1
        if count[key] == MOST_SHIFTS + 1:
            yield LineFault(line.number, "from", "too-many")
