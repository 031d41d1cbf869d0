"""From a question to a report: what was meant, what it needs, what it answers."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_runtime.http.auth import Principal
from contact_runtime.http.problems import INVALID_REQUEST, Problem
from contact_runtime.rows import Store
from reporting.billing.agreed import definition_now
from reporting.domain.agreements import Agreement
from reporting.domain.in_force import InForce, in_force
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import BUILT_IN
from reporting.domain.periods import Shift, moment_of, previous, since
from reporting.reports import running
from reporting.reports.asking import Asked
from reporting.reports.bodies import DefinitionView, MeasureUsed, ReportView, RowView
from reporting.reports.cursors import Cursors, digest_of
from reporting.reports.kinds import Kind, sums_of
from reporting.reports.running import Figures, Held
from reporting.reports.statement import Wanted, Zones

_INSTEAD = ("threshold_s", "short_abandon_s", "repeat_within_days", "agent_hour_cost")
_UNKNOWN = {
    "in": "query",
    "parameter": "definition",
    "code": "unknown_definition",
    "detail": "there is no such definition, or no such version of it: see /v1/definitions",
}
_NOT_AGREED = {"in": "query", "parameter": "definition", "code": "not_in_force"}
_PAGING = frozenset({"after", "limit", "format"})


@dataclass(frozen=True, slots=True)
class Reports:
    """What reports need: documents, tables, who signs cursors, where the centre's days begin."""

    store: Store
    engine: AsyncEngine
    cursors: Cursors
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Report:
    """A question understood: what is wanted, which measures, and which definition it follows."""

    asked: Asked
    wanted: Wanted
    measures: tuple[str, ...]
    changed: tuple[str, ...]
    question: str
    held: Held

    async def rows(self, after: list[Any] | None, limit: int | None) -> AsyncIterator[Figures]:
        """Yield the rows behind `after`, at most `limit`, in the order of their keys."""
        found = running.rows(self.held.connection, self.wanted, after, limit)
        async with aclosing(found):
            async for row in found:
                yield running.figures(self.wanted, self.measures, row)


async def understood(
    reports: Reports, kind: Kind, asked: Asked, who: Principal, held: Held
) -> Report:
    """Return what was asked for, with all that was left to us filled in.

    Raises:
        Problem: 404, rows of somebody else's were asked for; 422, there is no such definition.
    """
    filters = _filters(kind, asked, who)
    zones = await _zones(reports, kind, asked, held)
    compared = _compared(asked, zones.usual)
    revisions = await _revisions(reports.store, asked, who)
    held_to, changed = _instead(asked, _in_force(revisions, asked, zones, compared))
    measures = tuple(getattr(asked, "measures", None) or kind.shown)
    wanted = Wanted(
        kind=kind,
        in_force=held_to,
        span=asked.span,
        cut=asked.interval,
        zones=zones,
        by=_grouped(kind, asked),
        sums=tuple(sums_of((each.definition for each in held_to), measures)),
        filters=filters,
        compared=compared,
    )
    told = {name: value for name, value in asked if name not in _PAGING}
    question = digest_of(kind.name, told, who.client)
    return Report(asked, wanted, measures, changed, question, held)


def _grouped(kind: Kind, asked: Asked) -> tuple[str, ...]:
    """Return the groups; with sites' own midnights rows of different sites never mix."""
    groups = tuple(getattr(asked, "group_by", None) or kind.by)
    apart = kind.place and asked.time_zone is None and kind.place not in groups
    return (*groups, kind.place) if apart and kind.place else groups


def _filters(kind: Kind, asked: Asked, who: Principal) -> dict[str, list[str]]:
    if kind.operators_own:
        who.must_read(None, "the report")
    given = {group: getattr(asked, group) for group in kind.groups}
    filters: dict[str, list[str]] = {name: values for name, values in given.items() if values}
    for client in filters.get("client_id", ()):
        who.must_read(client, "the client")
    if who.client is not None:
        filters["client_id"] = [who.client]
    return filters


