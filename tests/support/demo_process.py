"""The demo service as a process of its own: `python -m tests.support.demo_process KEYS TASK`."""

import asyncio
import sys
from functools import partial
from pathlib import Path

from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.logs import configure_logs
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.serve import Background, run, serve
from tests.support.demo_app import demo_app


async def waits(name: str, stop: asyncio.Event) -> None:
    await stop.wait()
    print(f"stopped {name}", flush=True)


async def fails(stop: asyncio.Event) -> None:
    await asyncio.sleep(0.2)
    raise ValueError("the task of +74951234567 broke")


async def returns(stop: asyncio.Event) -> None:
    await asyncio.sleep(0.2)


async def fails_at_once(stop: asyncio.Event) -> None:
    raise ValueError("broken from the start")


async def fails_stopping(stop: asyncio.Event) -> None:
    await stop.wait()
    raise ValueError("broke while stopping")


async def hangs(stop: asyncio.Event) -> None:
    await asyncio.Event().wait()


ODD = {
    "fails": fails,
    "returns": returns,
    "fails-at-once": fails_at_once,
    "fails-stopping": fails_stopping,
    "hangs": hangs,
}


async def main(keys: Path, task: str, http_port: int) -> int:
    metrics, health = Metrics(), Health()
    tasks = [Background(name, partial(waits, name)) for name in ("first", "second")]
    if task in ODD:
        tasks.append(Background(task, ODD[task], grace_s=0.3))
    return await serve(
        demo_app(keys, MemoryStore(), metrics=metrics),
        create_ops_app(health, metrics),
        health=health,
        http_port=http_port,
        ops_port=0,
        tasks=tasks,
        grace_s=1.0,
    )


if __name__ == "__main__":
    configure_logs("demo")
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    raise SystemExit(run(partial(main, Path(sys.argv[1]), sys.argv[2], port)))
