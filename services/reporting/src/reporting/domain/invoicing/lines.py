"""The lines of an invoice: a span's rules, one line each, and the minimum of the whole."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from contact_events.billing import Rule
from reporting.domain.agreements import Tariff
from reporting.domain.invoicing.rating import (
    MINUTE_S,
    NOTHING,
    Item,
    agent_items,
    fits,
    item_of,
    rounded,
    rule_for,
)
from reporting.domain.invoicing.spans import Days, Revisions, Span, spans_of
from reporting.domain.invoicing.work import Waited, Work
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import Definition

MEASURE: Final = "service_level"
_UNITS: Final[dict[str, str]] = {
    "per_minute": "minute",
    "per_contact": "contact",
    "per_result": "contact",
    "per_agent_hour": "hour",
    "service_level": "percent",
    "minimum": "invoice",
}
_FOURTH: Final = Decimal("0.0001")
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that a line depends on, unrounded, with what it was computed from."""

    measure: str
    measure_version: int
    definition_id: str
    definition_version: int
    sums: Mapping[str, int]
    value: Decimal | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: so much of a unit, at a price, makes the amount: the sum of its items.

    `items_sha256` is that of the items' JSON, one a row. Lengths are paid in seconds, so the
    quantity of minutes and hours is shown rounded to four digits.
    """

    number: int
    begins_on: str
    ends_on: str
    rule_id: str
    kind: str
    unit: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    items: int
    items_sha256: str
    measured: Measured | None = None


class Rated(msgspec.Struct, frozen=True):
    """A line with its items."""

    line: Line
    items: Sequence[Item]


def rated(tariff: Tariff, days: Days, definitions: Revisions, work: Work) -> list[Rated]:
    """Return the lines of an invoice for these days, in order.

    Raises:
        NotAgreed: nothing was agreed for some of the days.
    """
    zone = ZoneInfo(tariff.time_zone)
    found: list[Rated] = []
    for span in spans_of(tariff, days, definitions):
        found += _span_lines(span, _within(work, span.days, zone), len(found))
    short = Decimal(tariff.minimum) - total(found)
    if short > 0:
        found.append(_line(len(found) + 1, days, _MINIMUM, [], Decimal(1), rounded(short)))
    return found


_MINIMUM: Final = ("minimum", "minimum")


def total(lines: Iterable[Rated]) -> Decimal:
    """Return the sum of the lines."""
    return sum((each.line.amount for each in lines), NOTHING)


def items_digest(items: Iterable[Item]) -> str:
    """Return the SHA-256 of the items, one a row, as they can be read again."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(_encode(item) + b"\n")
    return digest.hexdigest()


def _within(work: Work, days: Days, zone: ZoneInfo) -> Work:
    begin, end = days.moments(zone)
    return Work(
        contacts=tuple(each for each in work.contacts if begin <= each.ended_at < end),
        waits=tuple(each for each in work.waits if begin <= each.interval_start < end),
        agent_days=tuple(
            each for each in work.agent_days if days.begins_on <= each.on < days.ends_on
        ),
    )


def _span_lines(span: Span, work: Work, before: int) -> list[Rated]:
    items = _items(span.rules, work)
    found: list[Rated] = []
    for rule in span.rules:
        if rule.kind != "service_level":
            found.append(_rule_line(before + len(found) + 1, span.days, rule, items[rule.rule_id]))
    owed = total(found)
    for rule in span.rules:
        if rule.definition_id is not None:
            number, definition = before + len(found) + 1, span.definitions[rule.definition_id]
            found.append(_level_line(number, span.days, rule, definition, work.waits, owed))
    return found


def _items(rules: Sequence[Rule], work: Work) -> Mapping[str, list[Item]]:
    """Return the items of each rule; of the rules of one kind, a contact is one's only."""
    items: defaultdict[str, list[Item]] = defaultdict(list)
    for kind in ("per_minute", "per_contact", "per_result"):
        alike = [rule for rule in rules if rule.kind == kind]
        for contact in work.contacts:
            rule = rule_for(alike, contact)
            item = item_of(rule, contact) if rule else None
            if rule is not None and item is not None:
                items[rule.rule_id].append(item)
    for rule in rules:
        if rule.kind == "per_agent_hour":
            items[rule.rule_id] += agent_items(rule, work.agent_days)
    return items


def _rule_line(number: int, days: Days, rule: Rule, items: Sequence[Item]) -> Rated:
    amount = sum((item.amount for item in items), NOTHING)
    match rule.kind:
        case "per_minute":
            quantity = sum(item.billed_s for item in items) / MINUTE_S
        case "per_agent_hour":
            quantity = Decimal(sum(item.measured_ms for item in items)) / 3_600_000
        case _:
            quantity = Decimal(len(items))
    named = (rule.rule_id, rule.kind)
    return _line(number, days, named, items, quantity, amount, price=Decimal(rule.price))


def _level_line(
    number: int,
    days: Days,
    rule: Rule,
    definition: Definition,
    waits: Iterable[Waited],
    owed: Decimal,
) -> Rated:
    taken = [each for each in waits if fits(rule.takes, each)]
    measured = _measured(definition, taken)
    percent = _percent(rule, measured.value)
    amount = rounded(owed * percent / 100)
    subjects = sorted({each.call_id for each in taken})
    items = [Item(subject=call_id) for call_id in subjects]
    named = (rule.rule_id, rule.kind)
    return _line(number, days, named, items, percent, amount, price=owed, measured=measured)


def _measured(definition: Definition, waits: Iterable[Waited]) -> Measured:
    measure = MEASURES[MEASURE]
    sums = dict.fromkeys(sorted(measure.inputs(definition)), 0)
    for each in waits:
        for name in sums:
            sums[name] += each.sums[name]
    value = measure.value([(sums, definition)])
    return Measured(
        measure=measure.name,
        measure_version=measure.version,
        definition_id=definition.name,
        definition_version=definition.version,
        sums=sums,
        value=None if value is None else Decimal(repr(value)),
    )


def _percent(rule: Rule, level: Decimal | None) -> Decimal:
    """Return what is added, in percent; below 0 what is taken away; 0 where nobody came."""
    if level is None:
        return Decimal(0)
    if rule.bonus_from is not None and level >= Decimal(rule.bonus_from):
        return Decimal(rule.bonus_percent)
    if rule.penalty_below is not None and level < Decimal(rule.penalty_below):
        return -Decimal(rule.penalty_percent)
    return Decimal(0)


def _line(
    number: int,
    days: Days,
    named: tuple[str, str],
    items: Sequence[Item],
    quantity: Decimal,
    amount: Decimal,
    **more: Any,
) -> Rated:
    rule_id, kind = named
    line = Line(
        number=number,
        begins_on=days.begins_on.isoformat(),
        ends_on=days.ends_on.isoformat(),
        rule_id=rule_id,
        kind=kind,
        unit=_UNITS[kind],
        quantity=quantity.quantize(_FOURTH),
        amount=amount,
        items=len(items),
        items_sha256=items_digest(items),
        price=more.pop("price", amount),
        **more,
    )
    return Rated(line, items)
