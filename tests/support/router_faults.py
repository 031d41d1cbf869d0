"""What can happen to the routers of a running system under load, and what must hold afterwards.

Each fault returns how long the pool had no valid decision: figures for the bench, never asserted.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from contact_runtime.issuer import JWKS_FILE
from contact_runtime.lease import TTL_S
from deploy.local.control import leading
from deploy.local.kafka import free_ports
from deploy.local.settings import REPLICAS
from tests.support.auditing import Auditing
from tests.support.load import Load
from tests.support.local_run import Place, Run
from tests.support.routed_log import RoutedLog, Said, now_s
from tests.support.wait import until

STOPPED_S = 5.0
MOST_FREEZES = 5
BACK_LIMIT_S = 120.0
ROUTERS = REPLICAS["router"]
VICTIMS = ("ivr", "agent-state", "reporting", "geo")
"""The services of which one process runs: killed or frozen, it comes back by itself."""


@dataclass
class World:
    """A running system under load, its log of decisions, its auditor, and a folder of one's own.

    `beside` counts the calls that came beside the load; they were answered, too.
    """

    place: Place
    run: Run
    load: Load
    routed: RoutedLog
    auditing: Auditing
    folder: Path
    beside: int = 0

    async def leader(self) -> str:
        """Return the router that leads, once one does."""

        async def found() -> str | None:
            return await asyncio.to_thread(leading, self.place.addresses, ROUTERS)

        name = await until("a router that leads", found, limit_s=BACK_LIMIT_S)
        assert name is not None
        return name

    async def all_stand_by(self) -> None:
        """Wait until every router serves and has caught up."""
        for name in ROUTERS:
            await until(f"{name} to be ready", partial(self.ready, name), limit_s=BACK_LIMIT_S)

    async def ready(self, name: str) -> bool:
        """Tell whether a router says that it is ready."""
        url = f"{self.place.settings.ops_url(name)}/readyz"
        return await asyncio.to_thread(_ok, url)

    def back(self, name: str) -> Callable[[], bool]:
        """Return a question that is yes once the supervisor has said of it anew: it is back."""
        words = f"{name} is back"
        before = self.run.printed.count(words)
        return lambda: self.run.printed.count(words) > before


Fault = Callable[[World], Awaitable[float]]


def killed(name: str) -> Fault:
    """Return the fault of one process: it is killed, and the calls go on once it is back."""

    async def kill(world: World) -> float:
        back, at = world.back(name), now_s()
        world.place.kill(name)
        await until(f"{name} to be back", back, limit_s=BACK_LIMIT_S)
        return now_s() - at

    kill.__name__ = f"{name} killed"
    return kill


def frozen(name: str) -> Fault:
    """Return the fault of one process that stands still until its lease has passed on."""

    async def freeze(world: World) -> float:
        pid = world.place.pid_of(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(TTL_S + 2)
        finally:
            at = now_s()
            os.kill(pid, signal.SIGCONT)
        await until(f"{name} to be ready", partial(world.ready, name), limit_s=BACK_LIMIT_S)
        assert world.place.pid_of(name) == pid, "it went on by itself"
        return now_s() - at

    freeze.__name__ = f"{name} frozen"
    return freeze


async def leader_killed(world: World) -> float:
    """The leader is killed: another replica leads, with the queue as it was."""
    name, at, before = await _about_to_break(world)
    back = world.back(name)
    world.place.kill(name)
    first = await world.routed.decides_after(at, after=before)
    first = await _successor(world, first, before)
    await until(f"{name} to be back", back, limit_s=BACK_LIMIT_S)
    return first.at_s - at


async def leader_frozen(world: World) -> float:
    """The leader stands still: replaced; what it writes late is void, and it does not claim.

    It writes late unless a batch of it was under way when it was stopped: then it reads on first,
    and is stopped once more.
    """
    for _ in range(MOST_FREEZES):
        took_s, late = await _freeze_leader(world)
        if late:
            return took_s
    raise AssertionError(f"stopped {MOST_FREEZES} times, no leader wrote late")


async def _freeze_leader(world: World) -> tuple[float, list[Said]]:
    """Stop who leads for a while; return how long nobody decided, and what it wrote late."""
    name, at, before = await _about_to_break(world)
    old = world.routed.leadership
    pid = world.place.pid_of(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        first = await _successor(world, None, before)
        await asyncio.sleep(max(0.0, at + STOPPED_S - now_s()))
    finally:
        os.kill(pid, signal.SIGCONT)
    await until("the frozen one follows", lambda: _follows(world, name), limit_s=BACK_LIMIT_S)
    woke = await world.routed.read()
    await world.routed.until("decisions", lambda said: said.decides, after=woke)
    since = [said for said in world.routed.said if said.offset > first.offset]
    late = [said for said in since if said.pair == (old.epoch, old.owner)]
    assert not [said for said in late if said.counts], "what comes late is void"
    assert not [said for said in since if said.claims], "it came back as a follower"
    assert world.place.pid_of(name) == pid
    return first.at_s - at, late


async def leader_told_to_stop(world: World) -> float:
    """The leader is told to stop: it says so, and the next one needs no silence."""
    name, at, before = await _about_to_break(world)
    back = world.back(name)
    os.kill(world.place.pid_of(name), signal.SIGTERM)
    left = await world.routed.until("the last word", lambda said: said.leaves, after=before)
    claim = await world.routed.until("a claim", lambda said: said.claims, after=left.offset)
    first = await world.routed.until("a decision", lambda said: said.decides, after=claim.offset)
    assert claim.replica != left.replica
    assert claim.pair[0] == left.pair[0] + 1
    between = world.routed.said[left.offset + 1 : claim.offset]
    assert not [said for said in between if said.counts], "nothing counts after the last word"
    await until(f"{name} to be back", back, limit_s=BACK_LIMIT_S)
    return first.at_s - at


async def broker_killed(world: World) -> float:
    """The broker is killed and comes back: valid decisions again, and no change of leader."""
    _, _, before = await _about_to_break(world)
    old = world.routed.leadership
    back = world.back("kafka")
    world.place.kill("kafka")
    at = await _port_answers(world.place.settings.kafka_port)
    first = await world.routed.decides_after(at, after=before, limit_s=BACK_LIMIT_S)
    assert first.replica == old.owner.rpartition(".")[0], "the same process leads"
    await until("kafka to be back", back, limit_s=BACK_LIMIT_S)
    return first.at_s - at


async def broker_frozen(world: World) -> float:
    """The broker stands still and goes on: valid decisions again, and no change of leader."""
    _, at, before = await _about_to_break(world)
    old = world.routed.leadership
    pid = world.place.pid_of("kafka")
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(STOPPED_S)
    finally:
        at = now_s()
        os.kill(pid, signal.SIGCONT)
    first = await world.routed.decides_after(at, after=before)
    assert first.replica == old.owner.rpartition(".")[0], "the same process leads"
    return first.at_s - at


async def other_code_stands_by(world: World) -> float:
    """Both routers are killed while other code stands by: it refuses to lead, and says why."""
    await world.all_stand_by()
    async with _other_code(world) as (printed, ops):
        _, at, before = await _about_to_break(world)
        backs = {name: world.back(name) for name in ROUTERS}
        for name in ROUTERS:
            world.place.kill(name)
        await until("its refusal", lambda: "refuses to lead" in printed.read_text(), limit_s=20)
        told = await asyncio.to_thread(_said, f"{ops}/readyz")
        assert "may decide otherwise" in told
        assert "router_refuses 1.0" in await asyncio.to_thread(_said, f"{ops}/metrics")
        first = await _successor(world, None, before)
        for name, back in backs.items():
            await until(f"{name} to be back", back, limit_s=BACK_LIMIT_S)
    claims = {said.event.code_version for said in world.routed.said if said.claims}  # type: ignore[attr-defined]
    assert len(claims) == 1, "the other code never led"
    return first.at_s - at


FAULTS: tuple[Fault, ...] = (
    leader_killed,
    leader_frozen,
    leader_told_to_stop,
    broker_frozen,
    broker_killed,
    other_code_stands_by,
)


async def _about_to_break(world: World) -> tuple[str, float, int]:
    """Return who leads, the time and the end of the log, once the other router stands by."""
    await world.all_stand_by()
    name = await world.leader()
    before = await world.routed.read()
    return name, now_s(), before


async def _successor(world: World, said: Said | None, before: int) -> Said:
    """Return the first valid decision of the process that leads after `before`."""
    old = next(s for s in reversed(world.routed.said) if s.offset < before and s.counts)
    claim = await world.routed.until(
        "a claim of another process",
        lambda said: said.claims and said.replica != old.replica,
        after=before,
    )
    first = await world.routed.until("its decision", lambda s: s.decides, after=claim.offset)
    assert first.pair == claim.pair
    return first


async def _follows(world: World, name: str) -> bool:
    said = await asyncio.to_thread(_said, f"{world.place.settings.ops_url(name)}/metrics")
    return "router_leads 0.0" in said


async def _port_answers(port: int) -> float:
    """Wait until somebody listens on the port; return when."""

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await until("the port to close", lambda: not listens(), limit_s=10)
    await until("the port to open", listens, limit_s=BACK_LIMIT_S)
    return now_s()


@asynccontextmanager
async def _other_code(world: World) -> AsyncIterator[tuple[Path, str]]:
    """Run a copy of the router that decides otherwise; yield what it prints and its ops port."""
    folder = world.folder / "other-code"
    shutil.rmtree(folder, ignore_errors=True)
    _copy_that_decides_otherwise(folder)
    http_port, ops_port = free_ports(2)
    settings = world.place.settings
    told = {
        "KAFKA_BOOTSTRAP": settings.kafka,
        "PARTITIONS": str(settings.partitions),
        "HTTP_PORT": str(http_port),
        "OPS_PORT": str(ops_port),
        "JWKS": str(world.place.state.keys / JWKS_FILE),
        "FOREIGN_WAIT_S": str(BACK_LIMIT_S * 10),
        "PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}",
    }
    printed, ops = folder / "printed", f"http://127.0.0.1:{ops_port}"
    with printed.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "router"), env=os.environ | told, stdout=out, stderr=out
        )
    try:
        ready = f"{ops}/readyz"
        await until("the other code", lambda: asyncio.to_thread(_ok, ready), limit_s=BACK_LIMIT_S)
        yield printed, ops
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), BACK_LIMIT_S)


def _copy_that_decides_otherwise(folder: Path) -> None:
    import router

    shutil.copytree(Path(router.__file__).parent, folder / "router")
    path = folder / "router" / "domain" / "rules.py"
    text = path.read_text()
    assert text.count("RING_S: Final = 20.0") == 1
    path.write_text(text.replace("RING_S: Final = 20.0", "RING_S: Final = 21.0"))


def _ok(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _said(url: str) -> str:
    try:
        with urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
