"""Writing snapshots beside the loop: by a follower, and by the leader if no follower did."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from contact_runtime.catalogue import ROUTER_DIVERGED, ROUTER_SNAPSHOTS
from contact_runtime.log import LogError
from contact_runtime.metrics import Metrics
from router.snapshot_store import Manifest, SnapshotStore
from router.snapshots import Mark, chunks_of
from router.standing import standing_hash

FOLLOWER_WAIT_S: Final = 1.0
"""Machine seconds, at most, until a follower writes: drawn, so that not all write at once."""

LEADER_WAIT_S: Final = 5.0
"""Machine seconds that the leader leaves to its followers before it writes itself."""

log = logging.getLogger(__name__)


class Snapshotting:
    """Writes the marks it is given, unless another replica wrote the same one.

    It compares what it would write with what others wrote at the same place of the log, whatever
    their version: `diverged` names the version with which this replica does not agree.
    """

    def __init__(
        self,
        store: SnapshotStore,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
        draw: Callable[[], float],
        leader_wait_s: float = LEADER_WAIT_S,
    ) -> None:
        """Ask `leads` whether this replica leads, and `draw` for a number from 0 to 1."""
        self.store = store
        self.diverged: str | None = None
        self._metrics = metrics
        self._leads = leads
        self._draw = draw
        self._leader_wait_s = leader_wait_s
        self._mark: Mark | None = None
        self._offered = asyncio.Event()

    def offer(self, mark: Mark) -> None:
        """Take a mark to be written; one that was not begun yet is forgotten for it."""
        self._mark = mark
        self._offered.set()

    async def run(self) -> None:
        """Write what is offered, for ever."""
        while True:
            await self._offered.wait()
            self._offered.clear()
            mark, self._mark = self._mark, None
            assert mark is not None
            follower_wait_s = FOLLOWER_WAIT_S * self._draw()
            await asyncio.sleep(self._leader_wait_s if self._leads() else follower_wait_s)
            try:
                fate = await self._keep(mark)
            except LogError as error:
                fate = "failed"
                log.warning("a snapshot was not written", extra={"why": str(error)})
            self._metrics.add(ROUTER_SNAPSHOTS, fate)

    async def _keep(self, mark: Mark) -> str:
        standing = await asyncio.to_thread(standing_hash, mark.state)
        there = [m for m in await self.store.manifests() if m.positions == mark.positions]
        for manifest in there:
            self._compare(manifest, standing)
        if any(manifest.code_version == self.store.code_version for manifest in there):
            return "there"
        chunks = await asyncio.to_thread(lambda: list(chunks_of(mark.state)))
        manifest = await self.store.write(mark, chunks, standing)
        extra = {"snapshot": manifest.snapshot, "records": manifest.records, "chunks": len(chunks)}
        log.info("snapshot written", extra=extra)
        return "written"

    def _compare(self, manifest: Manifest, standing: str) -> None:
        if manifest.standing == standing:
            return
        self.diverged = manifest.code_version
        self._metrics.add(ROUTER_DIVERGED)
        extra = {"snapshot": manifest.snapshot, "version": manifest.code_version}
        log.error("another replica folds the same log to another state", extra=extra)
