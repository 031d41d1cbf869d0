"""The records of a pool, read again in the order in which its leaders folded them.

`routed` leads: before each record that counts, inputs are read exactly to where it wants them.
Each topic has a reader of its own, so that no more is held in memory than one read of each.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from contact_events.routing import Decision
from contact_events.topics import ROUTED
from contact_runtime.log import Log, LogError, LogReader, Record, TopicPartition
from router.codec import fact_of
from router.domain.decide import MOST_DECISIONS
from router.domain.state import INPUTS, Fact
from router.replay import Replay, same_batch

MOST_RECORDS: Final = 2_000
READ_LIMIT_S: Final = 0.5
SILENCE_LIMIT_S: Final = 30.0
"""Machine seconds without a record that is known to be there."""


class PastSilent(LogError):
    """The log did not give a record that it had told of. Try again."""

    code = "past-silent"


class _Tail:
    """One partition from a position on, up to the end that it had at the start."""

    def __init__(self, reader: LogReader, pool: str, position: int, end: int) -> None:
        self._reader = reader
        self._pool = pool
        self._records: deque[Record] = deque()
        self.position = position
        self.end = end

    async def peek(self) -> Fact | None:
        """Return the next record, which stays; None at the end."""
        if self.position >= self.end:
            return None
        if not self._records:
            await self._read()
        return fact_of(self._records[0], self._pool)[0]

    def drop(self) -> None:
        """Go on behind the record that was peeked at."""
        self.position = self._records.popleft().offset + 1

    async def close(self) -> None:
        await self._reader.close()

    async def _read(self) -> None:
        silent_s = 0.0
        while not self._records:
            if silent_s > SILENCE_LIMIT_S:
                raise PastSilent(f"nothing at {self.position}, below the end {self.end}")
            self._records.extend(
                await self._reader.read(max_records=MOST_RECORDS, timeout_s=READ_LIMIT_S)
            )
            silent_s += READ_LIMIT_S


class Past:
    """Takes a replay along the log, from where it stands to the log's end as it is now."""

    def __init__(self, replay: Replay, tails: Mapping[str, _Tail]) -> None:
        """See `Past.open`."""
        self.replay = replay
        self._tails = tails

    @classmethod
    async def open(cls, log: Log, partition: int, replay: Replay, routed: int = 0) -> "Past":
        """Read on from the state's positions, and from `routed` of the topic of that name.

        Raises:
            LogError: the log does not answer, or the records are no longer there.
        """
        starts = {**{name: replay.state.positions[name] for name in INPUTS}, ROUTED.name: routed}
        ends = await log.ends(starts)

        async def tail(topic: str) -> _Tail:
            at = TopicPartition(topic, partition)
            reader = await log.reader({at: starts[topic]})
            return _Tail(reader, replay.state.pool, starts[topic], ends[at])

        tails = await asyncio.gather(*(tail(topic) for topic in starts))
        return cls(replay, dict(zip(starts, tails, strict=True)))

    async def close(self) -> None:
        """Let go of the log."""
        await asyncio.gather(*(tail.close() for tail in self._tails.values()))

    @property
    def routed(self) -> int:
        """Return the next offset of `routed`."""
        return self._tails[ROUTED.name].position

    async def go(self, until: Callable[[Fact], bool]) -> Fact | None:
        """Fold on; return the first record of `routed` at which to stop, before it is folded.

        None at the end of the log.
        """
        routed = self._tails[ROUTED.name]
        while (fact := await routed.peek()) is not None:
            if until(fact):
                return fact
            await self.reach(self.replay.wants(fact))
            self.replay.take(fact)
            routed.drop()
        return None

    async def reach(self, positions: Mapping[str, int]) -> None:
        """Fold the inputs up to these positions, where they were not folded yet."""
        for topic in INPUTS:
            await self._fold(topic, positions.get(topic, 0), lambda fact: False)

    async def reach_while(
        self, positions: Mapping[str, int], holds: Callable[[Fact], bool]
    ) -> None:
        """Fold the inputs up to these positions, of each topic as long as `holds` says so."""
        for topic in INPUTS:
            await self._fold(topic, positions.get(topic, 0), lambda fact: not holds(fact))

    def input_ends(self) -> dict[str, int]:
        """Return the end that each input topic had when reading began."""
        return {topic: self._tails[topic].end for topic in INPUTS}

    async def _fold(self, topic: str, end: int, stops: Callable[[Fact], bool]) -> None:
        tail = self._tails[topic]
        while tail.position < end and (fact := await tail.peek()) is not None:
            if stops(fact):
                return
            self.replay.read(fact)
            tail.drop()


async def begin_of_batch(log: Log, at: TopicPartition, pool: str, offset: int) -> int:
    """Return where the batch begins that reaches over `offset`; `offset` if none does."""
    first = max(0, offset - MOST_DECISIONS)
    reader = await log.reader({at: first})
    found: list[Record] = []
    try:
        while len(found) <= offset - first and (records := await reader.read(timeout_s=1.0)):
            found += records
    finally:
        await reader.close()
    events = {r.offset: e.data for r in found if (e := fact_of(r, pool)[0].envelope)}
    here = events.get(offset)
    while isinstance(here, Decision):
        before = events.get(offset - 1)
        if not isinstance(before, Decision) or not same_batch(before, here):
            break
        offset -= 1
    return offset
