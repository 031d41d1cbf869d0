"""Where documents name others, and the other documents that are there.

Documents are looked at as they were said: what has the wrong shape is passed over, so that faults
of shape and of sense can be told at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

EACH: Final = object()
"""In a path: each item of a list."""

KEYS: Final = object()
"""In a path: each key of a map, as a value."""

VALUES: Final = object()
"""In a path: each value of a map."""

Loc = tuple[str | int, ...]
Said = Mapping[str, Any]

CODES: Final = {
    "unknown_skill": "No such skill: put it to `/v1/skills` first.",
    "unknown_site": "No such site.",
    "unknown_queue": "No such queue.",
    "unknown_calendar": "No such calendar: put it to `/v1/calendars` first.",
    "unknown_revision": "The document never had this revision.",
    "not_this_pool": "A policy is named like the pool that it is of.",
    "overflow_loop": "Calls would go round: from the queue to others and back to itself.",
    "repeated": "It stands here twice.",
    "steps_out_of_order": "A step may not come earlier than the one before it (`after_s`).",
    "step_empty": "The step neither looks anywhere, nor raises, opens or moves anything.",
    "step_unreachable": "The step before has moved the call away.",
    "missing_beside": "What stands beside it needs this, too.",
    "useless_beside": "What stands beside it makes this mean nothing.",
    "not_a_reserve": "The site has no `reserve`, so no step can open it.",
    "reserve_needed": "A queue's step opens the site, so it must stay a reserve.",
    "reserve_thresholds": "A reserve must close at a lower wait than it opens at.",
    "hours_overlap": "Hours of one day overlap.",
    "never_open": "The calendar never opens.",
    "time_zone": "No name of the IANA time zone database.",
    "time_of_day": "No time of a day: `00:00` to `24:00`.",
    "date": "No date: `YYYY-MM-DD`.",
}
"""The codes of faults that only the router tells, with their meaning."""

REFERENCES: Final[Mapping[str, tuple[tuple[tuple[Any, ...], str], ...]]] = {
    "queue": (
        (("skills", KEYS), "skill"),
        (("steps", EACH, "skills", KEYS), "skill"),
        (("steps", EACH, "site_ids", EACH), "site"),
        (("steps", EACH, "open_site_id"), "site"),
        (("steps", EACH, "queue_id"), "queue"),
        (("overflow_to",), "queue"),
        (("calendar_id",), "calendar"),
    ),
    "site": ((("reserve", "queue_ids", EACH), "queue"), (("calendar_id",), "calendar")),
    "skill": (),
    "policy": (),
    "calendar": (),
}
"""Where documents of a kind name others, and of which kind those are."""


@dataclass(frozen=True, slots=True)
class Known:
    """The other documents that are there: by kind and id, as events say them."""

    documents: Mapping[str, Mapping[str, Said]]

    def has(self, kind: str, document_id: str) -> bool:
        """Return whether there is such a document."""
        return document_id in self.documents.get(kind, {})

    def users(self, kind: str, document_id: str) -> list[str]:
        """Return the documents that name this one, as `kind:id`, except itself."""
        return sorted(
            f"{other}:{user}"
            for other, documents in self.documents.items()
            for user, said in documents.items()
            if (other, user) != (kind, document_id)
            and any(
                value == document_id
                for path, of in REFERENCES[other]
                if of == kind
                for _, value in found(said, *path)
            )
        )


def found(said: Any, *path: Any) -> Iterator[tuple[Loc, Any]]:
    """Yield what stands at the path, and where; nothing where shapes are not as the path has it."""
    if not path:
        yield (), said
        return
    for key, inner in _at(said, path[0]):
        for loc, value in found(inner, *path[1:]):
            yield (key, *loc), value


def _at(said: Any, part: Any) -> list[tuple[str | int, Any]]:
    if part is EACH:
        return list(enumerate(said)) if isinstance(said, list | tuple) else []
    if not isinstance(said, Mapping):
        return []
    if part is KEYS:
        return [(key, key) for key in said]
    if part is VALUES:
        return list(said.items())
    return [(part, said[part])] if said.get(part) is not None else []


def number(said: Any, name: str) -> float:
    """Return the number of that name, 0 where there is none."""
    value = said.get(name, 0.0) if isinstance(said, Mapping) else 0.0
    return value if isinstance(value, int | float) else 0.0
