"""All processes of a local system: started in order, kept running, stopped in reverse order."""

import asyncio
import itertools
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

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
    _stages: list[list[Keeper]] = field(default_factory=list)
    _orders: "itertools.count[int]" = field(default_factory=itertools.count)

    async def start(self, *specs: ProcessSpec) -> None:
        """Start processes side by side, keep them running from now on, return when all are ready.

        Raises:
            NotReady: one was not ready in time; all still run and are stopped with the others.
            GaveUp: one died too often in a row.
        """
        stage = [self._keeper(spec) for spec in specs]
        self._stages.append(stage)
        for keeper in stage:
            keeper.begin()
        await together(self._until_ready(keeper) for keeper in stage)

    def _keeper(self, spec: ProcessSpec) -> Keeper:
        return Keeper(
            *(spec, self.state, self.voice, self.rules, self.owner),
            next_order=lambda: next(self._orders),
        )

    async def _until_ready(self, keeper: Keeper) -> None:
        async with self.voice.step(keeper.spec.name, "starting", "ready"):
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
        keepers = (keeper for stage in self._stages for keeper in stage)
        tasks = {keeper.task for keeper in keepers if keeper.task is not None}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        raise AssertionError("a kept process was stopped by nobody")

    async def stop_all(self) -> None:
        """Stop every process, what was started last first; what was started together, together."""
        while self._stages:
            await asyncio.gather(*(keeper.stop() for keeper in self._stages[-1]))
            self._stages.pop()

    def hurry(self) -> None:
        """End by force what was asked to stop, and from now on ask nobody kindly."""
        for stage in self._stages:
            for keeper in stage:
                keeper.force()

    def _record(self, spec: ProcessSpec, pid: int) -> None:
        process = identity_of(pid)
        if process is not None:
            known = PidFile(spec.name, process, self.owner, next(self._orders), spec.stop_signal)
            known.write(self.state.run)


async def together(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Carry out all parts at once; when one fails, end the others and raise its failure."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
