"""One child process: how it is started, known, read and ended."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from deploy.local.state import REPOSITORY

LOG_LINES_SHOWN = 12
LOG_BYTES_KEPT = 64 * 1024 * 1024
LOG_BYTES_READ = 16 * 1024

Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What the supervisor keeps running; `ready` is asked until it says yes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    ready_limit_s: float = 30.0
    stop_limit_s: float = 15.0
    stop_signal: signal.Signals = signal.SIGTERM
    user: int | None = None


async def spawn(spec: ProcessSpec, log: Path) -> asyncio.subprocess.Process:
    """Start the process in a session of its own, so that a Ctrl-C at the terminal is ours alone.

    Standard input is empty; what it prints is appended to `log`, which starts anew when too long.
    """
    with _open_log(log) as output:
        return await asyncio.create_subprocess_exec(
            *spec.command,
            cwd=REPOSITORY,
            env={**os.environ, **spec.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=spec.user,
        )


def _open_log(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".log.old"))
    return log.open("ab")


async def end_process(process: asyncio.subprocess.Process, spec: ProcessSpec) -> None:
    """End the process by its stop signal, and its whole group by force after the limit."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(spec.stop_signal)
    try:
        await asyncio.wait_for(process.wait(), spec.stop_limit_s)
    except TimeoutError:
        pass
    finally:
        # also what the process started itself, and also if we are told to hurry
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def how_it_ended(code: int) -> str:
    """Return the end of a process in words: "exit code 3" or "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> str:
    """Return the last lines of a log, indented; empty if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - LOG_BYTES_READ))
        text = lines.read().decode(errors="replace")
    return "".join(f"    | {line}\n" for line in text.splitlines()[-count:])
