"""One process: the API, the ops port and the background tasks, started and stopped together."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import uvicorn
import uvloop
from starlette.types import ASGIApp

from contact_runtime.http.ops import Health

SOCKET_MESSAGE_BYTES = 64 * 1024
BACKLOG = 2048
GRACE_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Background:
    """A task that runs as long as the process.

    `run` gets an event that is set when it is to stop; it has `grace_s` seconds, then it is
    cancelled. Returning or raising before that is a failure of the process.
    """

    name: str
    run: Callable[[asyncio.Event], Awaitable[None]]
    grace_s: float = GRACE_S


async def serve(
    app: ASGIApp,
    ops_app: ASGIApp,
    *,
    health: Health,
    http_port: int,
    ops_port: int,
    host: str = "127.0.0.1",
    tasks: Sequence[Background] = (),
    on_listening: Callable[[int, int], None] | None = None,
    grace_s: float = GRACE_S,
) -> int:
    """Run until SIGTERM or SIGINT, or until a part ends by itself; return the exit code.

    Starts the ops port, the tasks in their order, then the API; stops in reverse. 0: it was
    told to stop. 1: a part ended by itself, and a line at level CRITICAL says which.

    Args:
        app: the API.
        ops_app: see `contact_runtime.http.ops`.
        health: `started` and `stopping` are set here.
        http_port: 0 picks a free one.
        ops_port: 0 picks a free one.
        host: the address to listen on.
        tasks: what runs beside the API.
        on_listening: told the two ports once both listen.
        grace_s: how long requests under way may take when stopping.

    Raises:
        OSError: a port is taken.
    """
    with (
        _listener(host, ops_port) as ops_at,
        _listener(host, http_port) as http_at,
        _told() as told,
    ):
        ops = _Site("ops", ops_app, ops_at, grace_s)
        api = _Site("api", app, http_at, grace_s)
        parts: list[_Part] = [ops, *(_Task(task) for task in tasks), api]
        running: list[_Part] = []
        try:
            for part in parts:
                running.append(part)
                part.start()
            await _first(told, running, api.listening, ops.listening)
            health.started = not (told.is_set() or _ended(running))
            if health.started:
                _announce(ops_at, http_at, on_listening)
                await _first(told, running)
        finally:
            health.stopping = True
            failed = _blame(running)
            for part in reversed(running):
                failed |= await part.stop()
    return 1 if failed else 0


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a service's `main` on uvloop and return its exit code; 1 if it raised, and says so."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(main())
        except Exception:
            log.critical("the process ends: it could not start or go on", exc_info=True)
            return 1


class _Part(Protocol):
    """What is started in order and stopped in reverse."""

    name: str
    task: asyncio.Task[None]

    def start(self) -> None: ...

    async def stop(self) -> bool:
        """Stop it, if it runs; return whether that went wrong."""


class _Task:
    def __init__(self, background: Background) -> None:
        self.name = background.name
        self._background = background
        self._stop = asyncio.Event()

    def start(self) -> None:
        self.task = asyncio.ensure_future(_awaited(self._background.run(self._stop)))

    async def stop(self) -> bool:
        self._stop.set()
        return await _ending(self.name, self.task, self._background.grace_s)


async def _awaited(work: Awaitable[None]) -> None:
    await work


class _Server(uvicorn.Server):
    """uvicorn without its signals (the process has one place for them), and a start to wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@dataclass
class _Site:
    name: str
    app: ASGIApp
    at: socket.socket
    grace_s: float
    task: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        config = uvicorn.Config(
            self.app,
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=SOCKET_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # messages are small, and many are idle
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, round(self.grace_s)),
        )
        self._server = _Server(config)
        self.listening = self._server.listening

    def start(self) -> None:
        self.task = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        try:
            await self._server.serve([self.at])
        except SystemExit:  # how uvicorn says that the lifespan failed
            raise RuntimeError(f"{self.name} did not start") from None

    async def stop(self) -> bool:
        self._server.handle_exit(signal.SIGTERM, None)
        return await _ending(self.name, self.task, self.grace_s + 2)


async def _ending(name: str, task: asyncio.Task[None], grace_s: float) -> bool:
    """Wait for a part told to stop, then cancel it; return whether it failed while stopping."""
    if task.done():
        return False  # it ended by itself, and was blamed for that
    await asyncio.wait([task], timeout=grace_s)
    if not task.done():
        log.warning("cancelled: it took too long to stop", extra={"part": name})
        task.cancel()
    await asyncio.wait([task])
    if task.cancelled() or task.exception() is None:
        return False
    log.error("failed while stopping", extra={"part": name}, exc_info=task.exception())
    return True


async def _first(told: asyncio.Event, running: Sequence[_Part], *reached: asyncio.Event) -> None:
    """Return once told to stop, once any part has ended, or once all of `reached` are set."""
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(told.wait())]
    if reached:
        waits.append(asyncio.ensure_future(_all(reached)))
    try:
        await asyncio.wait(
            [*waits, *(part.task for part in running)], return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for wait in waits:
            wait.cancel()


async def _all(events: Sequence[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def _ended(running: Sequence[_Part]) -> list[_Part]:
    return [part for part in running if part.task.done()]


def _blame(running: Sequence[_Part]) -> bool:
    """Say loudly which parts ended by themselves; return whether any did."""
    for part in _ended(running):
        why = None if part.task.cancelled() else part.task.exception()
        log.critical(
            "the process ends: %s ended by itself: %r", part.name, why, exc_info=why or None
        )
    return bool(_ended(running))


def _announce(
    ops_at: socket.socket, http_at: socket.socket, heard: Callable[[int, int], None] | None
) -> None:
    http_port, ops_port = http_at.getsockname()[1], ops_at.getsockname()[1]
    log.info("listening", extra={"http_port": http_port, "ops_port": ops_port})
    if heard:
        heard(http_port, ops_port)


@contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that is bound before anything starts, so that a taken port starts nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as taken:
            raise OSError(
                taken.errno, f"cannot listen on {host}:{port}: {taken.strerror}"
            ) from None
        bound.setblocking(False)
        yield bound


@contextmanager
def _told() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set, while the block is open."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