async def _revisions(store: Store, asked: Asked, who: Principal) -> list[InForce]:
    """Return the definition asked for, by its revisions or at one; a client's is its own to know.

    Raises:
        Problem: 422, there is no such definition, or no such revision.
    """
    name, version = asked.definition, asked.definition_version
    if name in BUILT_IN:
        found = [BUILT_IN[name]] if version in (None, BUILT_IN[name].version) else []
        return [InForce(each) for each in found] or _refuse(_UNKNOWN)
    revisions = await definition_now(store, name)
    if not revisions or not _may_know(revisions[-1][1], who):
        return _refuse(_UNKNOWN)
    if version is None:
        return list(in_force(name, revisions))
    at = [InForce(said.definition(name, number)) for number, said in revisions if number == version]
    return at or _refuse(_UNKNOWN)


def _may_know(said: Agreement, who: Principal) -> bool:
    return said.client_id is None or who.may_read(said.client_id)


def _in_force(
    revisions: list[InForce], asked: Asked, zones: Zones, compared: Shift | None
) -> tuple[InForce, ...]:
    """Return what is in force in the periods of the report.

    Raises:
        Problem: 422, nothing is on some of their days.
    """
    shifts = (None,) if compared is None else (None, compared)
    times = [(*asked.span.shifted(s, zone), zone) for s in shifts for zone in zones.all()]
    first = revisions[0].begins_on
    if first is not None and any(start < moment_of(first, zone) for start, _, zone in times):
        _refuse({**_NOT_AGREED, "detail": f"no revision of the definition counts before {first}"})
    return tuple(held for held in revisions if any(held.holds(*each) for each in times))


def _refuse(fault: dict[str, str]) -> NoReturn:
    raise Problem(INVALID_REQUEST, "1 fault(s)", errors=[fault])


def _instead(
    asked: Asked, held: tuple[InForce, ...]
) -> tuple[tuple[InForce, ...], tuple[str, ...]]:
    """Return the definitions with what was asked for instead, and what that is."""
    instead = {name: getattr(asked, name) for name in _INSTEAD}
    changes = {name: value for name, value in instead.items() if value is not None}
    replace = msgspec.structs.replace
    changed = (replace(each, definition=replace(each.definition, **changes)) for each in held)
    return tuple(changed), tuple(changes)


async def _zones(reports: Reports, kind: Kind, asked: Asked, held: Held) -> Zones:
    if asked.time_zone is not None:
        return Zones(ZoneInfo(asked.time_zone))
    if kind.place is None:
        return Zones(reports.zone)
    sites = await running.zones_of_sites(held.connection)
    return Zones(reports.zone, kind.place, sites)


def _compared(asked: Asked, zone: ZoneInfo) -> Shift | None:
    if asked.compare_to is None:
        return None
    if asked.compare_to == "previous":
        return previous(asked.span, zone)
    start, other = moment_of(asked.start, zone), moment_of(asked.compare_to, zone)
    return since(start.astimezone(zone), other.astimezone(zone))


async def page_of(report: Report, cursors: Cursors) -> ReportView:
    """Return the page that was asked for.

    Raises:
        CursorUnreadable: `after` is no cursor of ours for this question.
    """
    asked = report.asked
    after = cursors.read(report.question, asked.after) if asked.after else None
    found = [row async for row in report.rows(after, asked.limit + 1)]
    rows, more = found[: asked.limit], len(found) > asked.limit
    zones = report.wanted.zones
    return ReportView(
        report=report.wanted.kind.name,
        start=asked.start,
        end=asked.end,
        time_zone=None if zones.place else zones.usual.key,
        interval=asked.interval,
        definition=definition_view(report, report.wanted.in_force[-1]),
        earlier_definitions=[definition_view(report, held) for held in report.wanted.in_force[:-1]],
        measures=[_used(name) for name in report.measures],
        position=report.held.position,
        rows=[_row(each) for each in rows],
        next=cursors.write(report.question, rows[-1].key) if more else None,
    )


def definition_view(report: Report, held: InForce) -> DefinitionView:
    """Return what the measures follow."""
    said = msgspec.structs.asdict(held.definition)
    return DefinitionView(**said, valid_from=held.begins_on, changed=list(report.changed))


def _used(name: str) -> MeasureUsed:
    return MeasureUsed(name=name, version=MEASURES[name].version, unit=MEASURES[name].unit)


def _row(each: Figures) -> RowView:
    return RowView(
        interval_start=each.begins, group=each.group, values=each.values, compared=each.compared
    )
