"""Answers that take long: begun once, waited for a while, fetched later.

A job's id says what is asked, so any replica can be asked for it: who does not work on it begins.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

RESULTS_KEPT: Final = 20

Work = Callable[[], Awaitable[Any]]


class Jobs:
    """The answers of this process by job id: those being worked out, and the last ones."""

    def __init__(self, patience_s: float) -> None:
        """Wait `patience_s` machine seconds for an answer before it becomes a job."""
        self._patience_s = patience_s
        self._tasks: OrderedDict[str, asyncio.Future[Any]] = OrderedDict()

    async def answer(self, job_id: str, work: Work) -> Any | None:
        """Return the answer, begun now if nobody has; None if it is not there in time.

        Whatever the work raises is raised, once: asked again, it is tried again.
        """
        task = self._tasks.get(job_id)
        if task is None:
            task = self._tasks[job_id] = asyncio.ensure_future(work())
            task.add_done_callback(_looked_at)
            self._forget()
        await asyncio.wait({task}, timeout=self._patience_s)
        if not task.done():
            return None
        if task.cancelled() or task.exception() is not None:
            self._tasks.pop(job_id, None)
        else:
            self._tasks.move_to_end(job_id)
        return task.result()

    def forget(self, job_id: str) -> None:
        """Work it out anew when it is asked for again: the log may hold more by then."""
        self._tasks.pop(job_id, None)

    async def close(self) -> None:
        """Give up what is being worked out."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _forget(self) -> None:
        done = [job_id for job_id, task in self._tasks.items() if task.done()]
        for job_id in done[: max(0, len(self._tasks) - RESULTS_KEPT)]:
            del self._tasks[job_id]


def _looked_at(task: asyncio.Future[Any]) -> None:
    """Take note of a failure: nobody may ask for the answer any more."""
    if not task.cancelled():
        task.exception()
