"""A formula as data: sums over sums, so that what is computed and what is printed are one thing."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from reporting.domain.measures.definition import MS_AN_HOUR, Definition

Sums = Mapping[str, int]
"""Sums of an interval by name: counts, and lengths in milliseconds (`_ms`)."""

Scale = Literal["as_is", "seconds", "hours", "cost"]

_DIVISORS: Final[dict[Scale, int]] = {
    "as_is": 1,
    "seconds": 1_000,
    "hours": MS_AN_HOUR,
    "cost": MS_AN_HOUR,
}
_WORDS: Final[dict[Scale, str]] = {
    "as_is": "",
    "seconds": " / 1000",
    "hours": " / 3600000",
    "cost": " / 3600000 * agent_hour_cost",
}


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """`over` divided by `under`, each a sum of named sums; a leading `-` takes one away.

    `{threshold}` and `{short}` in a name stand for the definition's seconds. Without `under`
    nothing is divided. `scale` turns milliseconds into what people read.
    """

    over: tuple[str, ...]
    under: tuple[str, ...] = ()
    scale: Scale = "as_is"

    def inputs(self, definition: Definition) -> frozenset[str]:
        """Return the names of the sums that it needs."""
        terms = _named((*self.over, *self.under), definition)
        return frozenset(term.removeprefix("-") for term in terms)

    def over_of(self, sums: Sums, definition: Definition) -> float | None:
        """Return what is divided, in what people read; None where its price was not said."""
        over: float = _total(_named(self.over, definition), sums)
        if self.scale == "cost":
            if definition.agent_hour_cost is None:
                return None
            over *= definition.agent_hour_cost
        divisor = _DIVISORS[self.scale]
        return over if divisor == 1 else over / divisor

    def under_of(self, sums: Sums, definition: Definition) -> int:
        """Return what it is divided by."""
        return _total(_named(self.under, definition), sums)

    def text(self) -> str:
        """Return the formula as people write it; T and S are the definition's seconds."""
        over = f"{_written(self.over)}{_WORDS[self.scale]}"
        return f"{over} / {_written(self.under)}" if self.under else over


def _named(terms: Iterable[str], definition: Definition) -> list[str]:
    seconds = {"threshold": definition.threshold_s, "short": definition.short_abandon_s}
    return [term.format_map(seconds) for term in terms]


def _total(terms: Iterable[str], sums: Sums) -> int:
    return sum(-sums[term[1:]] if term.startswith("-") else sums[term] for term in terms)


def _written(terms: Iterable[str]) -> str:
    named = [term.format_map({"threshold": "T", "short": "S"}) for term in terms]
    joined = " + ".join(named).replace("+ -", "- ")
    return joined if len(named) == 1 else f"({joined})"
