"""Days of a time zone, and the spans of an invoice in which one set of terms holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from contact_events.billing import Rule, Terms
from reporting.domain.agreements import Agreement, Tariff
from reporting.domain.in_force import definition_on
from reporting.domain.measures.definition import BUILT_IN, Definition


class Days(NamedTuple):
    """The days from `begins_on` up to and without `ends_on`."""

    begins_on: date
    ends_on: date

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the midnights, in UTC, at which they begin and end."""
        return midnight(self.begins_on, zone), midnight(self.ends_on, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when the day begins in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class NotAgreed(Exception):
    """Nothing was agreed for some of these days. The detail says what is missing, and until when.

    Have the tariff's first terms, or a revision of the definition, count from the first day on.
    """

    code = "not-agreed"


class Span(msgspec.Struct, frozen=True):
    """Days throughout which the same rules and definitions hold."""

    days: Days
    rules: tuple[Rule, ...]
    definitions: Mapping[str, Definition]


Revisions = Mapping[str, Sequence[tuple[int, Agreement]]]
"""All revisions of each definition that a tariff names, the oldest first."""


def spans_of(tariff: Tariff, days: Days, definitions: Revisions) -> Iterator[Span]:
    """Yield the spans of these days, in order.

    Raises:
        NotAgreed: no terms, or no revision of a definition, hold on some day.
    """
    terms = {date.fromisoformat(each.valid_from): each for each in tariff.terms}
    cuts = {*terms, *_days_of(definitions.values())}
    starts = [days.begins_on, *sorted(cut for cut in cuts if days.begins_on < cut < days.ends_on)]
    for start, end in zip(starts, [*starts[1:], days.ends_on], strict=True):
        rules = _terms_on(terms, start).rules
        chosen = {
            rule.definition_id: _definition_on(rule.definition_id, definitions, start)
            for rule in rules
            if rule.definition_id is not None
        }
        yield Span(Days(start, end), rules, chosen)


def _days_of(revisions: Iterable[Sequence[tuple[int, Agreement]]]) -> Iterator[date]:
    for each in revisions:
        for _, agreement in each:
            if agreement.valid_from is not None:
                yield date.fromisoformat(agreement.valid_from)


def _terms_on(terms: Mapping[date, Terms], day: date) -> Terms:
    held = [start for start in terms if start <= day]
    if not held:
        raise NotAgreed(f"the tariff has no terms before {min(terms)}")
    return terms[max(held)]


def _definition_on(definition_id: str, definitions: Revisions, day: date) -> Definition:
    if definition_id in BUILT_IN:
        return BUILT_IN[definition_id]
    found = definition_on(definition_id, definitions.get(definition_id, ()), day)
    if found is None:
        raise NotAgreed(f"no revision of the definition {definition_id} counts on {day}")
    return found
