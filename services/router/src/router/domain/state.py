"""What the router of a pool has folded: facts of each entity, by the topic they came from.

Entities are frozen and replaced, never changed: a copy of the state is a copy of its maps. A fold
writes only the fields of its own topic, so topics may be read in any interleaving.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from contact_events.agents import Presence, Slot
from contact_events.config import PolicyChanged, QueueChanged, SiteChanged
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTING_CONFIG,
)
from contact_events.validity import NOBODY, Leadership

INPUTS: tuple[str, ...] = (
    CALL_ARRIVED.name,
    CALLER_LOCATED.name,
    ANSWERED.name,
    AGENT_STATE.name,
    ROUTING_CONFIG.name,
)

Phase = Literal["new", "waiting", "connected", "ended"]
SiteStatus = Literal["open", "draining", "closed", "lost"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A record of the log as the router takes it; `envelope` is None where it says us nothing.

    That is a record of another pool, of an unknown type, or one that cannot be decoded: only the
    position moves on.
    """

    topic: str
    offset: int
    envelope: Envelope | None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call, from its arrival until it has ended and all its reservations are settled.

    `waiting_since` is the first queueing and orders the queue; `queued_at` begins the present
    stay; `waited_s` is the sum of the stays before it. `overflowed` and `closed` are the highest
    attempts that were sent away, and taken or proved over: an attempt up to them is not offered.
    `reservations` are the unsettled ones.
    """

    # from `call-arrived`
    phase: Phase = "new"
    entry_site_id: str | None = None
    client: str | None = None
    project: str | None = None
    asked_by_agent_id: str | None = None
    attempt: int = 0
    queue_id: str | None = None
    agent_id: str | None = None
    priority: int = 0
    recovered: bool = False
    waiting_since: datetime | None = None
    queued_at: datetime | None = None
    waited_s: float = 0.0
    # from `caller-located`
    region: str | None = None
    # from `answered`
    closed: int = 0
    # from `routed`; `answered` takes what it settles out of `reservations`
    overflowed: int = 0
    reservations: tuple[str, ...] = ()


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """An offer without an outcome yet. Rescinded: the call waits again, the slot does not."""

    call_id: str
    attempt: int
    agent_id: str
    slot: int
    site_id: str
    expires_at: datetime
    rescinded: bool = False


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """The agent after the last `agent.changed`, which stands at `offset` of its topic."""

    offset: int
    presence: Presence
    site_id: str
    skills: dict[str, int]
    slots: tuple[Slot, ...]


class SlotUse(msgspec.Struct, frozen=True):
    """The last reservation the router made of a slot, and whether its outcome was read."""

    reservation_id: str
    settled: bool = False


@dataclass(slots=True)
class State:
    """All that was folded of one pool. Equal states decide equally."""

    pool: str
    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(INPUTS, 0))
    intake: Intake = field(default_factory=Intake)
    calls: dict[str, Call] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    slots: dict[tuple[str, int], SlotUse] = field(default_factory=dict)
    sites: dict[str, SiteChanged] = field(default_factory=dict)
    queues: dict[str, QueueChanged] = field(default_factory=dict)
    policy: PolicyChanged | None = None
    statuses: dict[str, SiteStatus] = field(default_factory=dict)

    @property
    def leadership(self) -> Leadership:
        """Return who leads, and the number of their last decision."""
        return self.intake.leaderships.get(self.pool, NOBODY)

    def lead(self, leadership: Leadership) -> None:
        """Remember who leads, and the number of their last decision."""
        self.intake.leaderships[self.pool] = leadership

    def copy(self) -> "State":
        """Return a state that goes its own way from here."""
        intake = Intake(dict(self.intake.sequences), dict(self.intake.leaderships))
        intake.revisions.valid.update(self.intake.revisions.valid)
        return State(
            pool=self.pool,
            positions=dict(self.positions),
            intake=intake,
            calls=dict(self.calls),
            reservations=dict(self.reservations),
            agents=dict(self.agents),
            slots=dict(self.slots),
            sites=dict(self.sites),
            queues=dict(self.queues),
            policy=self.policy,
            statuses=dict(self.statuses),
        )
