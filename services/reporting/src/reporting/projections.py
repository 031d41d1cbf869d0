"""Events to rows: a batch is folded in memory and written with a statement a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.agents import AgentChanged
from contact_events.envelope import Envelope
from reporting import tables
from reporting.domain.facts import CallFacts, call_of
from reporting.domain.folding import Folding
from reporting.domain.records import contact_of
from reporting.domain.timelines import AgentNow

Row = dict[str, Any]

_FACTS = msgspec.json.Decoder(CallFacts)
_ENCODER = msgspec.json.Encoder()


async def project(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Fold a batch of new, valid events into the tables, in the open transaction."""
    folding = await loaded(connection, envelopes)
    for envelope in envelopes:
        folding.take(envelope)
    for table, rows in replaced(folding).items():
        await _replace(connection, table, rows)
    for table, rows in added(folding).items():
        await _add(connection, table, rows)


async def loaded(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> Folding:
    """Return a folding that knows what the tables hold of all that the batch touches."""
    calls = {call for e in envelopes if (call := call_of(e.data)) is not None}
    agents = {e.data.agent_id for e in envelopes if isinstance(e.data, AgentChanged)}
    facts = select(tables.call_facts.c.facts).where(tables.call_facts.c.call_id.in_(calls))
    now = select(tables.agents_now).where(tables.agents_now.c.agent_id.in_(agents))
    return Folding(
        [_FACTS.decode(text) for (text,) in await connection.execute(facts)] if calls else (),
        [AgentNow(**row._mapping) for row in await connection.execute(now)] if agents else (),
    )


def replaced(folding: Folding) -> dict[Table, list[Row]]:
    """Return the rows that take the place of those with the same key."""
    facts = [folding.facts[call_id] for call_id in folding.touched_calls]
    records = [contact for each in facts if (contact := contact_of(each)) is not None]
    return {
        tables.call_facts: [
            {"call_id": each.call_id, "facts": _ENCODER.encode(each).decode()} for each in facts
        ],
        tables.contacts: [msgspec.structs.asdict(record) for record in records],
        tables.agents_now: [
            msgspec.structs.asdict(folding.agents[agent_id]) for agent_id in folding.touched_agents
        ],
        tables.documents: [
            {
                "document_id": document.document_id,
                "revision": document.revision,
                "document": _ENCODER.encode(document).decode(),
            }
            for document in folding.documents.values()
        ],
    }


def added(folding: Folding) -> dict[Table, list[Row]]:
    """Return the rows whose figures are added to those with the same key."""
    return {
        tables.queue_intervals: [
            {"queue_id": key, "interval_start": start, **msgspec.structs.asdict(counts)}
            for (key, start), counts in folding.queue_changes().items()
        ],
        tables.agent_intervals: [
            {"agent_id": key, "interval_start": start, **msgspec.structs.asdict(counts)}
            for (key, start), counts in folding.agent_changes().items()
        ],
        tables.agent_spells: [
            {
                "agent_id": key,
                "interval_start": start,
                "site_id": site_id,
                "status": status,
                "length_ms": length_ms,
            }
            for ((key, start), site_id, status), length_ms in folding.spells.items()
        ],
    }


async def _replace(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    statement = insert(table)
    fresh = {name: statement.excluded[name] for name in _figures(table)}
    await _upsert(connection, table, fresh, rows)


async def _add(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    statement = insert(table)
    sums = {name: table.c[name] + statement.excluded[name] for name in _figures(table)}
    await _upsert(connection, table, sums, rows)


def _figures(table: Table) -> Iterable[str]:
    return (column.name for column in table.columns if not column.primary_key)


async def _upsert(
    connection: AsyncConnection, table: Table, changes: Mapping[str, Any], rows: Sequence[Row]
) -> None:
    if rows:
        keys = [column.name for column in table.primary_key]
        statement = insert(table).on_conflict_do_update(index_elements=keys, set_=changes)
        await connection.execute(statement, sorted(rows, key=lambda row: [row[k] for k in keys]))
