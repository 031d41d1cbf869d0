"""Snapshots in the log: chunks on one topic, and on another a manifest once all are there.

Half a snapshot has no manifest and so does not exist. What a manifest says is never trusted: its
chunks must be there and hash to what it says, and the log must hold the decision it was taken at.
"""

import logging
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from contact_events.routing import Decision
from contact_events.topics import ROUTED, ROUTER_SNAPSHOT_CHUNKS, ROUTER_SNAPSHOTS
from contact_runtime.log import Entry, Log, Record, TopicPartition, Unavailable
from router.codec import fact_of
from router.snapshots import Broken, Mark, hash_of, state_of

SNAPSHOT: Final = "snapshot"
QUIET_READS: Final = 100
"""Reads in a row that brought nothing, a tenth of a second each: what is to come does not."""

log = logging.getLogger(__name__)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot is of, where its chunks are (offsets from `first` to `last`), its hashes."""

    snapshot: str
    pool: str
    code_version: str
    leader_version: str
    left: bool
    positions: dict[str, int]
    chunks: int
    first: int
    last: int
    sha256: str
    standing: str

    @property
    def records(self) -> int:
        """Return how many records were folded."""
        return sum(self.positions.values())


class SnapshotStore:
    """The snapshots of a pool in the log."""

    def __init__(self, to: Log, partition: int, pool: str, code_version: str) -> None:
        """Write as `code_version`, and read only what this very code wrote."""
        self._log = to
        self._pool = pool
        self.code_version = code_version
        self._manifests = TopicPartition(ROUTER_SNAPSHOTS.name, partition)
        self._chunks = TopicPartition(ROUTER_SNAPSHOT_CHUNKS.name, partition)
        self._routed = TopicPartition(ROUTED.name, partition)

    async def write(self, mark: Mark, chunks: Sequence[bytes], standing: str) -> Manifest:
        """Write the snapshot on a producer of its own, the manifest last.

        Raises:
            LogError: the log did not take it; at most some chunks without a manifest are there.
        """
        name = secrets.token_hex(8)
        header = ((SNAPSHOT, name.encode()),)
        writer = await self._log.writer()
        try:
            places = [
                await writer.append(self._chunks, [Entry(self._pool.encode(), chunk, header)])
                for chunk in chunks
            ]
            manifest = Manifest(
                snapshot=name,
                pool=self._pool,
                code_version=self.code_version,
                leader_version=mark.leader_version,
                left=mark.left,
                positions=mark.positions,
                chunks=len(chunks),
                first=places[0],
                last=places[-1],
                sha256=hash_of(chunks),
                standing=standing,
            )
            entry = Entry(self._pool.encode(), msgspec.json.encode(manifest))
            await writer.append(self._manifests, [entry])
        finally:
            await writer.close()
        return manifest

    async def manifests(self) -> list[Manifest]:
        """Return the manifests of the pool's snapshots, whoever wrote them.

        Raises:
            LogError: the log did not answer.
        """
        tp = self._manifests
        starts, ends = await self._log.starts([tp.topic]), await self._log.ends([tp.topic])
        found = []
        async with aclosing(self._between(tp, starts[tp], ends[tp])) as records:
            async for record in records:
                try:
                    manifest = msgspec.json.decode(record.value or b"", type=Manifest)
                except msgspec.MsgspecError as error:
                    _passed_over(f"{tp.topic}/{record.offset}", f"no manifest: {error}")
                    continue
                if manifest.pool == self._pool:
                    found.append(manifest)
        return found

    async def newest(self) -> tuple[Mark | None, int]:
        """Return the newest snapshot that can be trusted, and how many newer ones were not.

        Raises:
            LogError: the log did not answer.
        """
        passed_over = 0
        for manifest in sorted(await self.manifests(), key=lambda m: m.records, reverse=True):
            try:
                return await self.load(manifest), passed_over
            except Broken as why:
                _passed_over(manifest.snapshot, str(why))
                passed_over += 1
        return None, passed_over

    async def load(self, manifest: Manifest) -> Mark:
        """Return what the snapshot holds.

        Raises:
            Broken: it is of other code, of another log, or not what its manifest says.
            LogError: the log did not answer.
        """
        if manifest.code_version != self.code_version:
            raise Broken(f"it is of code version {manifest.code_version}")
        await self._check_within(manifest)
        chunks = await self._read(manifest)
        if len(chunks) != manifest.chunks or hash_of(chunks) != manifest.sha256:
            raise Broken("its chunks are not those that its manifest counts and hashes")
        mark = Mark(
            state=state_of(chunks),
            routed=manifest.positions[ROUTED.name],
            leader_version=manifest.leader_version,
            left=manifest.left,
        )
        if mark.positions != manifest.positions or mark.state.pool != self._pool:
            raise Broken("its state is of other positions than its manifest")
        await self._check_decision(mark)
        return mark

    async def _check_within(self, manifest: Manifest) -> None:
        topics = [*manifest.positions, self._chunks.topic]
        starts, ends = await self._log.starts(topics), await self._log.ends(topics)
        wanted = {**manifest.positions, self._chunks.topic: manifest.last}
        for topic, position in wanted.items():
            tp = TopicPartition(topic, self._chunks.partition)
            if not starts[tp] <= position <= ends[tp]:
                raise Broken(f"its position {position} of {topic} is not in the log")

    async def _check_decision(self, mark: Mark) -> None:
        """See that the log holds, just before the snapshot's place, the decision it ends with."""
        leadership = mark.state.leadership
        async with aclosing(self._between(self._routed, mark.routed - 1, mark.routed)) as records:
            async for record in records:
                fact, _ = fact_of(record, self._pool)
                event = fact.envelope.data if fact.envelope else None
                if isinstance(event, Decision):
                    found = (event.epoch, event.owner, event.number)
                    if found == (leadership.epoch, leadership.owner, leadership.number):
                        return
        raise Broken("the log has another decision at its place: it is of another log")

    async def _read(self, manifest: Manifest) -> list[bytes]:
        name = manifest.snapshot.encode()
        between = self._between(self._chunks, manifest.first, manifest.last + 1)
        async with aclosing(between) as records:
            return [
                record.value or b""
                async for record in records
                if dict(record.headers).get(SNAPSHOT) == name
            ]

    async def _between(
        self, tp: TopicPartition, first: int, end: int
    ) -> AsyncGenerator[Record, None]:
        reader = await self._log.reader({tp: first})
        next_one, quiet = first, 0
        try:
            while next_one < end:
                records = await reader.read()
                quiet = 0 if records else quiet + 1
                if quiet > QUIET_READS:
                    raise Unavailable(f"{tp}: nothing comes from {next_one} on")
                for record in records:
                    next_one = record.offset + 1
                    if record.offset < end:
                        yield record
        finally:
            await reader.close()


def _passed_over(snapshot: str, why: str) -> None:
    log.warning("snapshot passed over", extra={"snapshot": snapshot, "why": why})
