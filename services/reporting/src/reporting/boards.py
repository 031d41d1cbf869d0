"""Boards that watch the centre live: one fold for all of them, and what each must be sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from contact_events.envelope import Decoded, Envelope, Undecodable, decode
from contact_events.intake import Intake
from contact_events.topics import ROUTED
from contact_runtime.clock import BusinessClock
from contact_runtime.log import Log, LogReader, Record, TopicPartition
from reporting.channels import Channel, Head
from reporting.domain.ages import Truth
from reporting.domain.live import LiveBoard
from reporting.domain.views import Moment, view_of

FRAME_S = 0.2
QUIET_FRAME_S = 1.0
"""Machine seconds between two frames while things change, and while nothing does."""

READ_AT_ONCE = 1_000
"""Records folded before others have their turn; who has a full read is behind the log."""


class Boards:
    """Folds the log for the live board, and hands each watcher a snapshot and then changes.

    Every process follows the log by itself, so that any replica can serve boards and none slows
    the projection down. All who see the same share one channel.
    """

    def __init__(self, clock: BusinessClock, board: LiveBoard) -> None:
        """Start with `board`, which nobody else changes."""
        self.board = board
        self._clock = clock
        self._intake = Intake()
        self._truth = Truth()
        self._positions: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._changed = asyncio.Event()
        self._channels: dict[str | None, Channel] = {}

    async def follow(self, source: Log, topics: list[str], stop: asyncio.Event) -> None:
        """Fold the topics from their beginning, and show it, until told to stop."""
        self._ends = await source.ends(topics)
        reader = await source.reader(await source.starts(topics))
        showing = asyncio.create_task(self._show())
        try:
            while not stop.is_set():
                await self._turn(reader, topics)
        finally:
            showing.cancel()
            await reader.close()

    async def _turn(self, reader: LogReader, topics: Iterable[str]) -> None:
        records = await reader.read(max_records=READ_AT_ONCE, timeout_s=QUIET_FRAME_S)
        behind, now = len(records) == READ_AT_ONCE, time.time()
        for record in records:
            written_at = record.timestamp_ms / 1_000 if behind else now
            self.take(record, written_at)
            if behind:
                self._truth.folded(record.topic, written_at)
        if not behind:
            self._truth.level({topic: now - reader.unheard_s(topic) for topic in topics})
        if records:
            self._changed.set()
        await asyncio.sleep(0)

    def take(self, record: Record, written_at: float = 0.0) -> None:
        """Fold one record; what counts twice, is void or cannot be read changes nothing."""
        self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        try:
            decoded = decode(record.value)
        except Undecodable:
            return  # the projection's reader sets it aside and says so
        if isinstance(decoded, Decoded) and self._intake.takes(record.topic, decoded.envelope):
            self._fold(decoded.envelope, record.topic, written_at)

    def _fold(self, envelope: Envelope, topic: str, written_at: float) -> None:
        self.board.take(envelope)
        if topic == ROUTED.name:
            self._truth.decided(envelope.pool, written_at)

    def caught_up(self) -> bool:
        """Tell whether all that was on the log at the start has been folded."""
        return all(self._positions.get(tp, 0) >= end for tp, end in self._ends.items())

    def position(self) -> dict[str, int]:
        """Return the log position that the board shows: next offset of each partition."""
        parts = sorted(self._positions.items())
        return {f"{tp.topic}/{tp.partition}": offset for tp, offset in parts}

    def frames(self, client: str | None, last_id: str | None = None) -> AsyncIterator[bytes]:
        """Yield what `client` is to be sent that has seen the frame `last_id`; None sees all."""
        channel = self._channels.get(client)
        if channel is None:
            channel = Channel(self._head(), view_of(self.board, client))
            self._channels[client] = channel
        return channel.frames(last_id)

    async def _show(self) -> None:
        """Make a frame for every channel: at most five a second, at least one."""
        while True:
            await asyncio.sleep(FRAME_S)
            try:
                async with asyncio.timeout(QUIET_FRAME_S - FRAME_S):
                    await self._changed.wait()
            except TimeoutError:
                pass  # nothing changed: the frame only says that the figures are of now
            self._changed.clear()
            await self._frame()

    async def _frame(self) -> None:
        """Show the board as it is; what every view needs is worked out once for all of them."""
        now = asyncio.get_running_loop().time()
        self._channels = {of: at for of, at in self._channels.items() if not at.idle(now)}
        if self.caught_up():
            self.board.pass_time(self._clock.now())
        if not self._channels:
            return  # nobody watches
        head, moment = self._head(), Moment.of(self.board)
        for client, channel in list(self._channels.items()):
            channel.show(head, view_of(self.board, client, moment))

    def _head(self) -> Head:
        return Head(
            at=self._clock.now().isoformat(),
            scale=self._clock.scale,
            ages_s=self._truth.ages(time.time(), self.board.said_of()),
            position=self.position(),
        )
