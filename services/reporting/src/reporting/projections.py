"""Events to rows: a batch is folded in memory and written with a statement a table."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table

from contact_events.agents import AgentChanged
from contact_events.envelope import Envelope
from contact_runtime.driver import Driver
from reporting import tables
from reporting.domain.contacts import contact_of, legs_of
from reporting.domain.facts import CallFacts, call_of
from reporting.domain.folding import LONG_AGO, Folding
from reporting.domain.timelines import AgentNow
from reporting.writing import Row, add, replace

_FACTS = msgspec.json.Decoder(CallFacts)
_ENCODER = msgspec.json.Encoder()
_asdict = msgspec.structs.asdict

_READ_FACTS = "SELECT facts FROM call_facts WHERE call_id = ANY($1::text[])"
_READ_AGENTS = "SELECT * FROM agents_now WHERE agent_id = ANY($1::text[])"
_READ_NEWEST = "SELECT at FROM newest WHERE reader = $1 FOR UPDATE"
"""Locks before anything is written, so that a swap of the tables waits here for a fold."""


async def project(driver: Driver, envelopes: Sequence[Envelope]) -> None:
    """Fold a batch of new, valid events into the tables, in the open transaction."""
    folding = await loaded(driver, envelopes)
    for envelope in envelopes:
        folding.take(envelope)
    for table, rows in replaced(folding).items():
        await replace(driver, table, rows)
    for table, rows in added(folding).items():
        await add(driver, table, rows)


async def loaded(driver: Driver, envelopes: Sequence[Envelope]) -> Folding:
    """Return a folding that knows what the tables hold of all that the batch touches."""
    calls = {call for e in envelopes if (call := call_of(e.data)) is not None}
    agents = {e.data.agent_id for e in envelopes if isinstance(e.data, AgentChanged)}
    newest = await driver.fetch(_READ_NEWEST, (tables.READER,))
    return Folding(
        [_FACTS.decode(row[0]) for row in await _of(driver, _READ_FACTS, calls)],
        [AgentNow(**row) for row in await _of(driver, _READ_AGENTS, agents)],
        newest[0][0] if newest else LONG_AGO,
    )


async def _of(driver: Driver, statement: str, keys: Iterable[str]) -> Sequence[Any]:
    wanted = list(keys)
    return await driver.fetch(statement, (wanted,)) if wanted else ()


def replaced(folding: Folding) -> dict[Table, list[Row]]:
    """Return the rows that take the place of those with the same key."""
    facts = [folding.facts[call_id] for call_id in folding.touched]
    return {
        tables.call_facts: [
            {"call_id": each.call_id, "facts": _ENCODER.encode(each).decode()} for each in facts
        ],
        tables.contacts: [
            {**_asdict(contact), tables.RESTATED: folding.restated_at(contact.call_id)}
            for each in facts
            if (contact := contact_of(each)) is not None
        ],
        tables.contact_legs: [_asdict(leg) for each in facts for leg in legs_of(each)],
        tables.agents_now: [
            _asdict(folding.agents[agent_id]) for agent_id in folding.touched_agents
        ],
        tables.agent_timeline: [_asdict(period) for period in folding.periods.values()],
        tables.documents: [
            {
                "document_id": document_id,
                "revision": revision,
                "valid_from": held.valid_from,
                "document": _ENCODER.encode(held.document).decode(),
            }
            for (document_id, revision), held in folding.documents.items()
        ],
        tables.newest: [
            {"reader": tables.READER, "at": at} for at in (folding.newest,) if at > LONG_AGO
        ],
    }


def added(folding: Folding) -> dict[Table, list[Row]]:
    """Return the rows whose figures are added to those with the same key."""
    changes = folding.changes()
    rows: dict[Table, list[Row]] = {
        table: [
            {**key._asdict(), **_asdict(change.counts), tables.RESTATED: change.restated_at}
            for key, change in changes[table.name].items()
        ]
        for table in tables.SUMS
    }
    rows[tables.agent_spells] = [
        {**key._asdict(), "length_ms": length_ms} for key, length_ms in folding.spells.items()
    ]
    return rows
