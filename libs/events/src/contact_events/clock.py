"""`clock`: how business time runs for this log, for every process alike."""

from datetime import datetime

from contact_events.registry import Event, event
from contact_events.topics import CLOCK


@event("clock.set", version=1, topic=CLOCK, key="clock")
class ClockSet(Event, frozen=True):
    """At machine time `machine_at` it was `business_at`, and business time runs `scale` times.

    `ticked_at` is the latest business time that was seen: a later start resumes from it.
    """

    business_at: datetime
    machine_at: datetime
    scale: float
    ticked_at: datetime
    clock: str = "business"
