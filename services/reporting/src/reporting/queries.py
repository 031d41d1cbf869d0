"""Questions to the tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, RowMapping, Select, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.config import QueueChanged
from contact_runtime.tables import positions
from reporting import tables
from reporting.domain.counts import WaitCounts

PAGE = 500
DEFINITION = "service_level negative 20 s; short abandonment 5 s; version 1"

Position = dict[str, int]

_WAITS = WaitCounts.__struct_fields__


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows: from `start` (inclusive) to `end` (exclusive), of one client or of all."""

    start: datetime | None = None
    end: datetime | None = None
    client: str | None = None
    project: str | None = None


def contacts_of(span: Span, after: Sequence[Any] | None) -> Select[Any]:
    """Return what asks for contacts by arrival, behind (arrived at, call id)."""
    table = tables.contacts
    key = (table.c.arrived_at, table.c.call_id)
    found = _within(select(table), table.c.arrived_at, span).order_by(*key)
    if span.client is not None:
        found = found.where(table.c.client_id == span.client)
    if span.project is not None:
        found = found.where(table.c.project_id == span.project)
    return found if after is None else found.where(tuple_(*key) > tuple_(*after))


def _within(found: Select[Any], at: Any, span: Span) -> Select[Any]:
    bounds = [at >= span.start] if span.start else []
    bounds += [at < span.end] if span.end else []
    return found.where(and_(True, *bounds))


async def queue_rows(connection: AsyncConnection, span: Span) -> list[RowMapping]:
    """Return the quarters of an hour of all queues, made of one client's contacts or of all."""
    table = tables.queue_intervals
    keys = (table.c.queue_id, table.c.interval_start)
    sums = (func.sum(table.c[name]).cast(BigInteger).label(name) for name in _WAITS)
    found = _within(select(*keys, *sums), table.c.interval_start, span)
    if span.client is not None:
        found = found.where(table.c.client_id == span.client)
    found = found.group_by(*keys).order_by(table.c.interval_start, table.c.queue_id)
    return list((await connection.execute(found)).mappings())


async def queue_clients(connection: AsyncConnection) -> dict[str, str | None]:
    """Return the client of each queue."""
    table = tables.documents
    found = (
        select(table.c.document)
        .where(table.c.document_id.startswith("queue:"))
        .ext(distinct_on(table.c.document_id))
        .order_by(table.c.document_id, table.c.revision.desc())
    )
    documents = [
        msgspec.json.decode(text, type=QueueChanged) for (text,) in await connection.execute(found)
    ]
    return {document.queue_id: document.client_id for document in documents}


async def agent_rows(connection: AsyncConnection, span: Span) -> list[dict[str, Any]]:
    """Return the quarters of an hour of all agents, seconds by state and offers together."""
    rows: dict[tuple[datetime, str], dict[str, Any]] = defaultdict(
        lambda: {"seconds": {}, "offered": 0, "answered": 0, "rejected": 0, "rang_out": 0}
    )
    spells, offers = tables.agent_spells, tables.agent_intervals
    timed = _within(select(spells), spells.c.interval_start, span)
    for row in (await connection.execute(timed)).mappings():
        seconds = rows[row["interval_start"], row["agent_id"]]["seconds"]
        length_s = row["length_ms"] / 1_000
        seconds[row["status"]] = seconds.get(row["status"], 0.0) + length_s
    counted = _within(select(offers), offers.c.interval_start, span)
    for row in (await connection.execute(counted)).mappings():
        sums = rows[row["interval_start"], row["agent_id"]]
        for name in ("offered", "answered", "rejected", "rang_out"):
            sums[name] += row[name]
    return [
        {"interval_start": start, "agent_id": agent_id, **row}
        for (start, agent_id), row in sorted(rows.items())
    ]


async def position(connection: AsyncConnection, reader: str) -> Position:
    """Return how far the tables have folded the log."""
    found = select(positions).where(positions.c.reader == reader)
    rows = (await connection.execute(found)).mappings()
    return {f"{row['topic']}/{row['partition']}": row["next_offset"] for row in rows}
