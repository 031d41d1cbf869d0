"""reporting as a process of its own, on servers of its own, and what its boards are sent."""

import asyncio
import os
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from contact_runtime import embedded
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.migrate import migrate
from deploy.local.kafka import LocalKafka, free_ports
from tests.support.wait import until

START_LIMIT_S = 120.0


class Service:
    """The running process."""

    def __init__(self, folder: Path, database_url: str, kafka: str) -> None:
        """Stand there, not yet running; the database is migrated."""
        self.kafka = kafka
        self._port, self._ops_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self._port}"
        self.token = mint(folder / "keys", "supervisor")
        self._environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP": kafka,
            "DATABASE_URL": database_url,
            "HTTP_PORT": str(self._port),
            "OPS_PORT": str(self._ops_port),
            "JWKS": str(folder / "keys" / JWKS_FILE),
            "LOG_LEVEL": "WARNING",
        }
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            RuntimeError: it ended instead.
        """
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reporting", env=self._environment
        )
        self._running = running

        def answers() -> bool:
            if running.returncode is not None:
                raise RuntimeError(f"reporting ended with {running.returncode}")
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self._ops_port}/readyz", timeout=1
                ) as page:
                    return bool(page.status == 200)
            except OSError:
                return False

        await until("reporting to be ready", answers, limit_s=START_LIMIT_S)

    async def stop(self) -> None:
        """Tell the process to stop and wait until it has."""
        if self._running is not None and self._running.returncode is None:
            self._running.terminate()
            await self._running.wait()

    @property
    def cpu_s(self) -> float:
        """Return the CPU time that the process has taken."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    @property
    def _process(self) -> psutil.Process:
        assert self._running is not None
        return psutil.Process(self._running.pid)

    async def frames(self) -> AsyncIterator[bytes]:
        """Open a board and yield each frame as it stands on the wire, cheaply."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
        try:
            ask = f"GET /v1/live HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.token}\r\n\r\n"
            writer.write(ask.encode())
            await reader.readuntil(b"\r\n\r\n")
            while True:
                yield await reader.readuntil(b"\n\n")
        finally:
            writer.close()


@asynccontextmanager
async def reporting(folder: Path) -> AsyncIterator[Service]:
    """Run reporting on servers of its own while the block is open."""
    port, controller_port = free_ports(2)
    broker = LocalKafka(folder / "kafka", port=port, controller_port=controller_port)
    server = await asyncio.to_thread(_served, broker, folder)
    try:
        url = server.url("reporting")
        await migrate("reporting", url)
        service = Service(folder, url, broker.bootstrap)
        try:
            await service.start()
            yield service
        finally:
            await service.stop()
    finally:
        server.stop()
        broker.stop()


def _served(broker: LocalKafka, folder: Path) -> EmbeddedPostgres:
    """Start both servers; the folder lets PostgreSQL's own user pass."""
    folder.chmod(0o755)
    broker.start(dies_with_us=True)
    server = embedded.start(folder / "pg", tied=True)
    server.command("createdb", "reporting")
    return server
