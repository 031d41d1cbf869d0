"""What people order: documents on `routing-config`, by compare-and-swap of revisions."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

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


@dataclass(frozen=True, slots=True)
class Revision:
    """A valid revision: the document as it was from then on, when that was, and by which event."""

    document: Document
    at: datetime
    event_id: str

    @property
    def live(self) -> bool:
        """Return whether the document is there, not deleted."""
        return not self.document.deleted


Order = Callable[[Revision | None], Document]
"""From the last valid revision to what is wanted; raises where what is true does not allow it."""


class Orders:
    """The valid documents as this replica has read them, and the way to write the next one.

    Documents are folded as they are read, with or without a leader: ordering needs none.
    """

    def __init__(self, log: Log, at: TopicPartition, pool: str, clock: Clock) -> None:
        """Write to `at`, the pool's partition of `routing-config`."""
        self._log = log
        self._at = at
        self.pool = pool
        self._clock = clock
        self._history: dict[str, list[Revision]] = {}
        self._revisions = Revisions()
        self.said: dict[str, dict[str, Any]] = {}
        """By kind and name what the documents say that are there, as plain data."""
        self.read_to = 0
        """The next offset of `routing-config` to be seen."""
        self._moved = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._writing = asyncio.Lock()
        self._writer: LogWriter | None = None

    def see(self, fact: Fact) -> None:
        """Fold a record of `routing-config` that was read: all of them, from the first on."""
        self.read_to = fact.offset + 1
        envelope = fact.envelope
        event = envelope.data if envelope else None
        if envelope and isinstance(event, Document) and self._revisions.admit(event):
            revision = Revision(event, envelope.time, envelope.id)
            self._history.setdefault(event.document_id, []).append(revision)
            kind, _, name = event.document_id.partition(":")
            of_kind = self.said.setdefault(kind, {})
            of_kind.pop(name, None)
            if revision.live:
                of_kind[name] = msgspec.to_builtins(event)
        self._moved.set()
        self._moved = asyncio.Event()

    def caught_up(self) -> None:
        """Say that all that was there at the start has been read."""
        self._caught_up.set()

    def last(self, document_id: str) -> Revision | None:
        """Return the last valid revision, also where it says that the document is deleted."""
        history = self._history.get(document_id)
        return history[-1] if history else None

    def history(self, document_id: str) -> Sequence[Revision]:
        """Return all valid revisions of the document, the first one first."""
        return self._history.get(document_id, ())

    def all(self, kind: type[Document]) -> list[Revision]:
        """Return the last valid revision of every document of the kind, by document id."""
        lasts = (self._history[document_id][-1] for document_id in sorted(self._history))
        return [last for last in lasts if isinstance(last.document, kind)]

    def get(self, kind: type[D], document_id: str) -> D | None:
        """Return the valid document, or None where it is not there or was deleted."""
        last = self.last(document_id)
        found = last.document if last and last.live else None
        return found if isinstance(found, kind) else None

    async def change(self, document_id: str, order: Order, cause: str) -> Revision:
        """Make what `order` wants the next valid revision and return it as it counts.

        `order` is asked again whenever somebody else's revision came first. Its document's
        `revision` is not looked at. A document that says nothing new is not written. Once it was
        read back `order` is asked whether it still allows it: of two orders at two replicas that do
        not go together, whoever reads the other's takes its own back.

        Raises:
            OrderUnconfirmed: it was not read back in time.
        """
        try:
            async with asyncio.timeout(LIMIT_S), self._writing:
                await self._caught_up.wait()
                return await self._change(document_id, order, cause)
        except TimeoutError as error:
            raise OrderUnconfirmed(f"{document_id}: not read back") from error

    async def close(self) -> None:
        """Let go of the log."""
        if self._writer is not None:
            await self._writer.close()

    async def _change(self, document_id: str, order: Order, cause: str) -> Revision:
        while True:
            last = self.last(document_id)
            wanted = order(last)
            if last is not None and says(last.document) == says(wanted):
                return last
            revision = last.document.revision if last else 0
            envelope = self._envelope(msgspec.structs.replace(wanted, revision=revision + 1), cause)
            await self._read(await self._append(envelope))
            # Others may have written after it: look whether ours counted, not who is last.
            written = self._history[document_id][revision]
            if written.event_id != envelope.id:
                continue
            try:
                order(last)
            except Exception:  # whatever forbids it: what was ordered elsewhere came first
                await self._take_back(written, last)
                raise
            return written

    async def _take_back(self, written: Revision, before: Revision | None) -> None:
        """Say again what the document said before, if nobody has said otherwise since."""
        ours = written.document
        if self.last(ours.document_id) is written:
            said = before.document if before else msgspec.structs.replace(ours, deleted=True)
            head = {"revision": ours.revision + 1, "changed_by": ours.changed_by}
            back = self._envelope(msgspec.structs.replace(said, **head), written.event_id)
            await self._read(await self._append(back))

    async def _append(self, envelope: Envelope) -> int:
        """Write the document; return the offset to be read. A doubtful write is written again.

        Both may land: of two with the same revision only the first counts.
        """
        entry = entry_of(envelope)
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
        while self.read_to <= offset:
            await self._moved.wait()

    def _envelope(self, document: Document, cause: str) -> Envelope:
        said = msgspec.json.encode(document).decode()
        return Envelope(
            id=derived_id("order", self.pool, document.document_id, cause, said),
            source=SOURCE,
            subject=document.document_id,
            time=self._clock.now(),
            pool=self.pool,
            stream=document.document_id,
            sequence=document.revision,
            causationid=cause,
            data=document,
        )


def says(document: Document) -> Document:
    """Return what the document says, whoever said it, in whatever revision."""
    return msgspec.structs.replace(document, revision=0, changed_by="")
