"""Boards that watch the centre live: one fold for all of them, and what each must be sent."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from contact_events.envelope import Decoded, Undecodable, decode
from contact_events.intake import Intake
from contact_runtime.clock import BusinessClock
from contact_runtime.log import Log, LogReader, Record, TopicPartition
from reporting.domain.live import LiveBoard
from reporting.domain.views import View, comparable, difference, view_of

FRAME_S = 0.2
QUIET_FRAME_S = 1.0
"""Machine seconds between two frames while things change, and while nothing does."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event: its name, the log position it shows, its JSON."""

    event: str
    position: str
    data: str


class Boards:
    """Folds the log for the live board, and hands each watcher a snapshot and then changes.

    Every process follows the log by itself, from its beginning, so that any replica can serve
    boards and none slows the projection down.
    """

    def __init__(self, clock: BusinessClock, board: LiveBoard) -> None:
        """Start with `board`, which nobody else changes."""
        self.board = board
        self._clock = clock
        self._intake = Intake()
        self._positions: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._unheard_s = 0.0
        self._changes = 0
        self._views: dict[str | None, tuple[tuple[int, int], View]] = {}
        self._news = asyncio.Condition()

    async def follow(self, source: Log, topics: list[str], stop: asyncio.Event) -> None:
        """Fold the topics from their beginning until told to stop."""
        self._ends = await source.ends(topics)
        reader = await source.reader(await source.starts(topics))
        try:
            while not stop.is_set():
                await self._turn(reader)
        finally:
            await reader.close()

    async def _turn(self, reader: LogReader) -> None:
        records = await reader.read(max_records=2_000, timeout_s=QUIET_FRAME_S)
        self._unheard_s = reader.unheard_s()
        for record in records:
            self.take(record)
        if records:
            self._changes += 1
            async with self._news:
                self._news.notify_all()
        await asyncio.sleep(0)

    def take(self, record: Record) -> None:
        """Fold one record; what counts twice, is void or cannot be read changes nothing."""
        self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        try:
            decoded = decode(record.value)
        except Undecodable:
            return  # the projection's reader sets it aside and says so
        if isinstance(decoded, Decoded) and self._intake.takes(record.topic, decoded.envelope):
            self.board.take(decoded.envelope)

    def caught_up(self) -> bool:
        """Tell whether all that was on the log at the start has been folded."""
        return all(self._positions.get(tp, 0) >= end for tp, end in self._ends.items())

    def position(self) -> str:
        """Return the log position that the board shows: next offset of each partition."""
        parts = sorted(self._positions.items())
        return " ".join(f"{tp.topic}/{tp.partition}@{offset}" for tp, offset in parts)

    async def frames(self, client: str | None) -> AsyncIterator[Frame]:
        """Yield a snapshot and then what changed, as `client` may see it; None sees everything."""
        seen = self._view(client)
        yield self._frame("snapshot", seen)
        while True:
            await self._next()
            view = self._view(client)
            if comparable(seen, view):
                yield self._frame("change", {} if view is seen else difference(seen, view))
            else:
                yield self._frame("snapshot", view)
            seen = view

    async def _next(self) -> None:
        """Wait for the next frame: at most five a second, at least one."""
        before = self._changes
        await asyncio.sleep(FRAME_S)
        if self._changes == before:
            try:
                async with asyncio.timeout(QUIET_FRAME_S - FRAME_S), self._news:
                    await self._news.wait()
            except TimeoutError:
                return  # nothing changed: the frame only says that the figures are of now

    def _view(self, client: str | None) -> View:
        """Return the view; computed once for all watchers of the same part.

        Time passes for it also while no record comes, once all that there was is folded.
        """
        now = (self._changes, int(time.monotonic() / QUIET_FRAME_S))
        known, view = self._views.get(client, (None, {}))
        if known != now:
            if self.caught_up():
                self.board.pass_time(self._clock.now())
            view = view_of(self.board, client)
            self._views[client] = (now, view)
        return view

    def _frame(self, event: str, part: View) -> Frame:
        head = {
            "at": self._clock.now().isoformat(),
            "scale": self._clock.scale,
            "lag_s": round(self._unheard_s, 3),
        }
        data = msgspec.json.encode({**head, **part}).decode()
        return Frame(event, self.position(), data)
