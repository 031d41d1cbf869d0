"""The tables of reporting as the auditor sees them: held against the fold of the log."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime.log import TopicPartition
from contact_runtime.tables import positions
from reporting import tables
from reporting.domain.audit.findings import Finding
from reporting.domain.folding import Folding
from reporting.projections import added, replaced
from reporting.tables import READER
from reporting.writing import Row, figures

Rows = dict[tuple[Any, ...], Row]


@dataclass(frozen=True, slots=True)
class Held:
    """What the tables hold, and how far they have folded the log."""

    positions: Mapping[TopicPartition, int]
    rows: Mapping[str, Rows]


async def held(connection: AsyncConnection) -> Held:
    """Return the tables as of one moment."""
    await connection.execution_options(isolation_level="REPEATABLE READ")
    found = await connection.execute(select(positions).where(positions.c.reader == READER))
    at = {TopicPartition(row.topic, row.partition): row.next_offset for row in found}
    return Held(at, {table.name: await _rows(connection, table) for table in tables.PROJECTED})


async def _rows(connection: AsyncConnection, table: Table) -> Rows:
    rows = [dict(row) for row in (await connection.execute(select(table))).mappings()]
    return {_key(table, row): row for row in rows}


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def compared(tables_held: Held, folding: Folding) -> Iterator[Finding]:
    """Yield each row (I4) that is not what the fold from scratch makes it.

    How often a row was changed on the way there is not compared.
    """
    for table, rows in [*replaced(folding).items(), *added(folding).items()]:
        expected = {_key(table, row): row for row in rows}
        yield from _differences(table, tables_held.rows[table.name], expected)


def _differences(table: Table, kept: Rows, expected: Rows) -> Iterator[Finding]:
    names = figures(table)
    for key in sorted(kept.keys() | expected.keys(), key=str):
        row, wanted = kept.get(key), expected.get(key)
        if wanted is None and row is not None and _is_nothing(row, names):
            continue  # what was added was taken away again: the fold has no row at all
        if row is None or wanted is None:
            is_there = "is missing" if row is None else "has no cause in the log"
            yield Finding("I4", f"{table.name} {_named(key)} {is_there}")
        elif wrong := [f"{n} is {row[n]}, not {wanted[n]}" for n in names if row[n] != wanted[n]]:
            yield Finding("I4", f"{table.name} {_named(key)}: {'; '.join(wrong[:3])}")


def _is_nothing(row: Row, names: Iterable[str]) -> bool:
    return all(row[name] == 0 for name in names)


def _named(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key)
