"""Commits of other processes, heard by PostgreSQL's LISTEN/NOTIFY.

A notice may be lost with its connection: who waits must also look by itself now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_runtime.database import in_our_words
from contact_runtime.errors import Transient
from contact_runtime.sql import CHANNEL
from contact_runtime.unit import RowWrite
from contact_runtime.wakeups import Signals

MOST_BYTES = 7_500
"""Of a notice; PostgreSQL takes 8,000."""

RECONNECT_S = 1.0

log = logging.getLogger(__name__)


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a commit wrote: rows (None: too many to name), earliest due time by kind, events."""

    by: str
    rows: tuple[tuple[str, str], ...] | None = None
    due: dict[str, datetime] = {}
    events: bool = False


_DECODER = msgspec.json.Decoder(Notice)


def notice(by: str, rows: Sequence[RowWrite], events: bool) -> str:
    """Return the notice of one commit by the process `by`."""
    due: dict[str, datetime] = {}
    for row in rows:
        if row.due_at is not None:
            due[row.kind] = min(row.due_at, due.get(row.kind, row.due_at))
    names = tuple((row.kind, row.key) for row in rows)
    said = msgspec.json.encode(Notice(by, names, due, events))
    if len(said) > MOST_BYTES:
        said = msgspec.json.encode(Notice(by, None, due, events))
    return said.decode()


class Listener:
    """Passes other processes' commits on to this process's signals; reconnects by itself."""

    def __init__(self, engine: AsyncEngine, signals: Signals, name: str) -> None:
        self._engine = engine
        self._signals = signals
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen from now on."""
        self._task = asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        """Listen no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            try:
                with in_our_words():
                    await self._listen()
            except Transient as lost:
                log.info("not listening", extra={"why": str(lost)})
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            lost = asyncio.Event()
            driver.add_termination_listener(lambda _: lost.set())
            await driver.add_listener(CHANNEL, self._heard)
            # whatever was committed before the listening began
            self._signals.rows(None)
            self._signals.committed.ring()
            try:
                await lost.wait()
            finally:
                await connection.invalidate()

    def _heard(self, _driver: object, _pid: int, _channel: str, payload: object) -> None:
        heard = _DECODER.decode(str(payload))
        if heard.by == self._name:
            return
        self._signals.rows(heard.rows)
        for kind, at in heard.due.items():
            self._signals.due(kind, at)
        if heard.events:
            self._signals.committed.ring()
