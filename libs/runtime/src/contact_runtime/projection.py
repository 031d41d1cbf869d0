"""A reader's handler for plain SQL rows: the fold gets the connection of the transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Unit
from contact_runtime.store import SqlUnit


class Fold(Protocol):
    """What a projection does with a batch: row changes, by multi-row statements."""

    def __call__(self, conn: AsyncConnection, batch: Sequence[Received], /) -> Awaitable[None]:
        """Write what `batch` changes."""
        ...


def folded(fold: Fold) -> RecordHandler:
    """Return what has `fold` write each batch, in the reader's transaction."""

    async def handle(unit: Unit, batch: Sequence[Received]) -> None:
        assert isinstance(unit, SqlUnit)
        await fold(unit.connection, batch)

    return handle
