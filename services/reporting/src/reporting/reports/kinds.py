"""The reports there are: what each is made of, by what it groups, what it measures."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import FromClause

from reporting.domain.counts import THRESHOLDS_S
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import STANDARD, Definition
from reporting.reports import sources

_WAITS: Final = (
    "offered",
    "answered",
    "abandoned",
    "overflowed",
    "failed",
    "carried_over",
    "service_level",
    "asa",
    "aht",
    "abandonment",
)


@dataclass(frozen=True)
class Kind:
    """One report: its rows, the columns it can group and filter by, and its sums.

    `by` and `shown` hold where nothing is asked for. `place` is the group whose site's time zone
    its days begin in. Rows of the operator's own are no client's to see.
    """

    name: str
    about: str
    rows: Callable[[Definition], FromClause]
    groups: tuple[str, ...]
    sums: frozenset[str]
    by: tuple[str, ...]
    shown: tuple[str, ...]
    place: str | None = None
    operators_own: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the names of the measures that can be made of its sums."""
        return tuple(name for name, each in MEASURES.items() if each.inputs(STANDARD) <= self.sums)


def _kind(name: str, about: str, *, sums: Iterable[str], **fields: object) -> Kind:
    return Kind(name, about, sums=frozenset(sums), **fields)  # type: ignore[arg-type]


KINDS: Final[dict[str, Kind]] = {
    each.name: each
    for each in (
        _kind(
            "queues",
            "Return what became of the waits in queues.",
            rows=sources.queues,
            groups=sources.QUEUE_GROUPS,
            sums=sources.WAIT_SUMS,
            by=("queue_id",),
            shown=(*_WAITS, "expected_wait_error"),
        ),
        _kind(
            "skills",
            "Return the waits of queues by the skills that the queues asked for at that time.\n\n"
            "A wait in a queue that asks for two skills counts once for each, so rows of different "
            "skills do not add up to the centre's.",
            rows=sources.skills,
            groups=("skill_id", *sources.QUEUE_GROUPS),
            sums=sources.WAIT_SUMS,
            by=("skill_id",),
            shown=_WAITS,
        ),
        _kind(
            "sites",
            "Return the waits by the site that answered, null where none did.\n\n"
            "Without `time_zone` each site's days begin at its own midnight.",
            rows=sources.places,
            groups=sources.PLACE_GROUPS,
            sums=sources.WAIT_SUMS,
            by=("answering_site_id",),
            shown=("answered", "home_share", "service_level_answered_only", "asa", "aht"),
            place="answering_site_id",
        ),
        _kind(
            "regions",
            "Return the waits by the caller's region.",
            rows=sources.places,
            groups=sources.PLACE_GROUPS,
            sums=sources.WAIT_SUMS,
            by=("region",),
            shown=(*_WAITS, "home_share"),
        ),
        _kind(
            "overflow",
            "Return the overflow matrix: the caller's region and home site by answering site.",
            rows=sources.places,
            groups=sources.PLACE_GROUPS,
            sums=sources.WAIT_SUMS,
            by=("region", "home_site_id", "answering_site_id"),
            shown=("offered", "answered", "abandoned", "home_share"),
        ),
        _kind(
            "contacts",
            "Return how contacts came and how self-service served them.",
            rows=sources.contacts,
            groups=sources.CONTACT_GROUPS,
            sums=sources.CONTACT_SUMS,
            by=("project_id",),
            shown=("arrived", "contained", "refused", "abandoned_in_flow", "contained_share"),
        ),
        _kind(
            "flow-steps",
            "Return how callers came to the steps of self-service flows and left them.",
            rows=sources.flow_steps,
            groups=sources.STEP_GROUPS,
            sums=sources.STEP_SUMS,
            by=("flow_id", "step"),
            shown=("entered", "step_contained", "step_abandoned", "step_queued"),
        ),
        _kind(
            "callers",
            "Return which contacts were resolved at first: their caller did not come again.",
            rows=sources.callers,
            groups=sources.CALLER_GROUPS,
            sums=sources.CALLER_SUMS,
            by=("project_id",),
            shown=("resolvable", "repeated", "first_contact_resolution"),
        ),
        _kind(
            "agents",
            "Return agents' offers, talks and time. The operator's own: no client may see them.",
            rows=sources.agents,
            groups=sources.AGENT_GROUPS,
            sums=(*sources.AGENT_SUMS, *sources.STATE_SUMS.values()),
            by=("agent_id",),
            shown=("answered", "rona", "aht", "occupancy", "utilisation", "signed_in_hours"),
            place="site_id",
            operators_own=True,
        ),
    )
}


def sums_of(definitions: Iterable[Definition], measures: Iterable[str]) -> list[str]:
    """Return the names of the sums that these measures need under these definitions, in order."""
    needed = itertools.product(measures, definitions)
    return sorted(set().union(*(MEASURES[name].inputs(each) for name, each in needed)))


def is_folded(seconds: int) -> bool:
    """Tell whether intervals hold the counts for this threshold."""
    return seconds in THRESHOLDS_S
