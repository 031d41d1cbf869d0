"""The store and the log of a process that dies at its k-th step; what it did before it stays.

The steps are its effects, each of them once before it happens and once after it, where the process
dies before it hears that it was done: commits of rows, events and positions, appends to the log,
marks of what was published. Where else it may die, in a poll, a read, or between two lines, it
leaves the same behind as at the next step.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from contact_events.topics import Topic
from contact_events.validity import Leadership
from contact_runtime.log import Entry, Record, TopicPartition
from contact_runtime.memory_log import MemoryLog, MemoryReader, MemoryWriter
from contact_runtime.memory_store import MemoryStore, MemoryUnit
from contact_runtime.rows import Kind, Outgoing
from contact_runtime.wakeups import Alarm, Bell, Watch

S = TypeVar("S")


class Died(BaseException):
    """The process is no more: nothing of it goes on, not even what catches every error."""


@dataclass
class Fate:
    """At which step a process dies, counted from when it was armed; None: at none."""

    at: int | None = None
    armed: bool = False
    steps: int = 0
    dead: bool = False

    def arm(self, at: int | None) -> None:
        """Count from now on, and die at step `at`, the first being 1."""
        self.at, self.armed = at, True

    def step(self, what: str) -> None:
        """Take one step, or die.

        Raises:
            Died: now or before.
        """
        self.go_on()
        if not self.armed:
            return
        self.steps += 1
        if self.steps == self.at:
            self.dead = True
            raise Died(what)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Take a step before an effect and one after it."""
        self.step(f"before {what}")
        yield
        self.step(f"after {what}")

    def go_on(self) -> None:
        """Do nothing, if the process lives.

        Raises:
            Died: it does not.
        """
        if self.dead:
            raise Died


class MortalStore:
    """One process's way to `store`. `torn` is how a careless one would keep positions.

    "late" commits them after the effects, "early" before; None is one transaction, as it must be.
    """

    def __init__(self, store: MemoryStore, fate: Fate, torn: str | None = None) -> None:
        self._store = store
        self._fate = fate
        self._torn = torn
        self.committed: Bell = store.committed
        self.leases: set[tuple[str, str]] = set()
        """What it holds, by name and owner."""

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[MemoryUnit]:
        self._fate.go_on()
        async with self._store.unit() as unit:
            yield unit
            progress = list(unit.progress)
            if self._torn is not None:
                unit.progress.clear()
            if self._torn == "early":
                await self._advance(progress)
            self._fate.step("before commit")
        self._fate.step("after commit")
        if self._torn == "late":
            await self._advance(progress)

    async def _advance(self, progress: Sequence[Any]) -> None:
        async with self._store.unit() as unit:
            for reader, how_far in progress:
                unit.advance(reader, how_far)

    async def peek(self, kind: Kind[S], key: str) -> S:
        self._fate.go_on()
        return await self._store.peek(kind, key)

    async def peek_many(self, kind: Kind[S], keys: Iterable[str]) -> dict[str, S]:
        self._fate.go_on()
        return await self._store.peek_many(kind, keys)

    async def page(self, kind: Kind[S], after: str, limit: int) -> dict[str, S]:
        self._fate.go_on()
        return await self._store.page(kind, after, limit)

    async def scan(self, kind: Kind[S]) -> dict[str, S]:
        self._fate.go_on()
        return await self._store.scan(kind)

    def watch(self, kind: Kind[S], key: str) -> Watch[S]:
        return self._store.watch(kind, key)

    def alarm(self, kind: Kind[Any]) -> Alarm:
        return self._store.alarm(kind)

    async def due(self, kind: Kind[Any], limit: int) -> list[tuple[datetime, str]]:
        self._fate.go_on()
        return await self._store.due(kind, limit)

    async def positions(self, reader: str) -> dict[TopicPartition, int]:
        self._fate.go_on()
        return await self._store.positions(reader)

    async def start_positions(self, reader: str, positions: Mapping[TopicPartition, int]) -> None:
        with self._fate.around("positions"):
            await self._store.start_positions(reader, positions)

    async def leaderships(self, reader: str) -> dict[str, Leadership]:
        self._fate.go_on()
        return await self._store.leaderships(reader)

    async def unpublished(self, limit: int) -> list[Outgoing]:
        self._fate.go_on()
        return await self._store.unpublished(limit)

    async def mark_published(self, ids: Sequence[int]) -> None:
        with self._fate.around("mark"):
            await self._store.mark_published(ids)

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        self._fate.go_on()
        held = await self._store.take_lease(name, owner, ttl_s)
        if held:
            self.leases.add((name, owner))
        return held

    async def drop_lease(self, name: str, owner: str) -> None:
        self._fate.go_on()
        await self._store.drop_lease(name, owner)

    async def run_leases_out(self) -> None:
        """Let so much time pass that another process may have what the dead one held."""
        for name, owner in self.leases:
            await self._store.drop_lease(name, owner)

    def listening(self) -> AbstractAsyncContextManager[None]:
        return self._store.listening()


class MortalLog:
    """One process's way to `log`."""

    def __init__(self, log: MemoryLog, fate: Fate) -> None:
        self._log = log
        self._fate = fate

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> "MortalReader":
        self._fate.go_on()
        return MortalReader(self._log, positions, self._fate)

    async def writer(self) -> "MortalWriter":
        self._fate.go_on()
        return MortalWriter(self._log, self._fate)

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        with self._fate.around("topics"):
            await self._log.ensure_topics(topics, partitions)

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        self._fate.go_on()
        return await self._log.ends(topics)

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        self._fate.go_on()
        return await self._log.starts(topics)


class MortalReader(MemoryReader):
    """Reads while the process lives."""

    def __init__(self, log: MemoryLog, positions: Mapping[TopicPartition, int], fate: Fate) -> None:
        super().__init__(log, positions)
        self._fate = fate

    async def read(self, *, max_records: int = 1000, timeout_s: float = 0.1) -> list[Record]:
        self._fate.go_on()
        records = await super().read(max_records=max_records, timeout_s=timeout_s)
        self._fate.go_on()
        return records


class MortalWriter(MemoryWriter):
    """Writes while the process lives."""

    def __init__(self, log: MemoryLog, fate: Fate) -> None:
        super().__init__(log)
        self._fate = fate

    async def append(self, tp: TopicPartition, entries: Sequence[Entry]) -> int:
        with self._fate.around(f"append to {tp.topic}"):
            return await super().append(tp, entries)
