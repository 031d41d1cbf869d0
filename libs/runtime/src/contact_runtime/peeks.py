"""Committed rows of one kind, read together: thousands may be asked for at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

from contact_runtime.rows import Kind

S = TypeVar("S")

ReadMany = Callable[[Kind[Any], Iterable[str]], Awaitable[dict[str, Any]]]


class Peeks(Generic[S]):
    """What is asked for while one statement is under way is the next one's."""

    def __init__(self, kind: Kind[S], read: ReadMany) -> None:
        """Have `read` return those of some rows that there are."""
        self._kind = kind
        self._read = read
        self._one_at_a_time = asyncio.Lock()
        self._wanted = set[str]()
        self._coming: asyncio.Task[dict[str, S]] | None = None

    async def peek(self, key: str) -> S:
        """Return the committed state of `key`; `initial` if there is no row.

        Raises:
            Transient: the database did not answer; whoever asked with it gets the same.
        """
        if self._coming is None:
            self._coming = asyncio.create_task(self._next(), name="peeks")
        self._wanted.add(key)
        found = await asyncio.shield(self._coming)  # others may wait for it, too
        return found[key] if key in found else self._kind.initial(key)

    async def _next(self) -> dict[str, S]:
        async with self._one_at_a_time:
            wanted, self._wanted, self._coming = self._wanted, set(), None
            return await self._read(self._kind, wanted)
