"""`make run` as a person meets it: second runs, taken ports, crashes, Ctrl-C at any moment."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from deploy.local.pidfiles import PidFile, identity_of, own_identity
from tests.support.local_run import Place, new_place
from tests.support.wait import until

LIMIT_S = 60


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    one = new_place(tmp_path, module="tests.support.toy_run")
    yield one
    await one.end()


def waiting_process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    return subprocess.Popen(command, start_new_session=True)


async def test_a_second_run_in_the_same_folder_names_the_first_and_touches_nothing(
    place: Place,
) -> None:
    first = await place.run()
    await first.until_said("all is up")
    second = await place.run()
    assert await second.ended() == 2
    assert second.said(f"pid {first.process.pid}")
    assert second.said("make stop")
    assert place.pid_of("router"), "the first run goes on"
    assert first.process.returncode is None


async def test_a_port_taken_by_somebody_else_is_named_with_its_holder_and_left_alone(
    place: Place,
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", int(place.environment["POSTGRES_PORT"])))
        held.listen(1)
        run = await place.run()
        assert await run.ended() == 2
    assert run.said(f"port {place.environment['POSTGRES_PORT']} (PostgreSQL) is taken")
    assert run.said(f"pid {os.getpid()}")
    assert run.said("POSTGRES_PORT=")
    assert place.pid_of("broker") == 0, "nothing was started"


async def test_ctrl_c_stops_everything_and_leaves_no_process(place: Place) -> None:
    run = await place.run()
    await run.until_said("all is up")
    pids = [place.pid_of("broker"), place.pid_of("router")]
    assert await run.stop() == 0
    assert run.said("stopped")
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not list(place.state.run.glob("*.json"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_stop_during_the_start_stops_what_was_started(
    place: Place, number: signal.Signals
) -> None:
    run = await place.run(TOY="slow")
    router = await until("the router", lambda: place.pid_of("router"), limit_s=LIMIT_S)
    assert await run.stop(number) == 0
    assert not run.said("all is up")
    assert not psutil.pid_exists(router)


async def test_when_the_supervisor_is_killed_its_processes_end_with_it(place: Place) -> None:
    run = await place.run()
    await run.until_said("all is up")
    pids = [place.pid_of("broker"), place.pid_of("router")]
    run.process.kill()
    await run.ended()
    await until(
        "the end of what it started", lambda: not any(psutil.pid_exists(pid) for pid in pids)
    )


async def test_a_run_after_a_crash_ends_the_left_over_process_and_says_so(place: Place) -> None:
    place.state.make()
    left = waiting_process()
    try:
        identity = identity_of(left.pid)
        assert identity
        PidFile("router", identity, own_identity(), order=1).write(place.state.run)
        run = await place.run()
        await run.until_said("all is up")
        assert run.said("left-over process of a run that crashed: router")
        assert left.wait(LIMIT_S) == -signal.SIGTERM
    finally:
        left.kill()
        left.wait()


async def test_a_stranger_who_got_the_pid_of_a_left_over_process_is_left_alone(
    place: Place,
) -> None:
    place.state.make()
    stranger = waiting_process()
    try:
        identity = identity_of(stranger.pid)
        assert identity
        older = type(identity)(identity.pid, identity.started_at - 60)
        PidFile("router", older, own_identity(), order=1).write(place.state.run)
        run = await place.run()
        await run.until_said("all is up")
        assert not run.said("left-over")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_killed_process_comes_back_during_a_run(place: Place) -> None:
    run = await place.run()
    await run.until_said("all is up")
    place.kill("router")
    await run.until_said("router is back")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"SCALE": "fast"}, "SCALE=fast is not a number"),
        ({"SCALE": "0"}, "SCALE=0 is not a number above 0"),
        ({"CALLS": "/nowhere.csv", "DAY": "1999-02-01"}, "CALLS=/nowhere.csv is not a file"),
        ({"DAY": "1999-02-01"}, "go together"),
        ({"CALLS": __file__, "DAY": "yesterday"}, "DAY=yesterday is not a day"),
        ({"FRESH": "1", "KAFKA_BOOTSTRAP": "kafka:9092"}, "remove topics and databases there"),
        ({"HTTP_PORTS_FROM": "many"}, "HTTP_PORTS_FROM=many is not a whole number"),
    ],
)
async def test_a_setting_that_cannot_be_meant_is_refused_in_one_line(
    place: Place, settings: dict[str, str], complaint: str
) -> None:
    run = await place.run(**settings)
    assert await run.ended() == 2
    assert run.said(complaint)
    assert len(run.output.read_text().splitlines()) == 1


async def test_a_fresh_run_forgets_the_log_and_the_tables_but_no_key(place: Place) -> None:
    place.state.make()
    kept = (place.state.keys / "issuer.pem", place.state.kafka / "jars" / "kafka.jar")
    forgotten = (place.state.kafka / "data" / "log", place.state.postgres / "data" / "base")
    for path in (*kept, *forgotten):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    run = await place.run()
    await run.until_said("all is up")
    assert all(path.exists() for path in (*kept, *forgotten)), "a run goes on by default"
    await run.stop()
    fresh = await place.run(FRESH="1")
    await fresh.until_said("all is up")
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in forgotten)


async def order(place: Place, *words: str) -> tuple[int, str]:
    """Return the exit code of a word to the running system, and what it printed."""
    told = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.control", *words),
        env=place.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(told.communicate(), LIMIT_S)
    return told.returncode or 0, said.decode()


async def test_make_stop_and_make_kill_reach_the_run_of_their_folder(place: Place) -> None:
    run = await place.run()
    await run.until_said("all is up")
    code, said = await order(place, "kill", "nobody")
    assert code == 2
    assert "SERVICE= one of: broker, router" in said
    assert (await order(place, "kill", "router"))[0] == 0
    await run.until_said("router is back")
    assert await order(place, "stop") == (0, "stopped\n")
    assert await run.ended() == 0


async def test_where_nothing_runs_every_word_says_so(place: Place) -> None:
    assert await order(place, "stop") == (0, "nothing runs here\n")
    for words in (["audit"], ["tail", "routed"]):
        code, said = await order(place, *words)
        assert code == 1
        assert "start it with `make run`" in said
