"""Decisions a second, their cost by size, their way through Kafka, and the memory of it all."""

import os
from typing import Final

from bench.decisions import core, flood, live, memory, takeover
from bench.report import Report

_NOTE = """\
The naive scan is the same rules with no index: every decision looks at every call and agent. A
decision's baseline is that of 1,000 agents, the scan's is the router's decision in the same run.
Through Kafka a batch is sent when the one before was read back; the router runs as a process of its
own, broker and bench beside it on the same machine, where {load:.1f} other processes wanted to run
when it began."""

PARTS: Final = os.environ.get("BENCH_PARTS", "memory,core,takeover,flood,live").split(",")


async def measure(report: Report) -> None:
    """Measure the core alone, then on Kafka, or those parts that `BENCH_PARTS` names."""
    load = os.getloadavg()[0]
    if "memory" in PARTS:
        memory.measure(report)
    if "core" in PARTS:
        core.measure(report)
    if "takeover" in PARTS:
        takeover.measure(report)
    if "flood" in PARTS:
        await flood.measure(report)
    if "live" in PARTS:
        await live.measure(report)
    report.note = _NOTE.format(load=load)
