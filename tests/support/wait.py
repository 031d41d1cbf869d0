"""Waiting for what a test needs to see."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

PAUSE_S = 0.02


@overload
async def until(
    what: str, condition: Callable[[], Awaitable[T]], *, limit_s: float = 10.0
) -> T: ...


@overload
async def until(what: str, condition: Callable[[], T], *, limit_s: float = 10.0) -> T: ...


async def until(what: str, condition: Callable[[], Any], *, limit_s: float = 10.0) -> Any:
    """Return the first true value of `condition`.

    Raises:
        TimeoutError: it stayed false for `limit_s` seconds; the message says what was waited for.
    """
    ends = time.monotonic() + limit_s
    while True:
        value = condition()
        found = await value if inspect.isawaitable(value) else value
        if found:
            return found
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {limit_s} s for {what}")
        await asyncio.sleep(PAUSE_S)
