"""The lock that keeps a state folder to one supervisor."""

import fcntl
import os
from pathlib import Path

from deploy.local.pidfiles import PidFile, own_identity, read_pid_file, remove_pid_file
from deploy.local.state import StateFolder

SUPERVISOR = "supervisor"


class AlreadyRunning(Exception):
    """Another supervisor uses this state folder; nothing was started or stopped."""

    def __init__(self, root: Path, pid: int | None) -> None:
        """Say who runs and how to end it."""
        who = f"pid {pid}" if pid else "a process that is just starting"
        super().__init__(
            f"a system runs already in {root} ({who}); `make stop` ends it, "
            "another folder (POLYCENTRE_STATE=...) and other ports make room for a second one"
        )
        self.pid = pid


class Lock:
    """Held by the one supervisor of a state folder; the kernel lets go of it when that dies."""

    def __init__(self, state: StateFolder) -> None:
        """Take the lock and leave word who holds it.

        Raises:
            AlreadyRunning: another living process holds it.
        """
        self._state = state
        self._file = (state.root / "supervisor.lock").open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise AlreadyRunning(state.root, running_supervisor(state)) from None
        own = own_identity()
        PidFile(SUPERVISOR, own, own, order=-1).write(state.root)

    def release(self) -> None:
        """Let the next one in."""
        remove_pid_file(self._state.root, SUPERVISOR)
        self._file.close()


def running_supervisor(state: StateFolder) -> int | None:
    """Return the pid of the supervisor that runs in this folder, or None."""
    known = read_pid_file(state.root, SUPERVISOR)
    alive = known is not None and known.process.alive() and known.process.pid != os.getpid()
    return known.process.pid if known and alive else None
