"""One measure as data: what the catalogue, the page, the reports and the board read."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from contact_events.calls import Text
from contact_events.registry import Event, event_type_of
from reporting.domain.measures.definition import Definition, Variant
from reporting.domain.measures.formula import Formula, Sums

Piece = tuple[Sums, Definition]
"""Sums, and the definition that was in force where they were counted."""

Unit = Literal["contacts", "offers", "share", "s", "h", "money"]

Moment = Literal["arrived", "happened", "passed"]
"""Which interval counts it: where the contact came, where it happened, or as the time went by."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure: name, version, formula, unit, source, and what it does at the edges.

    A new formula is a new version. `chosen` has the formulas among which the definition's service
    level chooses, where it does.
    """

    name: str
    title: Text
    meaning: Text
    unit: Unit
    formula: Formula
    source: str
    events: tuple[type[Event], ...]
    counted: Moment = "happened"
    edges: tuple[Text, ...] = ()
    version: int = 1
    chosen: dict[Variant, Formula] = {}

    def formula_of(self, definition: Definition) -> Formula:
        """Return the formula under this definition."""
        return self.chosen.get(definition.service_level, self.formula)

    def inputs(self, definition: Definition) -> frozenset[str]:
        """Return the names of the sums that it is made of under this definition."""
        return self.formula_of(definition).inputs(definition)

    def value(self, pieces: Iterable[Piece]) -> float | None:
        """Return the measure of these sums, each by its own definition.

        None where it has no meaning, such as of no calls. What the pieces make is added up before
        anything is divided, so a share over two definitions is of all contacts of both.
        """
        whole: float = 0
        under = 0
        for sums, definition in pieces:
            formula = self.formula_of(definition)
            over = formula.over_of(sums, definition)
            if over is None:
                return None
            whole += over
            under += formula.under_of(sums, definition)
        if not self.formula.under:
            return whole
        return whole / under if under > 0 else None

    @property
    def event_names(self) -> list[str]:
        """Return the names of the events that it is made of."""
        return [event_type_of(each).name for each in self.events]
