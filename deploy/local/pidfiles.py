"""Which processes are ours: a file for each, believed only while pid and start time agree."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

START_TIME_ERROR_S = 0.05
PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: its pid may be given to another one later, pid and start time may not."""

    pid: int
    started_at: float

    def alive(self) -> bool:
        """Tell whether this very process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < START_TIME_ERROR_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True, slots=True)
class PidFile:
    """What is known of one process of ours; `order` counts up as processes are started."""

    name: str
    process: Identity
    owner: Identity
    order: int
    stop_signal: int = signal.SIGTERM

    def write(self, folder: Path) -> None:
        """Put the file in place in one step, so that nobody reads half of it."""
        draft = folder / f".{self.name}.new"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(folder / f"{self.name}.json")


def identity_of(pid: int) -> Identity | None:
    """Return the identity of a running process, or None if it is gone."""
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def own_identity() -> Identity:
    """Return the identity of this process."""
    return Identity(os.getpid(), psutil.Process().create_time())


def read_pid_file(folder: Path, name: str) -> PidFile | None:
    """Return what the file says, or None if there is no readable one."""
    try:
        content = json.loads((folder / f"{name}.json").read_text())
        content["process"] = Identity(**content["process"])
        content["owner"] = Identity(**content["owner"])
        return PidFile(**content)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def remove_pid_file(folder: Path, name: str) -> None:
    """Forget a process; nothing happens if it was not known."""
    (folder / f"{name}.json").unlink(missing_ok=True)


def pid_files(folder: Path) -> list[PidFile]:
    """Return all readable pid files, the process started last first."""
    found = (read_pid_file(folder, path.stem) for path in folder.glob("*.json"))
    return sorted((one for one in found if one), key=lambda one: one.order, reverse=True)


def end_left_overs(
    folder: Path, *, owner: Identity | None = None, limit_s: float = 10.0
) -> Iterator[PidFile]:
    """End the processes of a run whose supervisor is gone, and yield each that was ended.

    A process that has ended by itself is only forgotten. With `owner`, those of other runs
    are left alone.
    """
    for known in pid_files(folder):
        if owner is not None and known.owner != owner:
            continue
        if known.process.alive():
            end(known, limit_s=limit_s)
            yield known
        remove_pid_file(folder, known.name)


def end(known: PidFile, *, limit_s: float) -> None:
    """End a process by its own stop signal, and kill it if it is still there after the limit."""
    _send(known.process, known.stop_signal)
    if not gone_within(known.process, limit_s):
        _send(known.process, signal.SIGKILL)
        gone_within(known.process, limit_s)


def gone_within(process: Identity, limit_s: float) -> bool:
    """Wait for a process that is not our child; tell whether it is gone."""
    ends = time.monotonic() + limit_s
    while process.alive():
        if time.monotonic() > ends:
            return False
        time.sleep(PAUSE_S)
    return True


def _send(process: Identity, number: int) -> None:
    """Signal a process if it is still the one we mean."""
    with contextlib.suppress(ProcessLookupError):
        if process.alive():
            os.kill(process.pid, number)
