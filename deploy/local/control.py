"""A word to the system that runs in the state folder: stop, kill, audit, rebuild, replay, tail."""

import contextlib
import os
import signal
import sys
import urllib.request
from collections.abc import Sequence
from typing import NoReturn

from deploy.local.addresses import Addresses
from deploy.local.lock import SUPERVISOR, running_supervisor
from deploy.local.pidfiles import end_left_overs, gone_within, pid_files, read_pid_file
from deploy.local.settings import REPLICAS, read_settings
from deploy.local.state import StateFolder, state_folder

STOP_LIMIT_S = 120.0
ANSWER_LIMIT_S = 2.0


def stop(state: StateFolder) -> int:
    """Ask the supervisor to stop and wait for its end; return the exit code."""
    known = read_pid_file(state.root, SUPERVISOR)
    if known is None or running_supervisor(state) is None:
        left = [one.name for one in end_left_overs(state.run)]
        print(f"ended left-over processes: {', '.join(left)}" if left else "nothing runs here")
        return 0
    os.kill(known.process.pid, signal.SIGTERM)
    if gone_within(known.process, STOP_LIMIT_S):
        print("stopped")
        return 0
    print(f"pid {known.process.pid} did not stop within {STOP_LIMIT_S:g} s")
    return 1


def kill(state: StateFolder, name: str) -> int:
    """Kill one process as if it had crashed; of a service that stands by, who leads.

    Return the exit code.
    """
    if name in REPLICAS and read_pid_file(state.run, name) is None:
        name = leading(Addresses.of(state), REPLICAS[name]) or REPLICAS[name][0]
    known = read_pid_file(state.run, name)
    if known is None or not known.process.alive():
        running = ", ".join(sorted(one.name for one in pid_files(state.run)))
        print(f"no process {name!r} runs here; SERVICE= one of: {running or 'none, see make run'}")
        return 2
    os.kill(known.process.pid, signal.SIGKILL)
    print(f"killed {name} (pid {known.process.pid}); `make run` says when it is back")
    return 0


def leading(addresses: Addresses, processes: Sequence[str]) -> str | None:
    """Return which of these processes says that it leads; None if none of them does."""
    for name in processes:
        with contextlib.suppress(OSError, KeyError):
            url = f"{addresses.ops[name]}/metrics"
            with urllib.request.urlopen(url, timeout=ANSWER_LIMIT_S) as said:
                if b"router_leads 1.0" in said.read():
                    return name
    return None


def audit(state: StateFolder, more: list[str]) -> NoReturn:
    """Become the auditor of the log and of reporting's tables."""
    found = _addresses(state)
    where = ["--bootstrap", found.kafka, "--database-url", found.database("reporting")]
    _become("reporting.audit", *where, *more)


def rebuild(state: StateFolder) -> NoReturn:
    """Become the one who rebuilds reporting's tables from the log."""
    found = _addresses(state)
    where = ["--bootstrap", found.kafka, "--database-url", found.database("reporting")]
    _become("reporting.rebuild", *where)


def replay(state: StateFolder, start: str, end: str) -> NoReturn:
    """Become the one who decides the router's past again."""
    _become("router", "replay", "--bootstrap", _addresses(state).kafka, "--verify", start, end)


def tail(state: StateFolder, topic: str, more: list[str]) -> NoReturn:
    """Become the reader of a topic."""
    _become("contact_runtime.tail", "--bootstrap", _addresses(state).kafka, *more, topic)


def _addresses(state: StateFolder) -> Addresses:
    """Return where log and databases answer: those of the running system, or those named."""
    if os.environ.get("KAFKA_BOOTSTRAP"):
        return Addresses.told(read_settings(os.environ))
    if running_supervisor(state) is None:
        raise SystemExit(f"nothing runs in {state.root}: start it with `make run`")
    return Addresses.of(state)


def _become(module: str, *arguments: str) -> NoReturn:
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])


def main(arguments: list[str]) -> int:
    """Carry out one order."""
    state = StateFolder(state_folder())
    match arguments:
        case ["stop"]:
            return stop(state)
        case ["kill", name]:
            return kill(state, name)
        case ["audit", *more]:
            audit(state, more)
        case ["rebuild"]:
            rebuild(state)
        case ["replay", start, end]:
            replay(state, start, end)
        case ["tail", topic, *more]:
            tail(state, topic, more)
    words = "stop|kill NAME|audit|rebuild|replay FROM TO|tail TOPIC"
    print(f"usage: python -m deploy.local.control {words}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
