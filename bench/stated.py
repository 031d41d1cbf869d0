"""How often real callers' waits lie within the intervals that the router states."""

from typing import Final

from bench.report import Report, progress
from bench.routing.real_days import FILE, demand, read_days
from bench.routing.stated import Kept, by_band, kept
from router.domain.expected import SHARE

AGENTS: Final = (6, 8)
DRAWS: Final = 2

INCIDENT: Final = "1999-02-03"
"""From 13:00 to 14:00 494 came, four times as many as else, and 330 of them left within 2 s."""

_NOTE = """\
All days of February 1999 of a real call centre, with so many agents all day; what the file does not
tell is drawn {draws} times. The baseline is the share that the router states. Deterministic: the
same on every machine."""


async def measure(report: Report) -> None:
    """Let the router state waits to the callers of every day, and see how long they waited."""
    if not FILE.exists():
        report.note = f"Nothing was measured: the file of real calls is not there ({FILE.name})."
        return
    real = read_days(FILE)
    calm = [demand(day, real[day], n) for day in real if day != INCIDENT for n in range(DRAWS)]
    hard = [demand(INCIDENT, real[INCIDENT], n) for n in range(DRAWS)]
    for agents in progress(AGENTS, "agents"):
        most, rest = by_band(kept(calm, agents)), by_band(kept(hard, agents))
        for band, held in most.items():
            _add(report, f"{agents} agents: {band}", held + rest[band])
            _add(report, f"{agents} agents, all days but {INCIDENT}: {band}", held)
    report.note = _NOTE.format(draws=DRAWS)


def _add(report: Report, name: str, held: Kept) -> None:
    report.add(name, held.share, "share", baseline=SHARE)
    report.add(f"{name}: shorter", held.below / max(1, held.calls), "share")
    report.add(f"{name}: longer", held.above / max(1, held.calls), "share")
    report.add(f"{name}: waits", held.calls, "1")
