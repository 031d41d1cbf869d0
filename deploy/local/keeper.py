"""One process kept running: started, watched, started again when it dies, given up in the end."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.pidfiles import Identity, PidFile, identity_of, remove_pid_file
from deploy.local.processes import ProcessSpec, end_process, how_it_ended, last_lines, spawn
from deploy.local.state import StateFolder
from deploy.local.voice import Voice

READY_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class RestartRules:
    """When a dead process is started again; a life under `quick_s` is a quick death.

    One that was never ready is given up soon: its settings are wrong. One that served already may
    die for want of a part that is itself being started again, and gets more patience.
    """

    quick_s: float = 10.0
    most_quick_deaths: int = 3
    most_once_ready: int = 10
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0

    def pause_s(self, quick_deaths: int) -> float:
        """Return the pause before the next start: doubled after each quick death in a row."""
        doubled = self.first_pause_s * 2.0 ** max(0, quick_deaths - 1)
        return min(self.longest_pause_s, doubled)


class GaveUp(Exception):
    """A process died too often in a row; the message ends with what it printed last."""

    def __init__(self, name: str, deaths: int, how: str, printed: str) -> None:
        """Name the process and how it ended the last time."""
        super().__init__(f"{name} ended {deaths} times in a row, the last time: {how}\n{printed}")
        self.name = name


class NotReady(Exception):
    """A process runs but was not ready in time; the message ends with what it printed last."""

    def __init__(self, name: str, limit_s: float, printed: str) -> None:
        """Name the process and the limit."""
        super().__init__(f"{name} was not ready within {limit_s:g} s\n{printed}")
        self.name = name


@dataclass(slots=True)
class Keeper:
    """Keeps one process alive until it is told to stop or the process is given up."""

    spec: ProcessSpec
    state: StateFolder
    voice: Voice
    rules: RestartRules
    owner: Identity
    next_order: Callable[[], int]
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    _was_ready: bool = False
    _forced: bool = False
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> asyncio.Task[None]:
        """Start keeping; the task ends without error only after `stop`.

        The task is never cancelled, so no process can slip away between its start and its record.
        """
        self.task = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        return self.task

    async def until_ready(self) -> None:
        """Wait until the process says that it is ready.

        Raises:
            NotReady: it did not within its limit.
            GaveUp: it died too often.
        """
        assert self.task is not None
        asking = asyncio.create_task(self._ask_until_ready())
        try:
            await asyncio.wait(
                {asking, self.task},
                timeout=self.spec.ready_limit_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self.task.done():
                await self.task
            elif asking.done():
                await asking
                self._was_ready = True
            else:
                raise NotReady(self.spec.name, self.spec.ready_limit_s, self._printed())
        finally:
            asking.cancel()

    async def stop(self) -> None:
        """End the process by its stop signal and wait for it; by force after its limit."""
        self._stopping.set()
        if self._forced:
            self.force()
        if self.task is not None:
            with contextlib.suppress(GaveUp, OSError):
                await asyncio.shield(self.task)

    def force(self) -> None:
        """End the process by force: now if it is being stopped, else as soon as it shall stop."""
        self._forced = True
        if self._stopping.is_set() and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()

    async def _keep(self) -> None:
        quick_deaths = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._one_life(again=quick_deaths > 0)
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - began
            quick_deaths = quick_deaths + 1 if lived_s < self.rules.quick_s else 1
            how = how_it_ended(code)
            rules = self.rules
            most = rules.most_once_ready if self._was_ready else rules.most_quick_deaths
            if quick_deaths >= most:
                raise GaveUp(self.spec.name, quick_deaths, how, self._printed())
            await self._pause(how, lived_s, rules.pause_s(quick_deaths))

    async def _one_life(self, *, again: bool) -> int:
        """Start the process and return its exit code when it has ended, asked or not."""
        self.process = await spawn(self.spec, self._log)
        self._record(self.process.pid)
        telling = asyncio.create_task(self._tell_when_ready()) if again else None
        ended = asyncio.create_task(self.process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await end_process(self.process, self.spec)
        for task in (stopping, telling):
            if task is not None:
                task.cancel()
        code = await ended
        remove_pid_file(self.state.run, self.spec.name)
        self.process = None
        return code

    async def _pause(self, how: str, lived_s: float, pause_s: float) -> None:
        self.voice.say(
            f"! {self.spec.name} ended after {lived_s:.1f} s: {how}; again in {pause_s:.1f} s"
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause_s)

    async def _ask_until_ready(self) -> None:
        while not await self._is_ready():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(READY_PAUSE_S)

    async def _is_ready(self) -> bool:
        return self.process is not None and (self.spec.ready is None or await self.spec.ready())

    async def _tell_when_ready(self) -> None:
        began = time.monotonic()
        await self._ask_until_ready()
        self.voice.say(f"! {self.spec.name} is back, ready {time.monotonic() - began:.1f} s later")

    def _record(self, pid: int) -> None:
        process = identity_of(pid)
        if process is not None:  # gone already: there is nothing to end later
            known = PidFile(
                self.spec.name, process, self.owner, self.next_order(), self.spec.stop_signal
            )
            known.write(self.state.run)

    @property
    def _log(self) -> Path:
        return self.state.logs / f"{self.spec.name}.log"

    def _printed(self) -> str:
        return f"  {self._log} ends with:\n{last_lines(self._log)}"
