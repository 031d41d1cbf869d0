"""`make run` in a place of its own: a state folder and ports that nobody else uses.

    run = await place.run(SIM="0")
    await run.until_said("Up.")
    place.kill("router")

A fixture gives the `Place` and calls `end` afterwards, which stops every run, whatever happened.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.addresses import Addresses
from deploy.local.jars import jars_folder
from deploy.local.kafka import free_ports
from deploy.local.pidfiles import read_pid_file
from deploy.local.settings import LocalSettings, read_settings
from deploy.local.state import StateFolder
from tests.support.wait import until

WHOLE_SYSTEM = "deploy.local"
STOP_LIMIT_S = 60.0


@dataclass
class Run:
    """One run in its own process."""

    process: asyncio.subprocess.Process
    output: Path

    @property
    def printed(self) -> str:
        """Return all that the run said."""
        return self.output.read_text()

    def said(self, words: str) -> bool:
        """Tell whether the run said these words."""
        return words in self.printed

    async def until_said(self, words: str, *, limit_s: float = 20.0) -> None:
        """Wait until the run says these words; a run that ended says no more."""

        def told() -> bool:
            if not self.said(words) and self.process.returncode is not None:
                raise AssertionError(f"the run ended without {words!r}:\n{self.printed}")
            return self.said(words)

        try:
            await until(f"{words!r} from the run", told, limit_s=limit_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it said:\n{self.printed}") from None

    async def ended(self) -> int:
        """Wait for the end and return the exit code."""
        return await asyncio.wait_for(self.process.wait(), STOP_LIMIT_S)

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does, and return the exit code."""
        self.process.send_signal(number)
        return await self.ended()


@dataclass
class Place:
    """A state folder, ports of its own, and the runs started in it."""

    state: StateFolder
    outputs: Path
    environment: dict[str, str]
    module: str
    runs: list[Run] = field(default_factory=list)

    @property
    def settings(self) -> LocalSettings:
        """Return what runs here are told, for the addresses of the services."""
        return read_settings(self.environment)

    @property
    def addresses(self) -> Addresses:
        """Return where log and databases of runs here are."""
        return Addresses.told(self.settings)

    async def run(self, **settings: str) -> Run:
        """Start a run with these settings beside those of the place."""
        output = self.outputs / f"output-{len(self.runs)}"
        with output.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.module),
                env=self.environment | settings,
                stdout=out,
                stderr=out,
            )
        self.runs.append(Run(process, output))
        return self.runs[-1]

    def pid_of(self, name: str) -> int:
        """Return the pid of a process of the run, 0 while it does not run."""
        known = read_pid_file(self.state.run, name)
        return known.process.pid if known and known.process.alive() else 0

    def kill(self, name: str) -> int:
        """Kill a process of the run with SIGKILL; return the pid that it had."""
        pid = self.pid_of(name)
        assert pid, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    async def end(self) -> None:
        """Stop the runs that are still there; what their processes said stays with the outputs."""
        for run in self.runs:
            if run.process.returncode is None:
                await run.stop(signal.SIGTERM)
        if self.state.logs.exists():
            shutil.copytree(self.state.logs, self.outputs / "logs", dirs_exist_ok=True)
        shutil.rmtree(self.state.root, ignore_errors=True)


def new_place(folder: Path, module: str = WHOLE_SYSTEM) -> Place:
    """Return a place on free ports that says in `folder` what it prints.

    For a whole system Kafka's jars are in it.
    """
    # Not below `folder`: another pytest shuts its parents to PostgreSQL's user at any moment.
    state = StateFolder(Path(tempfile.mkdtemp(prefix="polycentre-")))
    kafka, controller, postgres, http, *_ = free_ports(23)
    environment = os.environ | {
        "POLYCENTRE_STATE": str(state.root),
        "KAFKA_PORT": str(kafka),
        "KAFKA_CONTROLLER_PORT": str(controller),
        "POSTGRES_PORT": str(postgres),
        "HTTP_PORTS_FROM": str(http),
        "OPS_PORTS_FROM": str(http + 10),
    }
    if module == WHOLE_SYSTEM:
        shutil.copytree(jars_folder(), state.kafka / "jars", copy_function=os.link)
    return Place(state, folder, environment, module)
