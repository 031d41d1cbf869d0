"""Timers: rows that are due by business time get their tick, many in one transaction.

Nothing is polled: the loop sleeps until the next due time, and a commit that writes an earlier one
wakes it. A look every second is for due times that another process wrote, unheard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from contact_runtime.catalogue import TIMERS_FIRED
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Kind, Store, Unit

MOST_TICKS = 200
"""Of one transaction."""

LOOK_EVERY_S = 1.0
RETRY_S = 0.2

log = logging.getLogger(__name__)


class Tick(Protocol):
    """What a service does when a row is due."""

    def __call__(self, unit: Unit, key: str, now: datetime, /) -> Awaitable[None]:
        """Carry out the tick of `key`, which is loaded and still due."""
        ...


async def run_timers(
    store: Store,
    kind: Kind[Any],
    tick: Tick,
    clock: Clock,
    *,
    stop: asyncio.Event,
    metrics: Metrics | None = None,
    look_every_s: float = LOOK_EVERY_S,
) -> None:
    """Give each due row of `kind` its tick until `stop` is set."""
    metrics = metrics or Metrics()
    alarm = store.alarm(kind)
    while not stop.is_set():
        alarm.forget()
        try:
            due = await store.due(kind, MOST_TICKS)
            now = clock.now()
            keys = sorted(key for at, key in due if at <= now)  # as everybody locks what they own
            stuck = await _tick_all(store, kind, tick, keys, now)
        except Transient as why:
            log.warning("timers not run, again", extra={"kind": kind.name, "why": str(why)})
            await asyncio.sleep(RETRY_S)
            continue
        metrics.add(TIMERS_FIRED, kind.name, amount=len(keys) - stuck)
        if stuck == len(keys):
            upcoming = min((at for at, _ in due if at > now), default=None)
            earlier = alarm.earlier_than(upcoming)
            await _first(look_every_s, stop.wait(), earlier, *_sleep(clock, upcoming))


async def _tick_all(
    store: Store, kind: Kind[Any], tick: Tick, keys: Sequence[str], now: datetime
) -> int:
    """Give each row that is still due its tick; return how many are due after it all the same."""
    if not keys:
        return 0
    stuck = 0
    async with store.unit() as unit:
        await unit.load_many(kind, keys)
        for key in keys:
            if _due(kind, await unit.load(kind, key), now):
                await tick(unit, key, now)
                stuck += _due(kind, await unit.load(kind, key), now)
    if stuck:
        log.warning("rows stay due after their tick", extra={"kind": kind.name, "rows": stuck})
    return stuck


def _due(kind: Kind[Any], state: object, now: datetime) -> bool:
    at = kind.due(state)
    return at is not None and at <= now


def _sleep(clock: Clock, upcoming: datetime | None) -> Iterator[Coroutine[Any, Any, None]]:
    if upcoming is not None:
        yield clock.sleep_until(upcoming)


async def _first(limit_s: float, *awaited: Coroutine[Any, Any, object]) -> None:
    """Return when the first of these is done, or after `limit_s`."""
    waits = [asyncio.ensure_future(one) for one in awaited]
    try:
        await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
