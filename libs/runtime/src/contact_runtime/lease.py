"""A short lease in the database: of several replicas one runs consumers, timers and relay.

Machine time only. A holder stops by itself before the lease can pass to another, by its own
monotonic clock; that a stopped process may wake too late is what positions are checked for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from contact_runtime.catalogue import LEASE_HELD
from contact_runtime.errors import LeaseLost, Transient
from contact_runtime.metrics import Metrics

TTL_S = 5.0
"""For how long a lease lives without being renewed; so long a killed holder's work rests."""

RENEWED_IN = 5
"""Renewals in the life of one lease."""

ASK_EVERY_S = 0.5
MARGIN = 0.2
"""Share of a lease's life that its holder does not use: it stops first."""

log = logging.getLogger(__name__)

Led = Callable[[asyncio.Event], Awaitable[None]]
"""Work under a lease: runs until the event is set."""


class Leases(Protocol):
    """What keeps leases: any store."""

    async def take_lease(self, name: str, owner: str, ttl_s: float) -> bool:
        """Return whether `owner` now holds the lease `name` for `ttl_s` seconds."""
        ...

    async def drop_lease(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` holds it."""
        ...


@asynccontextmanager
async def lease(leases: Leases, name: str, *, ttl_s: float = TTL_S) -> AsyncIterator[None]:
    """Wait for the lease, then hold it while the block runs; the block is cancelled if it is lost.

    Raises:
        LeaseLost: it could not be renewed in time, or another holds it. The block has ended.
    """
    owner = _owner()
    while True:
        until = await _ask(leases, name, owner, ttl_s)
        if until is not None:
            break
        await asyncio.sleep(_pause_s(ttl_s))
    async with _held(leases, name, owner, ttl_s, until):
        yield


def _owner() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def _pause_s(ttl_s: float) -> float:
    return min(ASK_EVERY_S, ttl_s / RENEWED_IN)


async def _ask(leases: Leases, name: str, owner: str, ttl_s: float) -> float | None:
    """Return until when, by the loop's clock, the lease may be used; None if it was not got."""
    asked = asyncio.get_running_loop().time()
    with suppress(Transient):
        if await leases.take_lease(name, owner, ttl_s):
            return asked + ttl_s * (1 - MARGIN)
    return None


@asynccontextmanager
async def _held(
    leases: Leases, name: str, owner: str, ttl_s: float, until: float
) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(until) as limit:
            renewing = asyncio.create_task(_renew(leases, name, owner, ttl_s, limit))
            try:
                yield
            finally:
                await _end(renewing)
    except TimeoutError as late:
        if not limit.expired():
            raise
        raise LeaseLost(f"the lease {name} was not renewed in time") from late
    finally:
        # so that the next one need not wait; if the database is away the lease just runs out
        with suppress(Transient):
            await leases.drop_lease(name, owner)


async def _renew(
    leases: Leases, name: str, owner: str, ttl_s: float, limit: asyncio.Timeout
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(ttl_s / RENEWED_IN)
        asked = loop.time()
        try:
            held = await leases.take_lease(name, owner, ttl_s)
        except Transient as why:
            log.warning("lease not renewed", extra={"lease": name, "why": str(why)})
            continue
        if limit.expired():
            return
        limit.reschedule(asked + ttl_s * (1 - MARGIN) if held else asked)
        if not held:
            return


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


async def lead(
    leases: Leases,
    name: str,
    work: Sequence[Led],
    *,
    stop: asyncio.Event,
    metrics: Metrics | None = None,
    ttl_s: float = TTL_S,
) -> None:
    """Run `work` side by side whenever the lease is held, until `stop` is set.

    A lost lease cancels the work and waits for the lease again. Work that ends by itself before
    `stop` ends all of it with its error.
    """
    metrics = metrics or Metrics()
    owner = _owner()
    while not stop.is_set():
        metrics.set(LEASE_HELD, name, to=0)
        until = await _ask(leases, name, owner, ttl_s)
        if until is None:
            await _set_within(stop, _pause_s(ttl_s))
            continue
        try:
            async with _held(leases, name, owner, ttl_s, until):
                metrics.set(LEASE_HELD, name, to=1)
                await _all(work, stop)
        except LeaseLost as lost:
            log.warning("lease lost", extra={"lease": name, "why": str(lost)})
    metrics.set(LEASE_HELD, name, to=0)


async def _all(work: Sequence[Led], stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for led in work:
            group.create_task(_led(led, stop))


async def _led(led: Led, stop: asyncio.Event) -> None:
    await led(stop)
    if not stop.is_set():
        raise RuntimeError(f"{led!r} ended by itself")


async def _set_within(event: asyncio.Event, limit_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
