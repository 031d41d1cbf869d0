"""What the routers last said of their queues, for whoever tells callers or draws boards.

Read from the compacted topic `queue-state` by every replica for itself; nobody asks a router. A
hint decides nothing: where there is none, or the log is away, there is simply nothing to tell.
"""

import asyncio
import logging
from typing import Final

from contact_events.envelope import Decoded, Undecodable, decode
from contact_events.hints import QueueState
from contact_events.topics import QUEUE_STATE
from contact_runtime.log import Log, LogError, LogReader, Record

READ_LIMIT_S: Final = 1.0
"""Machine seconds that a read waits for a record: how soon `run` hears that it is to stop."""

PAUSE_S: Final = 1.0
"""Machine seconds before a log that did not answer is asked again."""

logger = logging.getLogger(__name__)


class QueueHints:
    """The last hint of each queue, by pool."""

    def __init__(self, log: Log) -> None:
        """Know of no queue yet; `run` follows the topic."""
        self._log = log
        self._hints: dict[tuple[str, str], tuple[int, QueueState]] = {}

    def get(self, pool: str, queue_id: str) -> QueueState | None:
        """Return what was last said of the queue; None where nothing was."""
        found = self._hints.get((pool, queue_id))
        return found[1] if found else None

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the topic from its beginning until `stop` is set, through any loss of the log."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except LogError as error:
                logger.warning("hints of queues cannot be read", extra={"why": str(error)})
                await asyncio.sleep(PAUSE_S)

    async def _follow(self, stop: asyncio.Event) -> None:
        ends = await self._log.ends([QUEUE_STATE.name])
        reader: LogReader = await self._log.reader(dict.fromkeys(ends, 0))
        try:
            while not stop.is_set():
                for record in await reader.read(timeout_s=READ_LIMIT_S):
                    self.take(record)
        finally:
            await reader.close()

    def take(self, record: Record) -> None:
        """Take one record: the newest of a queue counts, what is no hint is passed over."""
        try:
            decoded = decode(record.value)
        except Undecodable:
            return
        if not isinstance(decoded, Decoded) or not isinstance(decoded.envelope.data, QueueState):
            return
        envelope, hint = decoded.envelope, decoded.envelope.data
        key = (envelope.pool, hint.queue_id)
        if envelope.sequence > self._hints.get(key, (0, hint))[0]:
            self._hints[key] = (envelope.sequence, hint)
