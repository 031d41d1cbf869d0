"""`make run`: a whole system on this machine, from nothing to a day of calls on the board."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.local.guardian import start_guardian
from deploy.local.keeper import GaveUp, NotReady
from deploy.local.lock import AlreadyRunning, Lock
from deploy.local.pidfiles import end_left_overs
from deploy.local.ports import PortTaken, check_free
from deploy.local.settings import LocalSettings, Unusable, read_settings
from deploy.local.state import StateFolder, state_folder
from deploy.local.supervisor import StepFailed, Supervisor
from deploy.local.voice import Voice

Start = Callable[[LocalSettings, StateFolder, Supervisor, Voice], Awaitable[None]]

REFUSALS = (AlreadyRunning, PortTaken, Unusable)
FAILURES = (StepFailed, NotReady, GaveUp, OSError)


@dataclass(slots=True)
class Run:
    """One run: started, watched, and stopped whatever happens."""

    settings: LocalSettings
    state: StateFolder
    voice: Voice
    supervisor: Supervisor
    start: Start

    async def until_stopped(self) -> int:
        """Return the exit code: 0 after a stop that was asked for, 1 after a failure."""
        stopped = self._listen_for_signals()
        working = asyncio.create_task(self._work())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        code = 0
        try:
            if working.done():
                await working
            self.voice.say("stopping ...")
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        except FAILURES as failure:
            self.voice.say(f"\n{failure}\n")
            code = 1
        finally:
            await self.supervisor.stop_all()
        self.voice.say("stopped; `make run` goes on from here, `make run FRESH=1` starts anew")
        return code

    async def _work(self) -> None:
        await self.start(self.settings, self.state, self.supervisor, self.voice)
        await self.supervisor.until_broken()

    def _listen_for_signals(self) -> asyncio.Event:
        stopped = asyncio.Event()

        def ask() -> None:
            if stopped.is_set():
                self.voice.say("stopping by force ...")
                self.supervisor.hurry()
            stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ask)
        return stopped


def prepare_folder(settings: LocalSettings, state: StateFolder, voice: Voice) -> None:
    """Clean up after a run that crashed, see that the ports are free, forget history if asked.

    Raises:
        PortTaken: by somebody else's process, which is left alone.
    """
    for known in end_left_overs(state.run):
        voice.say(f"ended a left-over process of a run that crashed: {known.name}")
    check_free(settings.needs(), settings.host)
    if settings.fresh:
        state.forget_history()


def main(start: Start) -> int:
    """Run until stopped; refuse in one line what cannot be started."""
    voice = Voice()
    state = StateFolder(state_folder())
    state.make()
    with contextlib.ExitStack() as held:
        try:
            settings = read_settings(os.environ)
            lock = Lock(state)
            held.callback(lock.release)
            prepare_folder(settings, state, voice)
        except REFUSALS as refusal:
            voice.say(str(refusal))
            return 2
        supervisor = Supervisor(state, voice)
        guardian = start_guardian(state.run, supervisor.owner)
        held.callback(guardian.communicate)
        return asyncio.run(Run(settings, state, voice, supervisor, start).until_stopped())
