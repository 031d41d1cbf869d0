"""An application on a port of this machine, in this process, while a block is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.metrics import Metrics
from contact_runtime.serve import serve
from tests.support.wait import until


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """Serve the application; give its host and port."""
    health, ports = Health(), asyncio.Queue[int]()
    running = asyncio.create_task(
        serve(
            app,
            create_ops_app(health, Metrics()),
            health=health,
            http_port=0,
            ops_port=0,
            tasks=[],
            on_listening=lambda http_port, _: ports.put_nowait(http_port),
            grace_s=0.5,
        )
    )
    try:
        await until("the service to listen", lambda: running.done() or not ports.empty())
        yield f"127.0.0.1:{ports.get_nowait()}"
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
