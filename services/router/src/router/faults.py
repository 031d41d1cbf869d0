"""What makes no sense in a document though its shape is right: references, orders, loops."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from contact_runtime.http.documents import Fault
from router import steps
from router.references import EACH, REFERENCES, VALUES, Known, Said, found, number

_ONCE: Final[Mapping[str, tuple[tuple[Any, ...], ...]]] = {
    "queue": (("team_ids",), ("steps", EACH, "site_ids")),
    "site": (("regions",), ("reserve", "queue_ids")),
    "skill": (),
    "policy": (),
    "calendar": (),
}
"""Lists that hold nothing twice."""


def faults(kind: str, document_id: str, said: Said, known: Known) -> list[Fault]:
    """Return all faults of sense of a document of the kind, said under this id."""
    return [
        *_unknown(kind, document_id, said, known),
        *(fault for path in _ONCE[kind] for fault in _repeated(said, *path)),
        *_RULES[kind](document_id, said, known),
    ]


def _unknown(kind: str, document_id: str, said: Said, known: Known) -> Iterator[Fault]:
    for path, of in REFERENCES[kind]:
        for loc, value in found(said, *path):
            itself = (kind, document_id) == (of, value)
            if isinstance(value, str) and not itself and not known.has(of, value):
                yield Fault(loc, f"unknown_{of}", f"there is no {of} {value}")


def _repeated(said: Said, *path: Any) -> Iterator[Fault]:
    for at, items in found(said, *path):
        seen: list[Any] = []
        for loc, item in found(items, EACH):
            if item in seen:
                yield Fault((*at, *loc), "repeated", f"{item} stands twice")
            seen.append(item)


def _site(site_id: str, said: Said, known: Known) -> Iterator[Fault]:
    for loc, reserve in found(said, "reserve"):
        opens, closes = (number(reserve, name) for name in ("open_above_s", "close_below_s"))
        if closes >= opens > 0:
            yield Fault((*loc, "close_below_s"), "reserve_thresholds", "not below `open_above_s`")
    if said.get("reserve") is None:
        for queue_id, queue in known.documents.get("queue", {}).items():
            if any(opened == site_id for _, opened in found(queue, "steps", EACH, "open_site_id")):
                yield Fault(("reserve",), "reserve_needed", f"queue {queue_id} opens the site")


def _policy(policy_id: str, said: Said, known: Known) -> Iterator[Fault]:
    seen: list[tuple[Any, Any]] = []
    for loc, raised in found(said, "raises", EACH):
        if isinstance(raised, Mapping):
            what = (raised.get("attribute"), raised.get("value"))
            if what in seen:
                yield Fault(loc, "repeated", "this attribute and value are raised already")
            seen.append(what)


def _calendar(calendar_id: str, said: Said, known: Known) -> Iterator[Fault]:
    days = [*found(said, "hours", VALUES), *found(said, "exceptions", EACH, "hours")]
    for loc, hours in days:
        yield from (Fault((*loc, at), "hours_overlap", why) for at, why in _overlapping(hours))
    if not any(hours for _, hours in days):
        yield Fault(("hours",), "never_open", "no weekday and no exception has hours")
    dates: list[Any] = []
    for loc, date in found(said, "exceptions", EACH, "date"):
        if date in dates:
            yield Fault(loc, "repeated", f"{date} stands twice")
        dates.append(date)


def _overlapping(hours: Any) -> Iterator[tuple[int, str]]:
    """Yield which of a day's hours begin before earlier ones have ended. Times sort as text."""
    spans = []
    for (at,), one in found(hours, EACH):
        if isinstance(one, Mapping) and all(isinstance(t, str) for t in one.values()):
            opens, closes = one.get("opens", ""), one.get("closes", "")
            spans.append((opens, closes if closes > opens else "48:00", int(at)))
    for before, after in pairwise(sorted(spans)):
        if after[0] < before[1]:
            yield after[2], f"{before[0]} to {before[1]} and from {after[0]} on"


def _nothing(document_id: str, said: Said, known: Known) -> Iterator[Fault]:
    return iter(())


Rule = Callable[[str, Said, Known], Iterator[Fault]]

_RULES: Final[Mapping[str, Rule]] = {
    "queue": steps.faults_of_a_queue,
    "site": _site,
    "skill": _nothing,
    "policy": _policy,
    "calendar": _calendar,
}
