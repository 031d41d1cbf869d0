"""Which revision of a definition is in force on which days."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby, zip_longest
from zoneinfo import ZoneInfo

import msgspec

from reporting.domain.agreements import Agreement
from reporting.domain.measures.definition import Definition
from reporting.domain.periods import moment_of

Revisions = Sequence[tuple[int, Agreement]]
"""Of one definition, the oldest first."""


class InForce(msgspec.Struct, frozen=True):
    """A definition, and the days on which it is in force; None: no end on that side."""

    definition: Definition
    begins_on: date | None = None
    ends_on: date | None = None

    def holds(self, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
        """Tell whether it is in force in some of this time."""
        first, last = self.within(start, end, zone)
        return first < last

    def within(self, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return what of this time it is in force in; nothing if that ends before it starts."""
        if self.begins_on is not None:
            start = max(start, moment_of(self.begins_on, zone))
        if self.ends_on is not None:
            end = min(end, moment_of(self.ends_on, zone))
        return start, end


def in_force(name: str, revisions: Revisions) -> Iterator[InForce]:
    """Yield each stretch of days with the definition that is in force on them, in their order."""
    days = sorted({_day(each) for _, each in revisions}, key=lambda day: day or date.min)
    found = [(definition_on(name, revisions, day), day) for day in days]
    stretches = [next(same) for _, same in groupby(found, key=lambda each: each[0])]
    for (definition, begins_on), later in zip_longest(stretches, stretches[1:]):
        if definition is not None:
            yield InForce(definition, begins_on, later[1] if later else None)


def definition_on(name: str, revisions: Revisions, day: date | None) -> Definition | None:
    """Return what the last revision says that counts on the day; None: on days before all."""
    held = [
        (revision, agreement)
        for revision, agreement in revisions
        if (since := _day(agreement)) is None or (day is not None and since <= day)
    ]
    return held[-1][1].definition(name, held[-1][0]) if held else None


def _day(agreement: Agreement) -> date | None:
    return None if agreement.valid_from is None else date.fromisoformat(agreement.valid_from)
