"""What may change in an event without a new version: optional fields may be added, nothing else.

A reader of the release before must be able to read what this release writes, and this release
must read everything that was ever written.
"""

from collections.abc import Iterator
from typing import Any

from contact_events.registry import DOWNCASTS, EVENTS, UPCASTS, EventType

Schema = dict[str, Any]

PROSE = ("title", "description", "$schema", "$id", "default")


def broken_rules(before: Schema, after: Schema) -> Iterator[str]:
    """Yield, for each rule that `after` breaks as the same version of `before`, which and where."""
    for mark in ("x-topic", "x-key", "x-owner"):
        if before.get(mark) != after.get(mark):
            yield f"{mark[2:]} changed from {before.get(mark)} to {after.get(mark)}"
    yield from _fields(before, after, "")


def _fields(before: Schema, after: Schema, at: str) -> Iterator[str]:
    old, new = before.get("properties", {}), after.get("properties", {})
    was, now = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(old.keys() - new.keys()):
        yield f"field {at}{name} was removed"
    for name in sorted((now - was) & old.keys()):
        yield f"field {at}{name} was optional and is required"
    for name in sorted((was - now) & new.keys()):
        yield f"field {at}{name} was required and is optional"
    for name in sorted(now - old.keys()):
        yield f"field {at}{name} is new and required: a new field has a default"
    for name in sorted(old.keys() & new.keys()):
        if _is_object(old[name]) and _is_object(new[name]):
            yield from _fields(old[name], new[name], f"{at}{name}.")
        elif _bare(old[name]) != _bare(new[name]):
            yield f"field {at}{name} changed its type"


def _is_object(schema: Schema) -> bool:
    return "properties" in schema


def _bare(node: Any) -> Any:
    """Return the schema without prose, which may change freely."""
    match node:
        case dict():
            return {name: _bare(value) for name, value in node.items() if name not in PROSE}
        case list():
            return [_bare(value) for value in node]
        case _:
            return node


def lost_versions(published: set[tuple[str, int]], kind: str) -> Iterator[str]:
    """Yield what stands in the way of reading every version of every event ever published.

    `published` are the types and versions for which there is a file of this `kind`.
    """
    for declared in EVENTS.values():
        for version in range(1, declared.version + 1):
            if (declared.name, version) not in published:
                yield f"{declared.name} version {version} has no {kind}: it stays for ever"
        yield from _steps(declared)
    for name, version in sorted(published):
        if name not in EVENTS or version > EVENTS[name].version:
            yield f"{name} version {version} has a {kind}, but is declared nowhere"


def _steps(declared: EventType) -> Iterator[str]:
    for to in range(2, declared.version + 1):
        if (declared.name, to) not in UPCASTS:
            yield f"{declared.name} version {to} has no upcast from version {to - 1}"
    if declared.writes < declared.version and (declared.name, declared.writes) not in DOWNCASTS:
        yield f"{declared.name} writes version {declared.writes} and has no downcast to it"
