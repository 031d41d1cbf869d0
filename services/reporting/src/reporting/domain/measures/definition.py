"""What a client is paid by: which service level, within how long, and what is short."""

from typing import Final, Literal

import msgspec

Variant = Literal["answered_only", "positive", "ignore", "short_abandons_excluded", "negative"]

MS_AN_HOUR: Final = 3_600_000


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A named, versioned choice among what the trade means by the same words.

    `threshold_s` is the wait within which a contact is answered in time, `short_abandon_s` the wait
    below which giving up is no fault of the centre. `target` is the share that is promised. A
    contact is resolved at first if the caller does not come back within `repeat_within_days`. An
    hour of an agent costs `agent_hour_cost`, in whatever currency; None: not said.
    """

    name: str
    version: int
    service_level: Variant = "negative"
    threshold_s: int = 20
    short_abandon_s: int = 5
    target: float = 0.8
    repeat_within_days: int = 7
    agent_hour_cost: float | None = None


STANDARD: Final = Definition(name="standard", version=1)
"""What holds where a client has agreed on nothing else: answered within 20 s over offered."""

BUILT_IN: Final[dict[str, Definition]] = {
    each.name: each
    for each in (
        STANDARD,
        *(
            Definition(name=variant, version=1, service_level=variant)
            for variant in (
                "answered_only",
                "positive",
                "ignore",
                "short_abandons_excluded",
                "negative",
            )
        ),
    )
}
"""Definitions that are always there, by name: the standard one and one for each service level."""
