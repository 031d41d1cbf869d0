"""Load, decide, evolve, keep: one command on one stream in the open transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Protocol, TypeVar

from contact_events.registry import Event
from contact_runtime.rows import Fact, Kind, Unit

S = TypeVar("S")
C_contra = TypeVar("C_contra", contravariant=True)


class Decider(Protocol[S, C_contra]):
    """The rules of one kind of stream; pure."""

    @property
    def kind(self) -> Kind[S]:
        """The kind of row that keeps the state of a stream."""

    def decide(self, key: str, state: S, command: C_contra) -> list[Event]:
        """Return the events that `command` makes true, in order; raises a refusal."""

    def evolve(self, state: S, event: Event) -> S:
        """Return the state after `event`. Total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the envelopes of a command's events say: when, whose, and what caused them."""

    time: datetime
    pool: str
    client: str | None = None
    project: str | None = None
    causation: str | None = None
    traceparent: str | None = None

    def fact(self, event: Event) -> Fact:
        """Return `event` as a fact in this context."""
        return Fact(
            event=event,
            time=self.time,
            pool=self.pool,
            client=self.client,
            project=self.project,
            causation=self.causation,
            traceparent=self.traceparent,
        )


async def execute(
    unit: Unit, decider: Decider[S, C_contra], stream: str, command: C_contra, context: Context
) -> list[Event]:
    """Carry out one command in the open transaction and return the events it made true.

    Raises:
        StreamMoved: another transaction wrote to `stream` first (seen at commit).
    """
    state = await unit.load(decider.kind, stream)
    events = decider.decide(stream, state, command)
    if events:
        unit.put(decider.kind, stream, reduce(decider.evolve, events, state))
        unit.publish([context.fact(event) for event in events], stream=stream)
    return events
