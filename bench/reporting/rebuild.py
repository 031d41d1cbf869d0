"""A fold of the whole log from its start: how fast, and in how much memory."""

import os
import statistics
from typing import Final

import psutil

from bench.report import Report, draw
from bench.reporting.folding import empty_store, folded
from contact_runtime.embedded import EmbeddedPostgres
from reporting.main import fold
from reporting.rebuild import BATCH

EVENTS: Final = int(os.environ.get("BENCH_REBUILD_EVENTS", "1000000"))
UNDER_WAY: Final = 4_000
MB: Final = 2**20


async def measure(report: Report, server: EmbeddedPostgres) -> None:
    """Fold the log once, and look at this process's memory at each hundredth of the way."""
    memory: dict[int, float] = {}
    process = psutil.Process()

    def look(given: int) -> None:
        part = 100 * given // EVENTS
        if part not in memory:
            memory[part] = process.memory_info().rss / MB
            draw("rebuild", given, EVENTS)

    async with empty_store(server) as store:
        rate, _ = await folded(store, fold, UNDER_WAY, EVENTS, look, most_records=BATCH)
    first = statistics.median(mb for part, mb in memory.items() if 10 <= part < 20)
    last = statistics.median(mb for part, mb in memory.items() if part >= 90)
    report.add(f"rebuild of {EVENTS:,} events", rate, "events/s")
    report.add("memory in the last tenth (baseline: in the second)", last, "MB", baseline=first)
    report.add("most memory", max(memory.values()), "MB")
