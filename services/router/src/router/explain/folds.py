"""Folding the log to a past moment: in threads of its own, so many at once, and no more."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from contact_events.envelope import Envelope
from contact_events.partitions import partition_of
from contact_events.topics import ROUTED
from contact_runtime.catalogue import EXPLAIN_FOLD_SECONDS, EXPLAIN_FOLDS
from contact_runtime.errors import Transient
from contact_runtime.log import Log, LogError, TopicPartition
from contact_runtime.metrics import Metrics
from router.domain.state import Fact, State
from router.past import Past, begin_of_batch
from router.replay import Replay
from router.snapshot_store import SnapshotStore
from router.snapshots import Broken
from router.version import code_version

T = TypeVar("T")

SNAPSHOT_BEYOND: Final = 20_000
"""Records of `routed` to fold, from which on it is worth looking for a snapshot."""

APART_AT_LEAST: Final = 1_000
"""A state is kept only if it lies so many records of `routed` beyond the one it was folded from."""


class FoldsBusy(Transient):
    """So many answers are being worked out that another one would have to wait too long."""


class LogAway(Transient):
    """The log does not answer, or not all of it."""


class NotInTheLog(Exception):
    """The log holds no such decision at that place. The index is of another log: build it anew."""

    code = "decision-not-in-the-log"


@dataclass(frozen=True, slots=True)
class Folded:
    """A state at a place of `routed`, and the version of the code that led there."""

    state: State
    routed: int
    code_version: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, the state in which it was made, and that in which its turn began."""

    decision: Envelope
    state: State
    turn: State
    code_version: str


class Kept:
    """States of the past to go on from, the least used forgotten first. Of no use to anybody else.

    A state that was given is never changed: who goes on from it copies it.
    """

    def __init__(self, most: int) -> None:
        """Keep at most so many."""
        self._most = most
        self._states: OrderedDict[tuple[str, int], Folded] = OrderedDict()
        self._lock = threading.Lock()

    def nearest(self, pool: str, routed: int) -> Folded:
        """Return the state furthest on that is not beyond `routed`; the empty one if none is."""
        with self._lock:
            found = max(
                (at for at in self._states if at[0] == pool and at[1] <= routed), default=None
            )
            if found is None:
                return Folded(State(pool), 0)
            self._states.move_to_end(found)
            return self._states[found]

    def keep(self, folded: Folded) -> None:
        """Keep a state that nobody will change."""
        with self._lock:
            self._states[folded.state.pool, folded.routed] = folded
            while len(self._states) > self._most:
                self._states.popitem(last=False)


class Folds:
    """Answers questions about the past: each in a thread with an event loop of its own."""

    def __init__(
        self,
        log: Log,
        partitions: int,
        metrics: Metrics,
        *,
        at_once: int,
        waiting: int,
        kept: int,
        snapshot_beyond: int = SNAPSHOT_BEYOND,
        apart_at_least: int = APART_AT_LEAST,
    ) -> None:
        """Fold at most `at_once` and let at most `waiting` more wait; keep so many states."""
        self._apart_at_least = apart_at_least
        self._snapshot_beyond = snapshot_beyond
        self._log = log
        self._partitions = partitions
        self._metrics = metrics
        self._most = at_once + waiting
        self._asked = 0
        self._threads = ThreadPoolExecutor(at_once, "fold")
        self._kept = Kept(kept)
        self._closing = threading.Event()

    async def run(self, what: str, fold: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `fold` returns, run in a thread.

        Raises:
            FoldsBusy: too many are asked for already.
            LogAway: the log does not answer.
        """
        if self._asked >= self._most:
            raise FoldsBusy(f"{self._asked} answers are being worked out")
        self._asked += 1
        self._metrics.set(EXPLAIN_FOLDS, to=float(self._asked))
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await loop.run_in_executor(self._threads, asyncio.run, _in_our_words(fold))
        finally:
            self._asked -= 1
            self._metrics.set(EXPLAIN_FOLDS, to=float(self._asked))
            self._metrics.observe(EXPLAIN_FOLD_SECONDS, what, value=loop.time() - began)

    def close(self) -> None:
        """Stop what is being folded, and fold nothing more."""
        self._closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def decided(self, pool: str, offset: int) -> Decided:
        """Return the decision at `offset` of `routed`, and the states in which it was made.

        Raises:
            NotInTheLog: no valid decision stands there.
        """
        at = TopicPartition(ROUTED.name, partition_of(pool, self._partitions))
        begin = await begin_of_batch(self._log, at, pool, offset)
        async with self._past(pool, begin) as past:
            first = await past.go(lambda fact: self._checked(fact.offset >= begin))
            await past.reach(past.replay.wants(first) if first else {})
            turn = past.replay.state.copy()
            fact = await past.go(lambda fact: self._checked(fact.offset >= offset))
            if fact is None or fact.envelope is None or not past.replay.wants(fact):
                raise NotInTheLog(f"no valid decision of pool {pool} stands at {offset}")
            return Decided(fact.envelope, past.replay.state, turn, past.replay.code_version)

    async def at(self, pool: str, at: datetime, hint: int) -> Folded:
        """Return the state as the leader had it at `at`; `hint`: of an offset not beyond that.

        Folded are all claims and decisions made at or before `at`, then what stood on the input
        topics by then, as far as the next decision took it into account.
        """
        async with self._past(pool, hint) as past:
            following = await past.go(
                lambda fact: self._checked(_is_after(fact, at) and past.replay.counts(fact))
            )
            wanted = past.replay.wants(following) if following else {}
            ends: Mapping[str, int] = wanted or past.input_ends()
            await past.reach_while(ends, lambda fact: not _is_after(fact, at))
            return Folded(past.replay.state, past.routed, past.replay.code_version)

    @asynccontextmanager
    async def _past(self, pool: str, offset: int) -> AsyncIterator[Past]:
        """Take a replay from the nearest state that is kept to before `offset` of `routed`."""
        partition = partition_of(pool, self._partitions)
        begin = await self._begin(pool, partition, offset)
        replay = Replay(begin.state.copy(), begin.code_version)
        past = await Past.open(self._log, partition, replay, begin.routed)
        try:
            await past.go(lambda fact: self._checked(fact.offset >= offset))
            if past.routed >= begin.routed + self._apart_at_least:
                self._kept.keep(Folded(replay.state.copy(), past.routed, replay.code_version))
            yield past
        finally:
            await past.close()

    async def _begin(self, pool: str, partition: int, offset: int) -> Folded:
        """Return the state nearest before `offset`: of those kept, or of a router's snapshot."""
        kept = self._kept.nearest(pool, offset)
        if offset - kept.routed < self._snapshot_beyond:
            return kept
        store = SnapshotStore(self._log, partition, pool, code_version())
        found = [
            manifest
            for manifest in await store.manifests()
            if kept.routed < manifest.positions[ROUTED.name] <= offset
        ]
        for manifest in sorted(found, key=lambda each: each.records, reverse=True):
            try:
                mark = await store.load(manifest)
            except Broken:
                continue  # of other code, or of another log: the next one may do
            begin = Folded(mark.state, mark.routed, mark.leader_version)
            self._kept.keep(begin)
            return begin
        return kept

    def _checked(self, stop: bool) -> bool:
        """Return `stop` as it is.

        Raises:
            LogAway: this process is about to end.
        """
        if self._closing.is_set():
            raise LogAway("this process is about to end")
        return stop


async def _in_our_words(fold: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return await fold()
    except LogError as error:
        raise LogAway(str(error)) from error


def _is_after(fact: Fact, at: datetime) -> bool:
    return fact.envelope is not None and fact.envelope.time > at
