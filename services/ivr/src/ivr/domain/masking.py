"""How much of a caller each role may see in the talk."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from ivr.domain.callers import prefix

Sight = Literal["whole", "masked"]

SIGHTS: Final[Mapping[str, Sight]] = {"agent": "whole", "partner": "masked"}
"""By role; every other role sees masked. Who of them may look at all, the scopes say."""

HIDDEN: Final = "*"


class Seen(msgspec.Struct, frozen=True):
    """Number and name as somebody sees them; None is what is not known."""

    number: str | None
    name: str | None
    masked: bool


def seen_by(role: str, number: str, name: str | None) -> Seen:
    """Return what the role sees of a caller with this E.164 number."""
    if SIGHTS.get(role) == "whole":
        return Seen(number, name, masked=False)
    return Seen(masked_number(number), masked_name(name) if name else None, masked=True)


def masked_number(number: str) -> str:
    """Return the number with what its prefix leaves open hidden: at least 10,000 look the same."""
    shown = prefix(number)
    return shown + HIDDEN * (len(number) - len(shown))


def masked_name(name: str) -> str:
    """Return the initials of the name."""
    return " ".join(f"{part[0]}." for part in name.split())
