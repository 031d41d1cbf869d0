"""A cold start: the newest snapshot that can be trusted, then the tail of the log."""

import asyncio
import logging
from typing import Final

from contact_events.topics import ROUTED, ROUTING_CONFIG
from contact_runtime.catalogue import ROUTER_SNAPSHOTS
from contact_runtime.log import Log, LogError, LogReader, TopicPartition, Unavailable
from contact_runtime.metrics import Metrics
from router import heartbeats
from router.domain.state import INPUTS
from router.replica import Replica
from router.snapshot_store import SnapshotStore

PAUSE_S: Final = 0.2
"""Machine seconds before a log that did not answer at the start is asked again."""

TOPICS: Final = (*INPUTS, ROUTED.name)

log = logging.getLogger(__name__)


class Resuming:
    """Brings a new replica to where it begins to read."""

    def __init__(
        self, to: Log, partition: int, replica: Replica, store: SnapshotStore, metrics: Metrics
    ) -> None:
        """Begin with what is in `store`; it is asked only once."""
        self._log = to
        self._partition = partition
        self._replica = replica
        self._store = store
        self._metrics = metrics
        self._asked = False

    async def open(self) -> tuple[LogReader, dict[str, int]]:
        """Return a reader from where the replica stands, and the ends of its topics by now.

        Documents are read from the beginning, since people may ask for their history; what lies
        before the replica's position is not for it. Of heartbeats only new ones are of use.
        """
        while True:
            try:
                await self._resume()
                return await self._open()
            except Unavailable as error:
                log.warning("cannot read the log yet", extra={"why": str(error)})
                await asyncio.sleep(PAUSE_S)

    async def _open(self) -> tuple[LogReader, dict[str, int]]:
        beats = heartbeats.place(self._partition)
        found = await self._log.ends((*TOPICS, heartbeats.TOPIC))
        ends = {topic: found[self._at(topic)] for topic in TOPICS}
        positions = {self._at(topic): self._replica.read_to[topic] for topic in TOPICS}
        positions |= {self._at(ROUTING_CONFIG.name): 0, beats: found[beats]}
        return await self._log.reader(positions, ahead=False), ends

    async def _resume(self) -> None:
        if self._asked:
            return
        try:
            mark, passed_over = await self._store.newest()
        except Unavailable:
            raise
        except LogError as error:
            log.warning("snapshots cannot be read", extra={"why": str(error)})
            mark, passed_over = None, 1
        self._asked = True
        self._metrics.add(ROUTER_SNAPSHOTS, "passed_over", amount=passed_over)
        if mark is None:
            log.info("folds the log from its beginning")
            return
        self._replica.resume(mark)
        self._metrics.add(ROUTER_SNAPSHOTS, "resumed")
        log.info("goes on from a snapshot", extra={"records": mark.records})

    def _at(self, topic: str) -> TopicPartition:
        return TopicPartition(topic, self._partition)
