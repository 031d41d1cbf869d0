"""What a caller is going to do, decided before the call so that a seed repeats the day."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim import profiles
from sim.centre import PROJECTS, Project
from sim.geography import draw_caller

CONTAINED_SHARE = 0.12
AGENT_ENDS_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call: when, from where, to whom, and how patient and talkative the caller is.

    `at_s` counts from the start of the run; `digit` is the menu choice, None for a caller who
    hangs up after `think_s` without choosing. `drawn` names what was drawn rather than known.
    """

    number: int
    at_s: float
    ani: str
    dnis: str
    entry_site: str
    digit: str | None
    think_s: float
    patience_s: float
    handle_s: float
    agent_ends: bool = False
    drawn: str = ""


def from_profile(seed: int, start_h: float, peak_per_hour: float) -> Iterator[PlannedCall]:
    """Yield a day of calls by the published profiles, from `start_h` in Moscow on."""
    times = profiles.arrivals_s(random.Random(f"{seed}/arrivals"), start_h, peak_per_hour)
    for number, at_s in enumerate(times):
        rnd = random.Random(f"{seed}/{number}")
        project = _project(rnd, PROJECTS)
        ani, entry_site = draw_caller(rnd)
        contained = rnd.random() < CONTAINED_SHARE
        yield PlannedCall(
            number=number,
            at_s=at_s,
            ani=ani,
            dnis=project.dnis,
            entry_site=entry_site,
            digit=project.contained_digit if contained else _choice(rnd, project),
            think_s=profiles.draw_think_s(rnd),
            patience_s=profiles.draw_patience_s(rnd),
            handle_s=profiles.draw_handle_s(rnd),
            agent_ends=rnd.random() < AGENT_ENDS_SHARE,
            drawn="arrivals, ani, entry_site, patience, handle_time, roster",
        )


def _project(rnd: random.Random, projects: Iterable[Project]) -> Project:
    known = list(projects)
    return rnd.choices(known, [project.weight for project in known])[0]


def _choice(rnd: random.Random, project: Project) -> str:
    return rnd.choices([c.digit for c in project.choices], [c.weight for c in project.choices])[0]
