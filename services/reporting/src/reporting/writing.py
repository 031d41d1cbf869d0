"""Statements that write a whole batch of rows to one table.

Rows go in as one JSON text, which costs this process a fifth of an array for each column.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from contact_runtime.driver import Driver
from reporting.tables import OUTBOXES, RESTATED, VERSION

Row = dict[str, Any]

_ENCODER = msgspec.json.Encoder()
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def replace(driver: Driver, table: Table, rows: Sequence[Row]) -> None:
    """Write rows that take the place of those with the same keys.

    A row that is the same already is not written: its version stays.
    """
    await _write(driver, table, _replacing(table), rows)


async def add(driver: Driver, table: Table, rows: Sequence[Row]) -> None:
    """Write rows whose figures are added to those with the same keys; all of them change some."""
    await _write(driver, table, _adding(table), rows)


async def _write(driver: Driver, table: Table, statement: str, rows: Sequence[Row]) -> None:
    if rows:
        keys = [column.name for column in table.primary_key]
        ordered = sorted(rows, key=lambda row: [row[key] for key in keys])
        await driver.execute(statement, (_ENCODER.encode(ordered).decode(),))


def _given(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name != VERSION]


def figures(table: Table) -> list[str]:
    """Return the columns that are a row's content: no keys, no versions."""
    versions = (VERSION, RESTATED)
    return [c.name for c in table.columns if not c.primary_key and c.name not in versions]


@cache
def _replacing(table: Table) -> str:
    names = figures(table)
    changes = {name: f"excluded.{name}" for name in names}
    old = ", ".join(f"{table.name}.{name}" for name in names)
    new = ", ".join(changes.values())
    return _told(table, f"{_upsert(table, changes)} WHERE ({old}) IS DISTINCT FROM ({new})")


@cache
def _adding(table: Table) -> str:
    sums = {name: f"{table.name}.{name} + excluded.{name}" for name in figures(table)}
    return _told(table, _upsert(table, sums))


def _told(table: Table, upsert: str) -> str:
    """Return the statement that also puts the keys of the rows it writes into the outbox."""
    if table not in OUTBOXES:
        return upsert
    keys = ", ".join(column.name for column in table.primary_key)
    outbox = f"INSERT INTO {OUTBOXES[table].name} ({keys}) SELECT {keys} FROM written"
    return f"WITH written AS ({upsert} RETURNING {keys}) {outbox}"


def _upsert(table: Table, changes: dict[str, str]) -> str:
    given = _given(table)
    names = ", ".join(column.name for column in given)
    typed = ", ".join(f"{each.name} {each.type.compile(dialect=_DIALECT)}" for each in given)
    keys = ", ".join(column.name for column in table.primary_key)
    version, first = "", ""
    if VERSION in table.columns:
        version, first = f", {VERSION}", ", 1"
        changes = {
            **changes,
            VERSION: f"{table.name}.{VERSION} + 1",
            RESTATED: f"coalesce(excluded.{RESTATED}, {table.name}.{RESTATED})",
        }
    sets = ", ".join(f"{name} = {value}" for name, value in changes.items())
    return (
        f"INSERT INTO {table.name} ({names}{version}) "
        f"SELECT {names}{first} FROM json_to_recordset($1::json) AS new ({typed}) "
        f"ON CONFLICT ({keys}) DO UPDATE SET {sets}"
    )
