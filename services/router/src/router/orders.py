"""What people order: documents on `routing-config`, by compare-and-swap of revisions."""

import asyncio
from typing import Final, TypeVar

import msgspec

from contact_events.config import Document
from contact_events.envelope import Envelope
from contact_events.identity import derived_id
from contact_events.validity import Revisions
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.log import Ambiguous, Log, LogError, LogWriter, TopicPartition
from router.codec import SOURCE, entry_of
from router.domain.state import Fact

LIMIT_S: Final = 10.0
"""Machine seconds for an order to be written and read back."""

D = TypeVar("D", bound=Document)


class OrderUnconfirmed(Transient):
    """The order was not read back in time: it may come to count yet. Look, or order again."""

    code = "order-unconfirmed"


class Orders:
    """The valid documents as this replica has read them, and the way to write the next one.

    Documents are folded as they are read, with or without a leader: ordering needs none.
    """

    def __init__(self, log: Log, at: TopicPartition, pool: str, clock: Clock) -> None:
        """Write to `at`, the pool's partition of `routing-config`."""
        self._log = log
        self._at = at
        self._pool = pool
        self._clock = clock
        self._documents: dict[str, Document] = {}
        self._revisions = Revisions()
        self._read_to = 0
        self._moved = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._writing = asyncio.Lock()
        self._writer: LogWriter | None = None

    def see(self, fact: Fact) -> None:
        """Fold a record of `routing-config` that was read."""
        self._read_to = fact.offset + 1
        event = fact.envelope.data if fact.envelope else None
        if isinstance(event, Document) and self._revisions.admit(event):
            self._documents[event.document_id] = event
        self._moved.set()
        self._moved = asyncio.Event()

    def caught_up(self) -> None:
        """Say that all that was there at the start has been read."""
        self._caught_up.set()

    def get(self, kind: type[D], document_id: str) -> D | None:
        """Return the valid document, or None where it is not there or was deleted."""
        found = self._documents.get(document_id)
        return found if isinstance(found, kind) and not found.deleted else None

    async def put(self, wanted: D, cause: str) -> D:
        """Make `wanted` the next valid revision and return it as it counts.

        `wanted.revision` is not looked at. A document that says nothing new is not written.

        Raises:
            OrderUnconfirmed: it was not read back in time.
        """
        try:
            async with asyncio.timeout(LIMIT_S), self._writing:
                await self._caught_up.wait()
                return await self._put(wanted, cause)
        except TimeoutError as error:
            raise OrderUnconfirmed(f"{wanted.document_id}: not read back") from error

    async def close(self) -> None:
        """Let go of the log."""
        if self._writer is not None:
            await self._writer.close()

    async def _put(self, wanted: D, cause: str) -> D:
        while True:
            now = self._documents.get(wanted.document_id)
            revision = now.revision if now else 0
            if now is not None and _says(now) == _says(wanted):
                return msgspec.structs.replace(wanted, revision=revision, changed_by=now.changed_by)
            next_one = msgspec.structs.replace(wanted, revision=revision + 1)
            await self._read(await self._append(next_one, cause))

    async def _append(self, document: Document, cause: str) -> int:
        """Write the document; return the offset to be read. A doubtful write is written again.

        Both may land: of two with the same revision only the first counts.
        """
        entry = entry_of(self._envelope(document, cause))
        while True:
            try:
                self._writer = self._writer or await self._log.writer()
                return await self._writer.append(self._at, [entry])
            except Ambiguous:
                if self._writer is not None:
                    await self._writer.close()
                self._writer = None
            except LogError:
                await asyncio.sleep(0.1)

    async def _read(self, offset: int) -> None:
        while self._read_to <= offset:
            await self._moved.wait()

    def _envelope(self, document: Document, cause: str) -> Envelope:
        return Envelope(
            id=derived_id("order", self._pool, document.document_id, document.revision, cause),
            source=SOURCE,
            subject=document.document_id,
            time=self._clock.now(),
            pool=self._pool,
            stream=document.document_id,
            sequence=document.revision,
            causationid=cause,
            data=document,
        )


def _says(document: Document) -> Document:
    """Return what the document says, whoever said it, in whatever revision."""
    return msgspec.structs.replace(document, revision=0, changed_by="")
