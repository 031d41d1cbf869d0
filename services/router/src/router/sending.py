"""The writer of decisions and claims: one batch at a time, and another writer after any doubt."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contact_runtime.log import Entry, Log, LogError, LogWriter, TopicPartition

PAUSE_S: Final = 0.05

log = logging.getLogger(__name__)


class OddOffset(LogError):
    """A batch was acknowledged at an offset that was read before: it is not this batch."""

    code = "log-odd-offset"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A batch to be appended. Its offset cannot be below `after`, which was read already."""

    entries: Sequence[Entry]
    after: int


class Sender:
    """Appends what it is given to the pool's partition of `routed`.

    It tells `done` when a batch was acknowledged, which does not mean that it counts, and
    `failed` when a batch may have landed, may not, or may land later. By then the writer that
    failed is dropped and another one is ready.
    """

    def __init__(
        self,
        to: Log,
        at: TopicPartition,
        *,
        done: Callable[[], None],
        failed: Callable[[LogError], None],
    ) -> None:
        """Append to `at`."""
        self._log = to
        self._at = at
        self._done = done
        self._failed = failed
        self.writer: LogWriter | None = None
        self._outgoing: Outgoing | None = None
        self._wake = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Tell whether another batch may be given."""
        return self._outgoing is None

    def send(self, outgoing: Outgoing) -> None:
        """Append the batch as soon as may be; only when `idle`."""
        assert self.idle, "one batch at a time"
        self._outgoing = outgoing
        self._wake.set()

    async def run(self) -> None:
        """Append what is given, for ever. A writer stands ready from the beginning."""
        self.writer = await self._open()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                assert self._outgoing is not None
                await self._send(self.writer, self._outgoing)
        finally:
            with contextlib.suppress(LogError):
                await self.writer.close()

    async def _send(self, writer: LogWriter, outgoing: Outgoing) -> None:
        try:
            await self._append(writer, outgoing)
        except LogError as error:
            log.warning("a batch may not have landed", extra={"why": str(error)})
            await writer.close()
            self.writer = await self._open()
            self._outgoing = None
            self._failed(error)
        else:
            self._outgoing = None
            self._done()

    async def _append(self, writer: LogWriter, outgoing: Outgoing) -> None:
        offset = await writer.append(self._at, outgoing.entries)
        if offset < outgoing.after:
            raise OddOffset(f"{self._at}: {offset}, below {outgoing.after}")

    async def _open(self) -> LogWriter:
        while True:
            try:
                return await self._log.writer()
            except LogError:
                await asyncio.sleep(PAUSE_S)
