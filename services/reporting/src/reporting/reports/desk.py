"""From a question to a report: what was meant, what it needs, what it answers."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_runtime.http.auth import Principal
from contact_runtime.http.problems import INVALID_REQUEST, Problem
from contact_runtime.rows import Store
from reporting.billing.rows import DEFINITION
from reporting.domain.agreements import Agreement
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import BUILT_IN, Definition
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
    "detail": "there is no such definition: see /v1/definitions",
}
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
    definition, changed = await _definition(reports.store, asked, who)
    zones = await _zones(reports, kind, asked, held)
    measures = tuple(getattr(asked, "measures", None) or kind.shown)
    wanted = Wanted(
        kind=kind,
        definition=definition,
        span=asked.span,
        cut=asked.interval,
        zones=zones,
        by=_grouped(kind, asked),
        sums=tuple(sums_of(definition, measures)),
        filters=filters,
        compared=_compared(asked, zones.usual),
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


async def _definition(
    store: Store, asked: Asked, who: Principal
) -> tuple[Definition, tuple[str, ...]]:
    found = BUILT_IN.get(asked.definition) or await _agreed(store, asked.definition, who)
    instead = {name: getattr(asked, name) for name in _INSTEAD}
    changes = {name: value for name, value in instead.items() if value is not None}
    return msgspec.structs.replace(found, **changes), tuple(changes)


async def _agreed(store: Store, name: str, who: Principal) -> Definition:
    """Return the definition of a document; a client's is nobody else's to know of."""
    revision = await store.peek(DEFINITION, name)
    if revision is None or not (
        revision.said.client_id is None or who.may_read(revision.said.client_id)
    ):
        raise Problem(INVALID_REQUEST, "1 fault(s)", errors=[_UNKNOWN])
    agreement: Agreement = revision.said
    return agreement.definition(name, revision.revision)


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
        definition=definition_view(report),
        measures=[_used(name) for name in report.measures],
        position=report.held.position,
        rows=[_row(each) for each in rows],
        next=cursors.write(report.question, rows[-1].key) if more else None,
    )


def definition_view(report: Report) -> DefinitionView:
    """Return what the measures follow."""
    said = msgspec.structs.asdict(report.wanted.definition)
    return DefinitionView(**said, changed=list(report.changed))


def _used(name: str) -> MeasureUsed:
    return MeasureUsed(name=name, version=MEASURES[name].version, unit=MEASURES[name].unit)


def _row(each: Figures) -> RowView:
    return RowView(
        interval_start=each.begins, group=each.group, values=each.values, compared=each.compared
    )
