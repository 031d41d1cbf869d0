"""The one statement that every report is: rows of a span, cut, grouped, summed, and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Interval,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from reporting.domain.in_force import InForce
from reporting.domain.periods import Interval as Cut
from reporting.domain.periods import Shift, Span
from reporting.reports.kinds import Kind
from reporting.reports.sources import AT

BEGINS = "interval_start"
_PART = "part"
_QUARTER_S = 900


@dataclass(frozen=True)
class Zones:
    """Where days begin: in one time zone, or in that of each row's site."""

    usual: ZoneInfo
    place: str | None = None
    sites: Mapping[str, ZoneInfo] = field(default_factory=dict)

    def all(self) -> set[ZoneInfo]:
        """Return every zone in which days of some row begin."""
        return {self.usual, *self.sites.values()}

    def of(self, row: Mapping[str, Any]) -> ZoneInfo:
        """Return the zone in which a row's days begin."""
        return self.sites.get(row[self.place], self.usual) if self.place else self.usual


@dataclass(frozen=True)
class Wanted:
    """A report as it was asked for, everything known: what the statement is made of.

    `in_force` has the definitions that it follows, in the order of their days.
    """

    kind: Kind
    in_force: tuple[InForce, ...]
    span: Span
    cut: Cut
    zones: Zones
    by: tuple[str, ...]
    sums: tuple[str, ...]
    filters: Mapping[str, Sequence[str]]
    compared: Shift | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the columns that a row is known by, in the order of rows."""
        return self.by if self.cut == "whole" else (BEGINS, *self.by)


def label(number: int, name: str, earlier: bool) -> str:
    """Return the name of a sum in a row: by the definition of that number, in which period."""
    return f"{'earlier' if earlier else 'now'}_{number}_{name}"


def statement(wanted: Wanted, after: Sequence[Any] | None = None) -> Select[Any]:
    """Return the rows in the order of their keys; with `after`, those behind this key."""
    shifts = (None,) if wanted.compared is None else (None, wanted.compared)
    parts = [
        (_period(wanted, held, shift), number, shift is not None)
        for shift in shifts
        for number, held in enumerate(wanted.in_force)
    ]
    rows = union_all(
        *(period.add_columns(literal(at).label(_PART)) for at, (period, *_) in enumerate(parts))
    ).subquery("rows")
    keys = [rows.c[key] for key in wanted.keys]
    sums = [
        _sum(rows.c[name]).filter(rows.c[_PART] == at).label(label(number, name, earlier))
        for at, (_, number, earlier) in enumerate(parts)
        for name in wanted.sums
    ]
    grouped = select(*keys, *sums).group_by(*keys).order_by(*keys)
    if not keys:
        return grouped
    return grouped.where(tuple_(*keys) > tuple_(*map(literal, after))) if after else grouped


def _sum(column: ColumnElement[Any]) -> Any:
    return func.sum(column)


def _period(wanted: Wanted, held: InForce, shift: Shift | None) -> Select[Any]:
    found = wanted.kind.rows(held.definition)
    at = found.c[AT]
    zone = _zone(wanted.zones, found)
    there = at if shift is None else _moved(at, zone, shift)
    columns: list[Any] = [found.c[group] for group in wanted.by]
    if wanted.cut != "whole":
        columns.append(_cut(there, zone, wanted.cut).label(BEGINS))
    columns += [found.c[name] for name in wanted.sums]
    return select(*columns).where(_within(wanted, found, held, shift), *_filters(wanted, found))


def _zone(zones: Zones, found: FromClause) -> ColumnElement[str]:
    if zones.place is None or not zones.sites:
        return literal(zones.usual.key)
    names = {site: zone.key for site, zone in zones.sites.items()}
    return case(names, value=found.c[zones.place], else_=zones.usual.key)


def _moved(at: ColumnElement[Any], zone: ColumnElement[str], shift: Shift) -> ColumnElement[Any]:
    """Return the moment in the present period that answers to one in the earlier."""
    if not shift.is_local:
        return at + cast(literal(f"{shift.seconds} seconds"), Interval)
    apart = cast(literal(f"{shift.months} months {shift.days} days"), Interval)
    return func.timezone(zone, func.timezone(zone, at) + apart, type_=DateTime(timezone=True))


def _cut(at: ColumnElement[Any], zone: ColumnElement[str], cut: Cut) -> ColumnElement[Any]:
    if cut == "15m":
        return func.to_timestamp(
            func.floor(func.date_part("epoch", at) / _QUARTER_S) * _QUARTER_S,
            type_=DateTime(timezone=True),
        )
    return func.date_trunc(cut, at, zone, type_=DateTime(timezone=True))


def _within(
    wanted: Wanted, found: FromClause, held: InForce, shift: Shift | None
) -> ColumnElement[bool]:
    zones, at = wanted.zones, found.c[AT]

    def bounds(zone: ZoneInfo) -> ColumnElement[bool]:
        start, end = held.within(*wanted.span.shifted(shift, zone), zone)
        return and_(at >= start, at < end)

    if zones.place is None or not zones.sites:
        return bounds(zones.usual)
    site = found.c[zones.place]
    known = [(site == name, bounds(zone)) for name, zone in zones.sites.items()]
    return case(*known, else_=bounds(zones.usual))


def _filters(wanted: Wanted, found: FromClause) -> list[ColumnElement[bool]]:
    return [found.c[name].in_(values) for name, values in wanted.filters.items()]
