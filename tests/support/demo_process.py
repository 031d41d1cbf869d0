"""The demo service as a process of its own: `python -m tests.support.demo_process KEYS TASK`."""

import asyncio
import sys
from functools import partial
from pathlib import Path

from contact_runtime.logs import configure_logs
from contact_runtime.serve import Background, run
from tests.support.serving import start


async def waits(name: str, stop: asyncio.Event) -> None:
    await stop.wait()
    print(f"stopped {name}", flush=True)


async def fails(stop: asyncio.Event) -> None:
    await asyncio.sleep(0.2)
    raise ValueError("the task of +74951234567 broke")


async def main(keys: Path, task: str) -> int:
    tasks = [Background(name, partial(waits, name)) for name in ("first", "second")]
    if task == "fails":
        tasks.append(Background(task, fails))
    served, _ = start(keys, *tasks)
    return await served.code


if __name__ == "__main__":
    configure_logs("demo")
    raise SystemExit(run(partial(main, Path(sys.argv[1]), sys.argv[2])))
