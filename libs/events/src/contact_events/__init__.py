"""Topics, events and the envelope that all services share.

Importing the package declares every event; no I/O happens here.
"""

from contact_events import (
    agents,
    alerts,
    answering,
    billing,
    calls,
    clock,
    config,
    hints,
    locations,
    people,
    routing,
    wrapping,
)

__all__ = [
    "agents",
    "alerts",
    "answering",
    "billing",
    "calls",
    "clock",
    "config",
    "hints",
    "locations",
    "people",
    "routing",
    "wrapping",
]
