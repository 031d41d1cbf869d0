"""`caller-located`: where the caller is, as far as the number tells."""

from typing import Literal

from contact_events.registry import Event, event
from contact_events.topics import CALLER_LOCATED

Precision = Literal["region", "country", "ambiguous", "unknown"]


@event("caller.located", version=1, topic=CALLER_LOCATED, key="call_id")
class CallerLocated(Event, frozen=True):
    """The place of the number that called.

    `region` is an ISO 3166-2 code, set only when `precision` is "region"; `candidates` are the
    regions that an ambiguous prefix leaves open. `source` names the numbering plan used.
    """

    call_id: str
    precision: Precision
    source: str
    country: str | None = None
    region: str | None = None
    candidates: tuple[str, ...] = ()
