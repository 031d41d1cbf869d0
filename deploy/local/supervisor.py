"""All processes of a local system: started in order, kept running, stopped in reverse order."""

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

from deploy.local.keeper import Keeper, RestartRules
from deploy.local.pidfiles import (
    Identity,
    PidFile,
    identity_of,
    own_identity,
    remove_pid_file,
)
from deploy.local.processes import ProcessSpec, end_process, how_it_ended, last_lines, spawn
from deploy.local.state import StateFolder
from deploy.local.voice import Voice


class StepFailed(Exception):
    """A step that must succeed before the next process is started did not."""


@dataclass(slots=True)
class Supervisor:
    """Starts processes one after the other and keeps those that serve."""

    state: StateFolder
    voice: Voice
    rules: RestartRules = field(default_factory=RestartRules)
    owner: Identity = field(default_factory=own_identity)
    _keepers: list[Keeper] = field(default_factory=list)
    _orders: "itertools.count[int]" = field(default_factory=itertools.count)
    _hurried: bool = False

    async def start(self, spec: ProcessSpec) -> None:
        """Start a process, keep it running from now on, and return when it is ready.

        Raises:
            NotReady: it was not ready in time; it still runs and is stopped with the others.
            GaveUp: it died too often in a row.
        """
        keeper = Keeper(
            *(spec, self.state, self.voice, self.rules, self.owner),
            next_order=lambda: next(self._orders),
        )
        self._keepers.append(keeper)
        keeper.begin()
        async with self.voice.step(spec.name, "starting", "ready"):
            await keeper.until_ready()

    async def carry_out(self, spec: ProcessSpec, doing: str, *, limit_s: float) -> None:
        """Run a process to its end.

        Raises:
            StepFailed: it failed or took longer than `limit_s`; it no longer runs.
        """
        log = self.state.logs / f"{spec.name}.log"
        async with self.voice.step(spec.name, doing, "done"):
            how = await self._run_to_its_end(spec, log, limit_s)
            if how is not None:
                raise StepFailed(f"{spec.name}: {doing}: {how}\n{last_lines(log)}")

    async def _run_to_its_end(self, spec: ProcessSpec, log: Path, limit_s: float) -> str | None:
        """Return None if the process did what it had to, else how it ended."""
        starting = asyncio.create_task(spawn(spec, log))
        try:
            process = await asyncio.shield(starting)
            self._record(spec, process.pid)
            code = await asyncio.wait_for(process.wait(), limit_s)
            return how_it_ended(code) if code else None
        except TimeoutError:
            return f"took longer than {limit_s:g} s"
        finally:
            await end_process(await starting, spec)
            remove_pid_file(self.state.run, spec.name)

    async def until_broken(self) -> Never:
        """Wait until a process is given up.

        Raises:
            GaveUp: the first process that died too often in a row.
        """
        tasks = {keeper.task for keeper in self._keepers if keeper.task is not None}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        raise AssertionError("a kept process was stopped by nobody")

    async def stop_all(self) -> None:
        """Stop every process, the last one first; each is gone before the next is asked."""
        while self._keepers:
            await self._keepers[-1].stop(by_force=self._hurried)
            self._keepers.pop()

    def hurry(self) -> None:
        """End by force what was asked to stop, and from now on ask nobody kindly."""
        self._hurried = True
        for keeper in self._keepers:
            keeper.kill()

    def _record(self, spec: ProcessSpec, pid: int) -> None:
        process = identity_of(pid)
        if process is not None:
            known = PidFile(spec.name, process, self.owner, next(self._orders), spec.stop_signal)
            known.write(self.state.run)
