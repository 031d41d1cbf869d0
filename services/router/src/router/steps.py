"""What makes no sense in a queue: its steps, and calls that would go round for ever."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from contact_runtime.http.documents import Fault
from router.references import EACH, Known, Loc, Said, found, number


def faults_of_a_queue(queue_id: str, said: Said, known: Known) -> Iterator[Fault]:
    """Yield the faults of sense of a queue said under this id."""
    yield from _loops(queue_id, said, known)
    if said.get("overflow_to") is not None and said.get("beyond", "queue") != "queue":
        yield Fault(("overflow_to",), "useless_beside", 'only with `beyond` "queue"')
    yield from _names(said)
    steps = list(found(said, "steps", EACH))
    for (_, before), (loc, step) in pairwise(steps):
        if number(step, "after_s") < number(before, "after_s"):
            yield Fault((*loc, "after_s"), "steps_out_of_order", "earlier than the step before")
        if isinstance(before, Mapping) and before.get("move_to") is not None:
            yield Fault(loc, "step_unreachable", "the step before moves the call away")
    for loc, step in steps:
        if isinstance(step, Mapping):
            yield from (Fault((*loc, *at), code, why) for at, code, why in _step(step, known))


def _names(said: Said) -> Iterator[Fault]:
    names: list[Any] = []
    for loc, name in found(said, "steps", EACH, "name"):
        if name in names:
            yield Fault(loc, "repeated", f"another step is named {name}")
        names.append(name)


def _step(step: Said, known: Known) -> Iterator[Fault]:
    """Yield the faults of one step, placed within it."""
    reach, move_to, opens = (step.get(name) for name in ("reach", "move_to", "open_site_id"))
    yield from _together(step, "site_ids", reach == "sites", '`reach` "sites"')
    yield from _together(step, "queue_id", move_to == "queue", '`move_to` "queue"')
    if not reach or reach == "home":
        yield from _useless(step, "wait_improved_s", '`reach` "sites" or "any"')
    if not reach:
        yield from _useless(step, "skills", "a `reach`")
    if not any([reach, move_to, opens, step.get("raise_priority")]):
        yield Fault((), "step_empty", "the step does nothing")
    site = known.documents.get("site", {}).get(opens) if isinstance(opens, str) else None
    if site is not None and site.get("reserve") is None:
        yield Fault(("open_site_id",), "not_a_reserve", f"site {opens} has no `reserve`")


def _together(step: Said, name: str, needed: bool, beside: str) -> Iterator[Fault]:
    if needed and not step.get(name):
        yield Fault((name,), "missing_beside", f"needed with {beside}")
    if not needed:
        yield from _useless(step, name, beside)


def _useless(step: Said, name: str, beside: str) -> Iterator[Fault]:
    if step.get(name):
        yield Fault((name,), "useless_beside", f"only with {beside}")


def _loops(queue_id: str, said: Said, known: Known) -> Iterator[Fault]:
    queues = known.documents.get("queue", {})
    for loc, first in _goes_to(said):
        way: dict[str, tuple[str, ...]] = {first: (first,)}
        ahead = [first]
        while ahead and queue_id not in way:
            at = ahead.pop()
            for _, target in _goes_to(queues.get(at, {})):
                if target not in way:
                    way[target] = (*way[at], target)
                    ahead.append(target)
        if queue_id in way:
            yield Fault(loc, "overflow_loop", " -> ".join((queue_id, *way[queue_id])))


def _goes_to(said: Said) -> Iterator[tuple[Loc, str]]:
    """Yield the queues that calls of this one may go to, and where it says so."""
    paths: list[tuple[Any, ...]] = [("steps", EACH, "queue_id")]
    if said.get("beyond", "queue") == "queue":
        paths.append(("overflow_to",))
    for path in paths:
        for loc, target in found(said, *path):
            if isinstance(target, str):
                yield loc, target
