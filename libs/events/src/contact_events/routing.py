"""`routed`: what the router of a pool decided. Only valid decisions count: see `validity`."""

from datetime import datetime
from typing import Literal

import msgspec

from contact_events.registry import Event, event
from contact_events.topics import ROUTED


class Decision(Event, frozen=True, kw_only=True):
    """What every decision carries: who made it, as which number, when, and from what.

    `positions` are the next offsets of the input topics, in the pool's partition, when it was
    made: a follower folds its inputs exactly so far and then this decision.
    """

    pool: str
    epoch: int
    owner: str
    number: int
    decided_at: datetime
    positions: dict[str, int]


class Searched(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One step of the search: how many were eligible, and who was left out for what (counts).

    A step that compares waits says what it compared: expected seconds at the caller's home and at
    the step's own sites; `skipped` is set where they kept it from being searched.
    """

    step: str
    eligible: int
    excluded: dict[str, int] = {}
    home_wait_s: float | None = None
    away_wait_s: float | None = None
    skipped: bool = False


class Why(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Why this agent: the policy step, how many were eligible, who was left out for what.

    `waited_s` is how long the call had waited; `home_site_id` where it would rather be answered.
    `searched` are all steps looked at, the last one the one that found the agent. `selection`
    chose among the eligible. `revisions` are those of the documents that were asked.
    """

    step: str
    eligible: int
    excluded: dict[str, int] = {}
    home_site_id: str | None = None
    waited_s: float = 0.0
    searched: tuple[Searched, ...] = ()
    selection: str | None = None
    revisions: dict[str, int] = {}


@event("router.epoch_started", version=1, topic=ROUTED, key="pool")
class RouterEpochStarted(Event, frozen=True):
    """A router claims to lead the pool. The first claim of an epoch wins, later ones are void."""

    pool: str
    epoch: int
    owner: str
    code_version: str


@event("router.progress", version=1, topic=ROUTED, key="pool")
class RouterProgress(Decision, frozen=True):
    """The leader lives and has folded its inputs so far, with nothing to decide.

    `leaving`: it has said all that it will say, and whoever stands by may claim at once.
    """

    leaving: bool = False


@event("call.routed", version=1, topic=ROUTED, key="call_id")
class CallRouted(Decision, frozen=True):
    """The call is offered to one agent until `expires_at`: a reservation of the agent's slot.

    `home_first`: agents at the caller's home went before those of other sites.
    """

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    site_id: str
    expires_at: datetime
    why: Why
    queue_id: str | None = None
    home_first: bool = True


@event("call.rescinded", version=1, topic=ROUTED, key="call_id")
class CallRescinded(Decision, frozen=True):
    """The router asks for the reservation back; an acceptance that came first stands."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    reason: Literal["expired", "site_closed", "order"]


@event("call.overflowed", version=1, topic=ROUTED, key="call_id")
class CallOverflowed(Decision, frozen=True):
    """The router says what shall become of a waiting call; ivr does it, if it still waits so.

    `unserved`: nobody was signed in who could have taken it, at any step of its queue.
    """

    call_id: str
    attempt: int
    to: Literal["queue", "callback", "voicemail", "sender", "end"]
    reason: Literal["max_wait", "no_such_queue", "agent_unavailable", "order"]
    queue_id: str | None = None
    unserved: bool = False


@event("site.status_changed", version=1, topic=ROUTED, key="site_id")
class SiteStatusChanged(Decision, frozen=True):
    """The site takes calls (open), finishes (draining), takes none (closed), or is lost."""

    site_id: str
    status: Literal["open", "draining", "closed", "lost"]
    cause: Literal["order", "rule"]
