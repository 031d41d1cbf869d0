"""The start of a whole system, in order: log, databases, tables, clock, services, callers."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def together(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Carry out all parts at once; when one fails, end the others and raise its failure."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def start_system(*_: Any) -> None:
    pass
