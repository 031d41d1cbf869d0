"""What the router of a pool has folded: facts of each entity, by the topic they came from.

Entities are frozen and replaced, never changed: a copy of the state is a copy of its maps. A fold
writes only the fields of its own topic, so topics may be read in any interleaving.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

import msgspec

from contact_events.agents import Presence, Slot
from contact_events.config import CalendarChanged, PolicyChanged, QueueChanged, SiteChanged
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

DEFAULT_POLICY = PolicyChanged(
    document_id="policy:default", revision=0, changed_by="", policy_id="default"
)
"""How a pool chooses of whose policy nothing was ordered."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A record of the log as the router takes it; `envelope` is None where it says us nothing.

    That is a record of another pool, of an unknown type, or one that cannot be decoded: only the
    position moves on.
    """

    topic: str
    offset: int
    envelope: Envelope | None


class Call(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A call, from its arrival until it has ended and all its reservations are settled.

    `waiting_since` is the first queueing and orders the queue; `queued_at` begins the present
    stay; `waited_s` is the sum of the stays before it. `overflowed` and `closed` are the highest
    attempts that were sent away, and taken or proved over: an attempt up to them is not offered.
    `sent_by` is the agent who sent the call to where it waits.
    `reservations` are the unsettled ones. `preferred_agent_id` is whom the flow named, or who
    last spoke with this caller.
    """

    # from `call-arrived`
    phase: Phase = "new"
    channel: str = "voice"
    entry_site_id: str | None = None
    client: str | None = None
    project: str | None = None
    caller_ref: str | None = None
    attributes: dict[str, str] = {}
    asked_by_agent_id: str | None = None
    preferred_agent_id: str | None = None
    attempt: int = 0
    queue_id: str | None = None
    agent_id: str | None = None
    sent_by: str | None = None
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


class Reservation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An offer without an outcome yet. Rescinded: the call waits again, the slot does not."""

    call_id: str
    attempt: int
    agent_id: str
    slot: int
    site_id: str
    expires_at: datetime
    rescinded: bool = False


class Agent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The agent after the last `agent.changed`, which stands at `offset` of its topic.

    `busy_s` weighs the seconds spent busy up to `at`, older ones less: see `paces.busier`.
    """

    offset: int
    at: datetime
    presence: Presence
    site_id: str
    skills: dict[str, int]
    slots: tuple[Slot, ...]
    blocked: tuple[int, ...] = ()
    team_id: str | None = None
    busy_s: float = 0.0


class SlotUse(msgspec.Struct, frozen=True, gc=False):
    """The last reservation the router made of a slot, and whether its outcome was read.

    `order` numbers all reservations of the pool, and `queue_id` is the queue it served.
    """

    reservation_id: str
    settled: bool = False
    order: int = 0
    queue_id: str | None = None


class Handling(msgspec.Struct, frozen=True, gc=False):
    """A contact that fills a slot, and since when: from `agent-state`."""

    reservation_id: str
    since: datetime


class Pace(msgspec.Struct, frozen=True, gc=False):
    """How long a queue's contacts keep an agent: of the last ones, and how many they were.

    `handle_s` is the mean, in seconds, and `variance_s2` the variance, in their squares.
    """

    handled: int = 0
    handle_s: float = 0.0
    variance_s2: float = 0.0


class Patience(msgspec.Struct, frozen=True, gc=False):
    """How callers of a queue leave it: `left` per `waited_s` is the rate, older stays weigh less.

    `stays` are the last ones: when they ended, how long they were, and whether in a talk.
    """

    left: float = 0.0
    waited_s: float = 0.0
    stays: tuple[tuple[datetime, float, bool], ...] = ()


class Crowd(msgspec.Struct, frozen=True, gc=False):
    """Who is signed in at a site, and when connections of agents were lost there: the last ones."""

    signed_in: int = 0
    lost_at: tuple[datetime, ...] = ()


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What was last decided of a site, and what was folded then.

    That is how many were signed in, how many connections had just been lost, and the revision of
    its document.
    """

    status: SiteStatus = "open"
    since: datetime | None = None
    signed_in: int = 0
    lost: int = 0
    revision: int = 0


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
    routed: int = 0
    """How many reservations were made in this pool."""
    sites: dict[str, SiteChanged] = field(default_factory=dict)
    queues: dict[str, QueueChanged] = field(default_factory=dict)
    calendars: dict[str, CalendarChanged] = field(default_factory=dict)
    policy: PolicyChanged = DEFAULT_POLICY
    standings: dict[str, Standing] = field(default_factory=dict)
    crowds: dict[str, Crowd] = field(default_factory=dict)
    handling: dict[tuple[str, int], Handling] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    patience: dict[str, Patience] = field(default_factory=dict)
    last_agents: dict[str, str] = field(default_factory=dict)
    """Who last spoke with a caller, by the caller's `ref`: of the last callers only."""

    @property
    def leadership(self) -> Leadership:
        """Return who leads, and the number of their last decision."""
        return self.intake.leaderships.get(self.pool, NOBODY)

    def lead(self, leadership: Leadership) -> None:
        """Remember who leads, and the number of their last decision."""
        self.intake.leaderships[self.pool] = leadership

    def status(self, site_id: str) -> SiteStatus:
        """Return what was last decided of the site; open where nothing was."""
        standing = self.standings.get(site_id)
        return standing.status if standing else "open"

    def copy(self) -> "State":
        """Return a state that goes its own way from here."""
        intake = Intake(dict(self.intake.sequences), dict(self.intake.leaderships))
        intake.revisions.valid.update(self.intake.revisions.valid)
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        maps = {name: dict(part) for name, part in parts.items() if isinstance(part, dict)}
        return State(**{**parts, **maps, "intake": intake})
