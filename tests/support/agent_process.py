"""agent-state as a process of its own, that can be killed, and desktops that speak to it."""

import asyncio
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from contact_runtime import embedded
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.migrate import migrate
from deploy.local.kafka import LocalKafka, free_ports
from tests.support.wait import until

START_LIMIT_S = 120.0
PUTS_AT_ONCE = 50


class Service:
    """The process and where it stands; killed, it starts again at the same place."""

    def __init__(self, folder: Path, database_url: str, kafka: str) -> None:
        """Stand there, not yet running; the database is migrated."""
        self._folder = folder
        self.database_url = database_url
        self.kafka = kafka
        self.port, self._ops_port = free_ports(2)
        self.token = mint(folder / "keys", "administrator")
        self._environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP": kafka,
            "DATABASE_URL": database_url,
            "HTTP_PORT": str(self.port),
            "OPS_PORT": str(self._ops_port),
            "JWKS": str(folder / "keys" / JWKS_FILE),
            "LOG_LEVEL": "WARNING",
        }
        self._running: asyncio.subprocess.Process | None = None

    async def start(self, *, dies_at: tuple[int, str] | None = None) -> None:
        """Start the process and wait until it is ready.

        It dies at the commit `dies_at`, "before" or "after" it: see `agent_mortal`.

        Raises:
            RuntimeError: it ended instead.
        """
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *_module(dies_at), env=self._environment
        )
        self._running = running
        url = f"http://127.0.0.1:{self._ops_port}/readyz"

        def answers() -> bool:
            if running.returncode is not None:
                raise RuntimeError(f"agent-state ended with {running.returncode}")
            try:
                with urllib.request.urlopen(url, timeout=1) as page:
                    return bool(page.status == 200)
            except OSError:
                return False

        await until("agent-state to be ready", answers, limit_s=START_LIMIT_S)

    async def kill(self) -> None:
        """Kill the process with no chance to say anything."""
        assert self._running is not None
        self._running.kill()
        await self._running.wait()

    async def death(self) -> None:
        """Return once the process has died."""
        assert self._running is not None
        await self._running.wait()

    async def stop(self) -> None:
        """Tell the process to stop and wait until it has."""
        if self._running is not None and self._running.returncode is None:
            self._running.terminate()
            await self._running.wait()

    @property
    def process(self) -> psutil.Process:
        """Return the process."""
        assert self._running is not None
        return psutil.Process(self._running.pid)

    @property
    def memory_mb(self) -> float:
        """Return the process's resident memory."""
        return self.process.memory_info().rss / 2**20

    @property
    def cpu_s(self) -> float:
        """Return the CPU time that the process has taken."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    async def describe(self, agent_ids: Iterable[str], **fields: Any) -> None:
        """Have administrators describe these agents."""
        headers = {"Authorization": f"Bearer {self.token}"}
        left = iter(agent_ids)

        async def put(client: httpx.AsyncClient) -> None:
            for agent_id in left:
                name = {"ru": agent_id, "en": agent_id}
                body = {"name": name, "site_id": "moscow", **fields}
                answer = await client.put(f"/v1/agents/{agent_id}", json=body)
                answer.raise_for_status()

        url = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60.0) as client:
            await asyncio.gather(*(put(client) for _ in range(PUTS_AT_ONCE)))

    def another(self) -> "Service":
        """Return another replica, on the same servers, not yet running."""
        return Service(self._folder, self.database_url, self.kafka)

    async def desk(self, agent_id: str, after: int | None = None) -> "Desk":
        """Open a desktop of the agent; what was shown `after` stands on it."""
        return await opened(self.token, self.port, agent_id, after)


async def opened(token: str, port: int, agent_id: str, after: int | None = None) -> "Desk":
    """Open a desktop of the agent at the process on `port`."""
    missed = "" if after is None else f"?after={after}"
    url = f"ws://127.0.0.1:{port}/v1/agents/{agent_id}/socket{missed}"
    headers = {"Authorization": f"Bearer {token}"}
    socket = await connect(
        url, additional_headers=headers, compression=None, ping_interval=None, open_timeout=60
    )
    return Desk(agent_id, socket)


def _module(dies_at: tuple[int, str] | None) -> list[str]:
    return ["tests.support.agent_mortal", *map(str, dies_at)] if dies_at else ["agent_state"]


class Desk:
    """One open desktop, which remembers where it stands."""

    def __init__(self, agent_id: str, socket: ClientConnection) -> None:
        """Stand nowhere yet."""
        self.agent_id = agent_id
        self.socket = socket
        self.sequence = 0
        self.presence = ""

    async def until(self, *kinds: str) -> dict[str, Any]:
        """Return the next message of one of these kinds."""
        while True:
            message: dict[str, Any] = json.loads(await self.socket.recv())
            self.sequence = max(self.sequence, message.get("sequence") or 0)
            if message["type"] in ("snapshot", "agent"):
                self.presence = message["agent"]["presence"]
            if message["type"] in kinds:
                return message

    async def say(self, command_id: str, command: str, **fields: str) -> None:
        """Send a command."""
        asked = {"command_id": command_id, "command": command, **fields}
        await self.socket.send(json.dumps(asked))

    async def ask(self, command_id: str, command: str, **fields: str) -> None:
        """Send a command and wait for its reply.

        Raises:
            RuntimeError: it was refused.
        """
        await self.say(command_id, command, **fields)
        reply = await self.until("reply")
        if not reply["ok"]:
            raise RuntimeError(f"{command} was refused: {reply['error']}")

    def cut(self) -> None:
        """Lose the line without a word."""
        self.socket.transport.abort()


@asynccontextmanager
async def agent_state() -> AsyncIterator[Service]:
    """Run agent-state on servers of its own while the block is open."""
    with tempfile.TemporaryDirectory(prefix="polycentre-agents-") as name:
        folder = Path(name)
        port, controller_port = free_ports(2)
        broker = LocalKafka(folder / "kafka", port=port, controller_port=controller_port)
        server = await asyncio.to_thread(_served, broker, folder)
        try:
            async with agent_state_on(folder, server.url("agent_state"), broker.bootstrap) as made:
                yield made
        finally:
            server.stop()
            broker.stop()


@asynccontextmanager
async def agent_state_on(folder: Path, database_url: str, kafka: str) -> AsyncIterator[Service]:
    """Run agent-state on these servers while the block is open."""
    await migrate("agent_state", database_url)
    service = Service(folder, database_url, kafka)
    try:
        await service.start()
        yield service
    finally:
        await service.stop()


def _served(broker: LocalKafka, folder: Path) -> EmbeddedPostgres:
    """Start both servers; the folder lets PostgreSQL's own user pass."""
    folder.chmod(0o755)
    broker.start(dies_with_us=True)
    server = embedded.start(folder / "pg", tied=True)
    server.command("createdb", "agent_state")
    return server
