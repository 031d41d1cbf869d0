"""Waiting for what a test needs to see."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.02


async def until(
    what: str, condition: Callable[[], T | Awaitable[T]], *, limit_s: float = 10.0
) -> T:
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
