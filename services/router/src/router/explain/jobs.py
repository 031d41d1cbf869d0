"""Answers that take long: begun once, waited for a while, fetched later.

A job's id says what is asked, so any replica can be asked for it: who does not work on it begins.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sized
from typing import Final, Generic, TypeVar

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all answers that are kept to be fetched; the last one is kept however large it is."""

A = TypeVar("A", bound=Sized)


class Jobs(Generic[A]):
    """The answers of this process by job id: those being worked out, and the last ones."""

    def __init__(self, patience_s: float, most_bytes: int = MOST_BYTES) -> None:
        """Wait `patience_s` machine seconds for an answer before it becomes a job."""
        self._patience_s = patience_s
        self._most_bytes = most_bytes
        self._tasks: OrderedDict[str, asyncio.Future[A]] = OrderedDict()

    async def answer(self, job_id: str, work: Callable[[], Awaitable[A]]) -> A | None:
        """Return the answer, begun now if nobody has; None if it is not there in time.

        Whatever the work raises is raised, once: asked again, it is tried again.
        """
        task = self._tasks.get(job_id)
        if task is None:
            task = self._tasks[job_id] = asyncio.ensure_future(work())
            task.add_done_callback(self._done)
        await asyncio.wait({task}, timeout=self._patience_s)
        if not task.done():
            return None
        if task.cancelled() or task.exception() is not None:
            self._tasks.pop(job_id, None)
        return task.result()

    def forget(self, job_id: str) -> None:
        """Work it out anew when it is asked for again: the log may hold more by then."""
        self._tasks.pop(job_id, None)

    async def close(self) -> None:
        """Give up what is being worked out."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _done(self, task: asyncio.Future[A]) -> None:
        """Forget the oldest answers where all together are too large, and failures nobody saw."""
        if not task.cancelled():
            task.exception()  # so that a failure which nobody asks for any more is no news
        left = self._most_bytes
        for job_id, each in reversed(list(self._tasks.items())):
            if each.done():
                failed = each.cancelled() or each.exception() is not None
                left -= 0 if failed else len(each.result())
                if left < 0 and each is not task:
                    del self._tasks[job_id]
