"""A process that outlives a killed supervisor just long enough to end what it had started.

The supervisor holds the only writing end of the guardian's standard input, so the guardian wakes
in the moment in which the supervisor is gone, however it went. It then does what the next run
would have done with left-over processes. `python -m deploy.local.guardian FOLDER PID STARTED_AT`
"""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.pidfiles import Identity, end_left_overs
from deploy.local.state import REPOSITORY


def start_guardian(run_folder: Path, owner: Identity) -> subprocess.Popen[bytes]:
    """Start the guardian of `owner`, in a session of its own; close its stdin to end it."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "deploy.local.guardian"),
            *(str(run_folder), str(owner.pid), repr(owner.started_at)),
        ],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(arguments: list[str]) -> None:
    """Wait for the end of the supervisor, then end the processes that it left."""
    folder, pid, started_at = arguments
    while os.read(0, 1024):
        pass
    for _ in end_left_overs(Path(folder), owner=Identity(int(pid), float(started_at))):
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
