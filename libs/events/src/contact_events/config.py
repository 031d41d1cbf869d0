"""`routing-config`: what people order, as whole documents with a revision.

Revision n + 1 counts only as the first after valid n: see `validity.Revisions`.
"""

from typing import Literal

from contact_events.calls import Text
from contact_events.registry import Event, event
from contact_events.topics import ROUTING_CONFIG


class Document(Event, frozen=True, kw_only=True):
    """A configuration document as it is after revision `revision`."""

    document_id: str
    revision: int
    changed_by: str
    deleted: bool = False


@event("site.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class SiteChanged(Document, frozen=True):
    """A site: where it is, and the regions (ISO 3166-2) whose callers are at home there."""

    site_id: str
    name: Text
    status: Literal["open", "draining", "closed"] = "open"
    time_zone: str = "UTC"
    latitude: float = 0.0
    longitude: float = 0.0
    regions: tuple[str, ...] = ()


@event("queue.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class QueueChanged(Document, frozen=True):
    """A queue: who may answer (skill to minimum level), how long it rings, what if nobody does.

    After `max_wait_s` the call goes to `overflow_to`, or ends where that is not set.
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


@event("skill.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class SkillChanged(Document, frozen=True):
    """A skill that queues ask for and agents have."""

    skill_id: str
    name: Text


@event("policy.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class PolicyChanged(Document, frozen=True):
    """How a pool chooses. `fairness_window_s`: how much longer a stranger may have waited."""

    policy_id: str
    selection: Literal["longest_idle"] = "longest_idle"
    fairness_window_s: float = 0.0


@event("calendar.changed", version=1, topic=ROUTING_CONFIG, key="document_id")
class CalendarChanged(Document, frozen=True):
    """Opening hours: for each weekday (0 is Monday) the local times of opening and closing."""

    calendar_id: str
    name: Text
    time_zone: str = "UTC"
    hours: dict[str, tuple[tuple[str, str], ...]] = {}
