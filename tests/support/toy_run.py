"""`make run` with two toy processes, for tests that press Ctrl-C or kill.

TOY=slow makes the second toy never ready.
"""

import os
import sys

from deploy.local.processes import ProcessSpec
from deploy.local.run import main
from deploy.local.settings import LocalSettings
from deploy.local.state import StateFolder
from deploy.local.supervisor import Supervisor
from deploy.local.voice import Voice

SERVES = "import signal; print('serving', flush=True); signal.pause()"


async def _never() -> bool:
    return False


async def start_toys(
    settings: LocalSettings, state: StateFolder, supervisor: Supervisor, voice: Voice
) -> None:
    """Start a broker that is ready at once and a router that may never be."""
    command = (sys.executable, "-c", SERVES)
    await supervisor.start(ProcessSpec("broker", command))
    slow = os.environ.get("TOY") == "slow"
    await supervisor.start(ProcessSpec("router", command, ready=_never if slow else None))
    voice.say("all is up")


if __name__ == "__main__":
    sys.exit(main(start_toys))
