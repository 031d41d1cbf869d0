"""The supervisor keeps processes alive, says so, and knows when to give up."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from deploy.local.keeper import GaveUp, NotReady, RestartRules
from deploy.local.pidfiles import read_pid_file
from deploy.local.processes import ProcessSpec
from deploy.local.state import StateFolder
from deploy.local.supervisor import StepFailed, Supervisor
from deploy.local.voice import Voice
from tests.support.wait import until

SERVES = "import signal; print('serving', flush=True); signal.pause()"
IGNORES = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True)\nwhile True: time.sleep(60)"
)
FAST = RestartRules(quick_s=30, most_quick_deaths=3, most_once_ready=5, first_pause_s=0.01)


def toy(name: str, code: str, **more: object) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-c", code), **more)  # type: ignore[arg-type]


def printed(state: StateFolder, name: str) -> str:
    log = state.logs / f"{name}.log"
    return log.read_text() if log.exists() else ""


def pid_of(state: StateFolder, name: str) -> int:
    known = read_pid_file(state.run, name)
    return known.process.pid if known and known.process.alive() else 0


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path)
    folder.make()
    return folder


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def supervisor(state: StateFolder, said: io.StringIO) -> AsyncIterator[Supervisor]:
    one = Supervisor(state, Voice(said), FAST)
    yield one
    one.hurry()
    await one.stop_all()


async def test_a_killed_process_is_started_again_and_that_is_said(
    supervisor: Supervisor, state: StateFolder, said: io.StringIO
) -> None:
    await supervisor.start(toy("router", SERVES))
    first = await until("its pid file", lambda: pid_of(state, "router"))
    os.kill(first, signal.SIGKILL)
    await until("another pid", lambda: pid_of(state, "router") not in (0, first))
    await until("the news", lambda: "router is back" in said.getvalue())
    assert "router ended after" in said.getvalue()
    assert "killed by SIGKILL" in said.getvalue()


async def test_a_process_that_dies_again_and_again_is_given_up_loudly(
    supervisor: Supervisor, said: io.StringIO
) -> None:
    with pytest.raises(GaveUp, match="geo ended 3 times in a row") as caught:
        await supervisor.start(
            toy("geo", "print('no such table'); raise SystemExit(7)", ready=lambda: never())
        )
    assert "exit code 7" in str(caught.value)
    assert "no such table" in str(caught.value), "the person sees why, not only that"


async def never() -> bool:
    return False


async def test_a_process_given_up_after_the_start_is_reported_too(
    supervisor: Supervisor, state: StateFolder
) -> None:
    await supervisor.start(toy("ivr", SERVES))
    await supervisor.start(toy("flaky", "import time; time.sleep(0.05)"))
    with pytest.raises(GaveUp, match="flaky ended 5 times in a row"):
        await asyncio.wait_for(supervisor.until_broken(), 10)
    assert pid_of(state, "ivr"), "the others go on until they are stopped"


async def test_a_process_that_never_gets_ready_is_named_with_what_it_printed(
    supervisor: Supervisor, state: StateFolder
) -> None:
    spec = toy("ivr", SERVES, ready=never, ready_limit_s=1.0)
    with pytest.raises(NotReady, match="ivr was not ready within 1 s") as caught:
        await supervisor.start(spec)
    assert "serving" in str(caught.value)


async def test_a_start_returns_only_when_the_process_says_that_it_is_ready(
    supervisor: Supervisor, state: StateFolder
) -> None:
    async def ready() -> bool:
        return "serving" in printed(state, "router")

    await supervisor.start(toy("router", SERVES, ready=ready))
    assert "serving" in printed(state, "router")


async def test_processes_stop_in_reverse_order_and_those_started_together_together(
    supervisor: Supervisor, state: StateFolder
) -> None:
    order = state.root / "order"
    code = (
        "import signal, sys, pathlib\n"
        "def leave(*_):\n"
        f"    with pathlib.Path({str(order)!r}).open('a') as f: f.write(sys.argv[1] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave); print('serving', flush=True)\n"
        "while True: signal.pause()"
    )

    def spec(name: str) -> ProcessSpec:
        async def ready() -> bool:
            return "serving" in printed(state, name)

        return ProcessSpec(name, (sys.executable, "-c", code, name), ready=ready)

    await supervisor.start(spec("kafka"))
    await supervisor.start(spec("ivr"), spec("router"), spec("geo"))
    await supervisor.start(spec("sim"))
    await supervisor.stop_all()
    stopped = order.read_text().split()
    assert (stopped[0], set(stopped[1:4]), stopped[4]) == ("sim", {"ivr", "router", "geo"}, "kafka")
    assert not list(state.run.glob("*.json")), "no pid file outlives its process"


async def test_a_process_that_ignores_the_stop_signal_is_killed_after_its_limit(
    supervisor: Supervisor, state: StateFolder
) -> None:
    async def ready() -> bool:
        return "deaf" in printed(state, "router")

    await supervisor.start(toy("router", IGNORES, stop_limit_s=0.2, ready=ready))
    pid = pid_of(state, "router")
    assert pid
    await asyncio.wait_for(supervisor.stop_all(), 10)
    assert not psutil.pid_exists(pid)


async def test_a_second_ctrl_c_does_not_wait_for_the_limit(
    supervisor: Supervisor, state: StateFolder
) -> None:
    async def ready() -> bool:
        return "deaf" in printed(state, "router")

    await supervisor.start(toy("router", IGNORES, stop_limit_s=60, ready=ready))
    began = time.monotonic()
    stopping = asyncio.create_task(supervisor.stop_all())
    await asyncio.sleep(0)
    supervisor.hurry()
    await asyncio.wait_for(stopping, 10)
    assert time.monotonic() - began < 10


async def test_a_stop_during_the_pause_before_a_restart_starts_nothing(
    state: StateFolder, said: io.StringIO
) -> None:
    supervisor = Supervisor(state, Voice(said), RestartRules(first_pause_s=60, longest_pause_s=60))
    starting = asyncio.create_task(supervisor.start(toy("router", "exit(1)", ready=never)))
    await until("its death", lambda: "again in 60.0 s" in said.getvalue())
    await asyncio.wait_for(supervisor.stop_all(), 5)
    await asyncio.wait_for(starting, 5)
    assert pid_of(state, "router") == 0


async def test_a_step_that_fails_stops_the_start_and_shows_its_last_lines(
    supervisor: Supervisor,
) -> None:
    with pytest.raises(StepFailed, match="exit code 3") as caught:
        await supervisor.carry_out(
            toy("ivr-migrations", "print('relation exists'); raise SystemExit(3)"),
            "migrating",
            limit_s=10,
        )
    assert "relation exists" in str(caught.value)


async def test_a_step_that_takes_too_long_is_ended(
    supervisor: Supervisor, state: StateFolder
) -> None:
    with pytest.raises(StepFailed, match=r"took longer than 0\.5 s"):
        await supervisor.carry_out(toy("ivr-migrations", SERVES), "migrating", limit_s=0.5)
    assert not list(state.run.glob("*.json"))


async def test_a_step_that_is_interrupted_leaves_no_process(
    supervisor: Supervisor, state: StateFolder
) -> None:
    step = asyncio.create_task(
        supervisor.carry_out(toy("ivr-migrations", SERVES), "migrating", limit_s=60)
    )
    pid = await until("the step's process", lambda: pid_of(state, "ivr-migrations"))
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    assert not psutil.pid_exists(pid)


async def test_the_log_of_a_process_goes_on_after_a_restart(
    supervisor: Supervisor, state: StateFolder
) -> None:
    await supervisor.start(toy("router", SERVES))
    pid = await until(
        "the first life",
        lambda: pid_of(state, "router") if "serving" in printed(state, "router") else 0,
    )
    os.kill(pid, signal.SIGKILL)
    await until("both lives", lambda: printed(state, "router").count("serving") == 2)
