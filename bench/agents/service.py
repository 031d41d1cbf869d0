"""agent-state as a process of its own, on servers of its own, and desktops that speak to it."""

import asyncio
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Service:
    """The running process and where it stands."""

    process: psutil.Process
    port: int
    database_url: str
    kafka: str
    token: str

    @property
    def memory_mb(self) -> float:
        """Return the process's resident memory."""
        return self.process.memory_info().rss / 2**20

    @property
    def cpu_s(self) -> float:
        """Return the CPU time that the process has taken."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    async def describe(self, agent_ids: Iterable[str]) -> None:
        """Have administrators describe these agents."""
        headers = {"Authorization": f"Bearer {self.token}"}
        left = iter(agent_ids)

        async def put(client: httpx.AsyncClient) -> None:
            for agent_id in left:
                name = {"ru": agent_id, "en": agent_id}
                body = {"name": name, "site_id": "moscow"}
                answer = await client.put(f"/v1/agents/{agent_id}", json=body)
                answer.raise_for_status()

        url = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60.0) as client:
            await asyncio.gather(*(put(client) for _ in range(PUTS_AT_ONCE)))

    async def desk(self, agent_id: str, after: int | None = None) -> "Desk":
        """Open a desktop of the agent; what was shown `after` stands on it."""
        missed = "" if after is None else f"?after={after}"
        url = f"ws://127.0.0.1:{self.port}/v1/agents/{agent_id}/socket{missed}"
        headers = {"Authorization": f"Bearer {self.token}"}
        socket = await connect(
            url, additional_headers=headers, compression=None, ping_interval=None, open_timeout=60
        )
        return Desk(agent_id, socket)


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
    """Run agent-state while the block is open."""
    with tempfile.TemporaryDirectory(prefix="polycentre-agents-") as name:
        folder = Path(name)
        broker_port, controller_port, port, ops_port = free_ports(4)
        broker = LocalKafka(folder / "kafka", port=broker_port, controller_port=controller_port)
        server = await asyncio.to_thread(_served, broker, folder)
        try:
            url = server.url("agent_state")
            await migrate("agent_state", url)
            token = mint(folder / "keys", "administrator")
            environment = {
                **os.environ,
                "KAFKA_BOOTSTRAP": broker.bootstrap,
                "DATABASE_URL": url,
                "HTTP_PORT": str(port),
                "OPS_PORT": str(ops_port),
                "JWKS": str(folder / "keys" / JWKS_FILE),
                "LOG_LEVEL": "WARNING",
            }
            running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "agent_state", env=environment
            )
            try:
                await _ready(running, ops_port)
                process = psutil.Process(running.pid)
                yield Service(process, port, url, broker.bootstrap, token)
            finally:
                running.terminate()
                await running.wait()
        finally:
            server.stop()
            broker.stop()


def _served(broker: LocalKafka, folder: Path) -> EmbeddedPostgres:
    """Start both servers; the folder lets PostgreSQL's own user pass."""
    folder.chmod(0o755)
    broker.start(dies_with_us=True)
    server = embedded.start(folder / "pg", tied=True)
    server.command("createdb", "agent_state")
    return server


async def _ready(running: asyncio.subprocess.Process, ops_port: int) -> None:
    def answers() -> bool:
        if running.returncode is not None:
            raise RuntimeError(f"agent-state ended with {running.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ops_port}/readyz", timeout=1) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    await until("agent-state to be ready", answers, limit_s=START_LIMIT_S)
