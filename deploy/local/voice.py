"""What the local tools say to the person at the terminal."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TextIO

STILL_AT_IT_S = 5.0


@dataclass(slots=True)
class Voice:
    """Prints one line a step, with the time it took; long steps say that they go on."""

    out: TextIO = field(default_factory=lambda: sys.stdout)

    def say(self, text: str) -> None:
        """Print a line at once; a reader that has gone away is no reason to fail."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            print(text, file=self.out, flush=True)

    @contextlib.asynccontextmanager
    async def step(self, name: str, doing: str, done: str) -> AsyncIterator[None]:
        """Report a step: that it goes on (after 5, 10, 20 s, ..), then how long it took."""
        began = time.monotonic()
        telling = asyncio.create_task(self._still_at_it(name, doing, began))
        try:
            yield
        finally:
            telling.cancel()
        self.say(f"  {name:<12} {done} ({time.monotonic() - began:.1f} s)")

    async def _still_at_it(self, name: str, doing: str, began: float) -> None:
        pause_s = STILL_AT_IT_S
        while True:
            await asyncio.sleep(pause_s)
            self.say(f"  {name:<12} {doing} ... {time.monotonic() - began:.0f} s")
            pause_s = time.monotonic() - began  # after 5, 10, 20, 40 s: alive, not a nuisance
