"""The swap: in one transaction the tables of a rebuild take the place of the live ones."""

from collections.abc import Iterable

from sqlalchemy import Table

from contact_runtime.driver import Driver
from contact_runtime.tables import leaderships, positions, sequences
from reporting.tables import OUTBOXES, PROJECTED, READER, RESTATED, VERSION, newest
from reporting.writing import figures

LOCK_LIMIT_MS = 800
"""Below PostgreSQL's deadlock_timeout: whoever holds a table goes on, and the swap tries again."""

PROGRESS = (positions, sequences, leaderships)


async def hold(driver: Driver) -> None:
    """Keep the live fold from writing until the transaction ends; reports go on.

    Raises:
        Transient: a fold holds its rows for longer than the swap waits.
    """
    await driver.execute(f"SET LOCAL lock_timeout = '{LOCK_LIMIT_MS}ms'")
    await driver.execute(f"LOCK TABLE {newest.name} IN EXCLUSIVE MODE")


async def swap(driver: Driver, schema: str) -> None:
    """Put the tables of `schema` in the place of the live ones, the reader's progress too.

    Rows that are the same keep their version; those that are not count one change more, of the
    time up to which the log was folded, and go to the outbox if their table has one.

    Raises:
        Transient: somebody reads the tables for longer than the swap waits.
    """
    home = (await driver.fetch("SELECT current_schema()", ()))[0][0]
    for table in PROJECTED:
        if table in OUTBOXES:
            await driver.execute(_told(table, home, schema))
        if VERSION in table.columns:
            await driver.execute(_carry(table, home, schema))
    for table in PROGRESS:
        name = table.name
        await driver.execute(f"DELETE FROM {home}.{name} WHERE reader = '{READER}'")
        await driver.execute(
            f"INSERT INTO {home}.{name} SELECT * FROM {schema}.{name} WHERE reader = '{READER}'"
        )
    live = ", ".join(f"{home}.{table.name}" for table in PROJECTED)
    await driver.execute(f"LOCK TABLE {live} IN ACCESS EXCLUSIVE MODE")
    await driver.execute(f"DROP TABLE {live}")
    for table in PROJECTED:
        await driver.execute(f"ALTER TABLE {schema}.{table.name} SET SCHEMA {home}")
    await driver.execute(f"DROP SCHEMA {schema} CASCADE")


def _told(table: Table, home: str, schema: str) -> str:
    """Return the statement that puts the keys of rows that differ into the live outbox."""
    keys = ", ".join(column.name for column in table.primary_key)
    old, new = _named("old", figures(table)), _named("new", figures(table))
    return (
        f"INSERT INTO {home}.{OUTBOXES[table].name} ({keys}) SELECT {keys} "
        f"FROM {home}.{table.name} AS old FULL JOIN {schema}.{table.name} AS new USING ({keys}) "
        f"WHERE ({old}) IS DISTINCT FROM ({new})"
    )


def _carry(table: Table, home: str, schema: str) -> str:
    """Return the statement that gives the new rows the versions of the old ones."""
    names = figures(table)
    old, new = _named("old", names), _named("new", names)
    same = f"({old}) IS NOT DISTINCT FROM ({new})"
    keys = " AND ".join(f"old.{key.name} = new.{key.name}" for key in table.primary_key)
    return (
        f"UPDATE {schema}.{table.name} AS new SET "
        f"{VERSION} = old.{VERSION} + CASE WHEN {same} THEN 0 ELSE 1 END, "
        f"{RESTATED} = CASE WHEN {same} THEN old.{RESTATED} ELSE folded.at END "
        f"FROM {home}.{table.name} AS old, {schema}.{newest.name} AS folded WHERE {keys}"
    )


def _named(alias: str, names: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)
