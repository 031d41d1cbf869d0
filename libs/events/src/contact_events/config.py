"""`routing-config`: what people order, as whole documents with a revision.

Revision n + 1 counts only as the first after valid n: see `validity.Revisions`.
"""

from typing import Any, Literal

import msgspec

from contact_events.calls import Text
from contact_events.registry import Event, Payload, event, upcast
from contact_events.topics import ROUTING_CONFIG

Selection = Literal[
    "longest_idle", "least_occupied", "most_skilled", "least_skilled", "round_robin"
]


class Document(Event, frozen=True, kw_only=True):
    """A configuration document as it is after revision `revision`."""

    document_id: str
    revision: int
    changed_by: str
    deleted: bool = False


class Reserve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a reserve site opens by rule, and closes again: waits in seconds, of these queues.

    It opens when the expected wait of one of the queues is above `open_above_s`, or the share of
    its last stays that ended in a talk within the target is below `open_below_share`. It has been
    open for `hold_s` at least when it closes again, which it does when no queue's expected wait is
    above `close_below_s`, nothing that opens it holds, and no waiting call has asked for it.
    """

    queue_ids: tuple[str, ...]
    open_above_s: float
    close_below_s: float
    hold_s: float = 300.0
    open_below_share: float | None = None


@event("site.changed", version=2, topic=ROUTING_CONFIG, key="document_id")
class SiteChanged(Document, frozen=True):
    """A site: where it is, and the regions (ISO 3166-2) whose callers are at home there.

    `adjust_by_s` is added to the site's expected wait when waits are compared. A site with a
    `reserve` is closed until its rule opens it; one with a calendar drains outside its hours.
    """

    site_id: str
    name: Text
    status: Literal["open", "draining", "closed", "lost"] = "open"
    time_zone: str = "UTC"
    latitude: float = 0.0
    longitude: float = 0.0
    regions: tuple[str, ...] = ()
    adjust_by_s: float = 0.0
    reserve: Reserve | None = None
    calendar_id: str | None = None


@upcast("site.changed", to=2)
def _site_v1_v2(payload: Payload) -> dict[str, Any]:
    """Version 2 lets people say that a site is lost; version 1 left that to the rule."""
    return dict(payload)


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a queue's search for an agent; steps are taken in order and add up.

    A step is reached once the call has waited `after_s` in this stay; 0: at once. A reached step
    is searched when the steps before it found nobody free. With `wait_improved_s` it is searched
    only while the expected wait at the caller's home exceeds that of the step's sites by more.

    `reach` says where it looks: at the caller's home, at `site_ids`, or anywhere; of several sites
    home comes first, if the policy says so. A step without one does not look. `skills` are the
    levels asked for instead of the queue's own. Reaching it also raises the call's priority by
    `raise_priority`, opens the reserve site `open_site_id`, or sends the call to `move_to`: with
    "queue", to `queue_id`.
    """

    name: str
    after_s: float = 0.0
    reach: Literal["home", "sites", "any"] | None = None
    site_ids: tuple[str, ...] = ()
    skills: dict[str, int] | None = None
    wait_improved_s: float | None = None
    raise_priority: int = 0
    open_site_id: str | None = None
    move_to: Literal["queue", "callback", "voicemail"] | None = None
    queue_id: str | None = None


@event("queue.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class QueueChanged(Document, frozen=True):
    """A queue: who may answer (skill to minimum level), how long it rings, what if nobody does.

    `steps` say how the search widens; without any it looks anywhere at once. Beyond `max_wait_s`
    the call goes to `beyond`: to the queue `overflow_to`, or where that is not set to the end. Once
    deleted, it sends those who wait there too, or drains: serves them to the last. `team_ids` are
    the teams that may answer, all where empty. `selection` overrules the policy's. A call waits
    `preferred_agent_s` for its preferred agent before anybody may have it. One that an agent sent
    here, and nobody took within `return_transfers_s`, goes back to that agent.
    """

    queue_id: str
    name: Text
    client_id: str | None = None
    skills: dict[str, int] = {}
    priority: int = 0
    service_target_s: float = 20.0
    ring_s: float = 20.0
    max_wait_s: float | None = None
    overflow_to: str | None = None
    beyond: Literal["queue", "callback", "voicemail", "end"] = "queue"
    when_deleted: Literal["overflow", "drain"] = "overflow"
    steps: tuple[Step, ...] = ()
    selection: Selection | None = None
    preferred_agent_s: float = 0.0
    team_ids: tuple[str, ...] = ()
    calendar_id: str | None = None
    return_transfers_s: float | None = None


@event("skill.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class SkillChanged(Document, frozen=True):
    """A skill that queues ask for and agents have."""

    skill_id: str
    name: Text


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that arrived with this attribute have their priority raised by so much."""

    attribute: str
    value: str
    by: int


class LostRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a site is found lost: so large a share of those signed in, lost within seconds.

    `at_least` agents must have been signed in. It is found again when that share of those who
    were lost is back, or anybody is there and no loss followed for `back_after_s`.
    """

    share: float = 0.5
    within_s: float = 5.0
    at_least: int = 5
    back_after_s: float = 60.0


@event("policy.changed", version=2, topic=ROUTING_CONFIG, key="document_id")
class PolicyChanged(Document, frozen=True):
    """How a pool chooses.

    `home_first`: of the free agents within reach those at the caller's home go before the others,
    whatever the selection. `fairness_window_s`: how much longer a stranger may have waited than a
    caller who is at home with the agent. `ageing_per_s`: points of priority that a second of
    waiting is worth. `unserved_s`: how long a call waits for which nobody who could take it is
    signed in.
    """

    policy_id: str
    selection: Selection = "longest_idle"
    home_first: bool = True
    fairness_window_s: float = 0.0
    ageing_per_s: float = 0.0
    raises: tuple[Raise, ...] = ()
    lost: LostRule | None = LostRule()
    unserved_s: float | None = None


@upcast("policy.changed", to=2)
def _policy_v1_v2(payload: Payload) -> dict[str, Any]:
    """Version 2 knows more selections than the one of version 1."""
    return dict(payload)


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A day that differs from its weekday: other hours, or none at all."""

    date: str
    hours: tuple[tuple[str, str], ...] = ()


@event("calendar.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class CalendarChanged(Document, frozen=True):
    """Opening hours: for each weekday (0 is Monday) the local times of opening and closing.

    `holidays` names the country (ISO 3166-1, `RU`, `BY`) whose public holidays are closed days;
    `exceptions` overrule weekday and holiday.
    """

    calendar_id: str
    name: Text
    time_zone: str = "UTC"
    hours: dict[str, tuple[tuple[str, str], ...]] = {}
    holidays: str | None = None
    exceptions: tuple[SpecialDay, ...] = ()
