"""Wake-ups after a commit: for the relay, for timers, for those who watch one row."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, TypeVar

S = TypeVar("S")


class Bell:
    """Rings for everybody who waits; `count` tells how often it rang, so that no ring is missed."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.count += 1
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    async def after(self, count: int, timeout_s: float) -> int:
        """Return the count once it is above `count`, or as it is after `timeout_s` seconds."""
        if self.count == count:
            await _set_within(self._next, timeout_s)
        return self.count


class Alarm:
    """Hears due times as they are written; wakes only for one earlier than the next known."""

    def __init__(self) -> None:
        self._earliest: datetime | None = None
        self._heard = asyncio.Event()

    def announce(self, due: datetime) -> None:
        """Tell that a row now wants a tick at `due`."""
        if self._earliest is None or due < self._earliest:
            self._earliest = due
            self._heard.set()

    def forget(self) -> None:
        """Forget what was heard; called before looking into the rows."""
        self._earliest = None
        self._heard.clear()

    async def earlier_than(self, due: datetime | None) -> None:
        """Return once a time before `due` (None: any time) was heard since `forget`."""
        while self._earliest is None or (due is not None and self._earliest >= due):
            self._heard.clear()
            await self._heard.wait()


class Watch(Generic[S]):
    """Follows one row within a `with` block: `next` gives its newest state after each writing."""

    def __init__(
        self, peek: Callable[[], Awaitable[S]], enter: Callable[[Watch[S], bool], None]
    ) -> None:
        self._peek = peek
        self._enter = enter
        self._touched = asyncio.Event()
        self._state: S | None = None

    def __enter__(self) -> Watch[S]:
        self._enter(self, True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enter(self, False)

    async def peek(self) -> S:
        """Return the committed state, asked for together with those of other watched rows."""
        return await self._peek()

    def touch(self, state: S | None) -> None:
        """Tell that the row was written; None when another process did and only it knows what."""
        self._state = state
        self._touched.set()

    async def next(self, timeout_s: float) -> S | None:
        """Return the newest state once the row was written, or None after `timeout_s` seconds."""
        if not await _set_within(self._touched, timeout_s):
            return None
        self._touched.clear()
        return self._state if self._state is not None else await self._peek()


class Signals:
    """Who in this process waits for what: tells them of commits, here and elsewhere."""

    def __init__(self) -> None:
        self.committed = Bell()
        self._alarms: defaultdict[str, Alarm] = defaultdict(Alarm)
        self._watches: defaultdict[tuple[str, str], set[Watch[Any]]] = defaultdict(set)

    def alarm(self, kind: str) -> Alarm:
        """Return the alarm of one kind of rows."""
        return self._alarms[kind]

    def watch(self, kind: str, key: str, peek: Callable[[], Awaitable[S]]) -> Watch[S]:
        """Return a watch on one row."""

        def enter(watch: Watch[S], entered: bool) -> None:
            if entered:
                self._watches[kind, key].add(watch)
                return
            self._watches[kind, key].discard(watch)
            if not self._watches[kind, key]:
                del self._watches[kind, key]

        return Watch(peek, enter)

    def written(self, kind: str, key: str, state: object | None) -> None:
        """Tell those who watch the row."""
        for watch in self._watches.get((kind, key), ()):
            watch.touch(state)

    def due(self, kind: str, at: datetime) -> None:
        """Tell the timers of a due time."""
        self._alarms[kind].announce(at)

    def rows(self, rows: Iterable[tuple[str, str]] | None) -> None:
        """Tell those who watch these rows that another process wrote them; None: any row."""
        for kind, key in list(self._watches) if rows is None else rows:
            self.written(kind, key, None)


async def _set_within(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
