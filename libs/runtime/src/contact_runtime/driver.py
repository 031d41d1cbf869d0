"""The hot path's way to PostgreSQL: asyncpg's connection, lent by SQLAlchemy's pool.

SQLAlchemy takes three times the CPU a statement; its connection stands beside, in the same
transaction, for a service's own tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_runtime.database import DATABASE_ERRORS, in_our_words

_FAILED: tuple[type[Exception], ...] = (OSError, *DATABASE_ERRORS)


class Driver:
    """One connection: statements with `$1` parameters, rows and counts back.

    Every method raises `Transient` where trying again may help.
    """

    def __init__(self, connection: AsyncConnection, raw: Any) -> None:
        self.connection = connection
        self._raw = raw

    async def fetch(self, statement: str, parameters: tuple[Any, ...]) -> Sequence[Any]:
        """Return all rows of `statement`."""
        with in_our_words():
            rows: Sequence[Any] = await self._raw.fetch(statement, *parameters)
            return rows

    async def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> int:
        """Carry out `statement` and return how many rows it wrote."""
        with in_our_words():
            status: str = await self._raw.execute(statement, *parameters)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Open a transaction. It is rolled back unless `commit` is called in the block."""
        done = False
        try:
            await self.execute("BEGIN")
            yield
            done = True
        finally:
            # A cancelled caller must not leave a transaction open on a lent connection. Where it
            # was cut off in the BEGIN, the driver does not know yet whether there is one.
            if not self._raw.is_closed() and (not done or self._raw.is_in_transaction()):
                await asyncio.shield(self._roll_back())

    async def commit(self) -> None:
        """Commit the transaction that is open."""
        await self.execute("COMMIT")

    async def _roll_back(self) -> None:
        try:
            await self._raw.execute("ROLLBACK")
        except _FAILED:
            await self.connection.invalidate()


@asynccontextmanager
async def lent(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """Lend a connection of `engine`, which must be one of isolation level AUTOCOMMIT."""
    with in_our_words():
        connection = await engine.connect().start()
    try:
        yield Driver(connection, await _raw(connection))
    finally:
        await asyncio.shield(connection.close())


async def _raw(connection: AsyncConnection) -> Any:
    """Return the driver's own connection; a new one if the pool's was closed meanwhile."""
    with in_our_words():
        raw: Any = (await connection.get_raw_connection()).driver_connection
        if raw.is_closed():
            await connection.invalidate()
            raw = (await connection.get_raw_connection()).driver_connection
        return raw
