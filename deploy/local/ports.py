"""Who listens on a port that we need."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class PortNeed:
    """A port that a part of the system will listen on, and the setting that moves it."""

    part: str
    port: int
    setting: str


class PortTaken(Exception):
    """A port is held by a process that is not ours; nothing was started or stopped."""

    def __init__(self, need: PortNeed, holder: str | None) -> None:
        """Say which part needs the port and, where the system tells, who holds it."""
        who = f"by {holder}" if holder else "by a process that this user may not see"
        super().__init__(
            f"port {need.port} ({need.part}) is taken {who}; "
            f"end that process, or give another port: {need.setting}=..."
        )
        self.need = need
        self.holder = holder


def check_free(needs: Iterable[PortNeed], host: str = "127.0.0.1") -> None:
    """Check that nobody listens on the ports.

    Raises:
        PortTaken: somebody does; the first such port is named.
    """
    for need in needs:
        if not is_free(need.port, host):
            raise PortTaken(need, holder_of(need.port))


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a listener could be opened; connections that are closing do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def holder_of(port: int) -> str | None:
    """Return "pid 123 (command)" of the process that listens, or None if we may not know."""
    try:
        listening = psutil.net_connections(kind="tcp")
    except (psutil.AccessDenied, PermissionError):
        return None
    for one in listening:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            return f"pid {one.pid} ({_command(one.pid)})"
    return None


def _command(pid: int) -> str:
    """Return the command line of a process, shortened to fit a message."""
    try:
        process = psutil.Process(pid)
        words = " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return "unknown"
    return words if len(words) <= 80 else words[:77] + "..."
