"""Asking the tables, and making of sums what people read."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_events.config import SiteChanged
from contact_runtime.database import in_our_words
from reporting import queries, tables
from reporting.domain.measures.catalogue import MEASURES
from reporting.reports.statement import BEGINS, Wanted, label, statement
from reporting.tables import READER

AT_ONCE = 500
"""Rows that are fetched at a time."""

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Held:
    """Tables at one moment, and how far they have folded the log."""

    connection: AsyncConnection
    position: queries.Position


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of a report: its key, its measures, and those of the period it is compared with."""

    key: tuple[Any, ...]
    begins: datetime | None
    group: dict[str, str | None]
    values: dict[str, Value]
    compared: dict[str, Value] | None


@asynccontextmanager
async def held(engine: AsyncEngine) -> AsyncIterator[Held]:
    """Hold the tables as they are now: rows and position of one transaction.

    Raises:
        Transient: the database does not answer.
    """
    with in_our_words():
        async with engine.connect() as plain:
            connection = await plain.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            yield Held(connection, await queries.position(connection, READER))


async def zones_of_sites(connection: AsyncConnection) -> dict[str, ZoneInfo]:
    """Return the time zone of each site, as far as it is one."""
    documents = tables.documents
    sites = select(documents.c.document).where(documents.c.document_id.startswith("site:"))
    found: dict[str, ZoneInfo] = {}
    for (text,) in await connection.execute(sites.order_by(documents.c.revision)):
        site = msgspec.json.decode(text, type=SiteChanged)
        try:
            found[site.site_id] = ZoneInfo(site.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            continue  # its days begin where the centre's do
    return found


async def rows(
    connection: AsyncConnection, wanted: Wanted, after: Sequence[Any] | None, limit: int | None
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield the rows of sums, in the order of their keys, fetched some at a time."""
    asked = statement(wanted, after)
    if limit is not None:
        asked = asked.limit(limit)
    result = await connection.stream(asked, execution_options={"yield_per": AT_ONCE})
    async for row in result.mappings():
        yield row


def figures(wanted: Wanted, measures: Sequence[str], row: Mapping[str, Any]) -> Figures:
    """Return a row of sums as measures."""
    begins = row[BEGINS].astimezone(wanted.zones.of(row)) if BEGINS in wanted.keys else None
    compared = None
    if wanted.compared is not None:
        compared = _values(wanted, measures, row, earlier=True)
    return Figures(
        key=tuple(row[key] for key in wanted.keys),
        begins=begins,
        group={name: row[name] or None for name in wanted.by},
        values=_values(wanted, measures, row, earlier=False),
        compared=compared,
    )


def _values(
    wanted: Wanted, measures: Sequence[str], row: Mapping[str, Any], *, earlier: bool
) -> dict[str, Value]:
    pieces = [
        (
            {name: int(row[label(number, name, earlier)] or 0) for name in wanted.sums},
            held.definition,
        )
        for number, held in enumerate(wanted.in_force)
    ]
    return {name: MEASURES[name].value(pieces) for name in measures}
