"""Documents of administrators as rows: read, changed in the open transaction, and their history."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from contact_runtime.http.documents import Fault
from contact_runtime.rows import Kind as Rows
from contact_runtime.rows import Store, Unit

D = TypeVar("D")


class Revision(msgspec.Struct, Generic[D], frozen=True):
    """What a document says since `changed_at` (business time), who said it, and how often before.

    The first revision is 1.
    """

    revision: int
    changed_by: str
    changed_at: datetime
    said: D


def history_of(kind: Rows[Any]) -> Rows[Any]:
    """Return the kind of the rows that keep every revision of documents of `kind`."""
    return Rows(f"{kind.name}_revision", kind.type, kind.initial)


def revision_key(document_id: str, revision: int) -> str:
    """Return the key of one revision of a document, `t1/7`."""
    return f"{document_id}/{revision}"


Said = Mapping[str, Any]
Found = Revision[Any] | None


async def no_fault(unit: Unit, document_id: str, said: Said, last: Found) -> list[Fault]:
    """Return no fault: what has the right shape makes sense."""
    return []


async def no_effect(
    unit: Unit, document_id: str, revision: Revision[Any], author: "Author"
) -> None:
    """Do nothing: nobody but its readers needs to know of the change."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who says something, when (business time), and as part of which request."""

    subject: str
    at: datetime
    causation: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Documents:
    """A kind of document: its rows, what makes no sense in one, and what follows from a change.

    `faults` gets the fields as they came, and the revision that counts until now.
    """

    name: str
    rows: Rows[Any]
    faults: Callable[[Unit, str, Said, Found], Awaitable[list[Fault]]] = no_fault
    effect: Callable[[Unit, str, Revision[Any], Author], Awaitable[None]] = no_effect

    async def history(self, store: Store, document_id: str, before: int, limit: int) -> list[Any]:
        """Return at most `limit` revisions below `before`, the newest first."""
        numbers = range(before - 1, max(0, before - 1 - limit), -1)
        keys = [revision_key(document_id, number) for number in numbers]
        found = await store.peek_many(history_of(self.rows), keys)
        return [found[key] for key in keys]

    async def last(self, unit: Unit, document_id: str) -> Found:
        """Return the revision that counts, its row locked; None where there never was one."""
        found: Found = await unit.load(self.rows, document_id)
        return found

    async def write(self, unit: Unit, document_id: str, said: Any, author: Author) -> Revision[Any]:
        """Make what is said the next revision and return it; the last one if it says so."""
        last = await self.last(unit, document_id)
        if last is not None and last.said == said:
            return last
        number = last.revision + 1 if last else 1
        revision = Revision(number, author.subject, author.at, said)
        history, key = history_of(self.rows), revision_key(document_id, number)
        await unit.load(history, key)
        unit.put(history, key, revision)
        unit.put(self.rows, document_id, revision)
        await self.effect(unit, document_id, revision, author)
        return revision
