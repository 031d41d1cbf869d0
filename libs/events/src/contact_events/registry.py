"""Where an event is declared, once: its name on the wire, version, topic and key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from contact_events.topics import Topic

Payload = Mapping[str, Any]
Step = Callable[[Payload], dict[str, Any]]


class Event(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A fact that happened. Flat: ids and facts, never a whole entity."""


E = TypeVar("E", bound=type[Event])
F = TypeVar("F", bound=Step)


@dataclass(frozen=True, slots=True)
class EventType:
    """How an event stands on the wire.

    `version` is the shape declared in code and the newest that is read; `writes` is the version
    put on the wire: one lower while the release before this one must still be able to read it.
    """

    name: str
    version: int
    writes: int
    topic: Topic
    key: str
    shape: type[Event]


EVENTS: dict[str, EventType] = {}
UPCASTS: dict[tuple[str, int], Step] = {}
DOWNCASTS: dict[tuple[str, int], Step] = {}
_BY_CLASS: dict[type[Event], EventType] = {}


class WronglyDeclared(Exception):
    """An event, upcast or downcast was declared twice or against the rules of `event`."""


def event(
    name: str, *, version: int, topic: Topic, key: str, writes: int | None = None
) -> Callable[[E], E]:
    """Declare the class below as the event `name`.

    Raises:
        WronglyDeclared: the name is taken, the key is not a field, or `writes` is not `version`
            or one less.
    """

    def declare(shape: E) -> E:
        written = version if writes is None else writes
        if name in EVENTS:
            raise WronglyDeclared(f"{name} is declared twice")
        if key not in shape.__struct_fields__:
            raise WronglyDeclared(f"{name}: its key {key} is not one of its fields")
        if written not in (version, version - 1):
            raise WronglyDeclared(f"{name}: writes {written}, but its shape is version {version}")
        declared = EventType(name, version, written, topic, key, shape)
        EVENTS[name] = _BY_CLASS[shape] = declared
        return shape

    return declare


def upcast(name: str, *, to: int) -> Callable[[F], F]:
    """Declare the step that makes version `to` of `name` from the version before it."""
    return _step(UPCASTS, name, to)


def downcast(name: str, *, to: int) -> Callable[[F], F]:
    """Declare the step that writes version `to` of `name` from the version after it."""
    return _step(DOWNCASTS, name, to)


def _step(steps: dict[tuple[str, int], Step], name: str, to: int) -> Callable[[F], F]:
    def declare(function: F) -> F:
        if (name, to) in steps:
            raise WronglyDeclared(f"{name}: two steps to version {to}")
        steps[name, to] = function
        return function

    return declare


def event_type_of(shape: type[Event]) -> EventType:
    """Return how events of this class stand on the wire.

    Raises:
        KeyError: the class was not declared with `event`.
    """
    return _BY_CLASS[shape]
