"""Reporting: events folded a second, beside quixstreams; a rebuild's memory."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from bench.report import Report
from bench.reporting import baseline, folding, rebuild
from contact_runtime import embedded
from deploy.local.kafka import free_ports


async def measure(report: Report) -> None:
    """Measure on a PostgreSQL of its own, with fsync on, that is gone afterwards."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="polycentre-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    (port,) = free_ports(1)
    server = embedded.start(folder / "pg", tied=True, port=port)
    try:
        for part in (folding, baseline, rebuild):
            await part.measure(report, server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report.note = (
        "One process folds; PostgreSQL (fsync on) and Kafka are beside it on this machine. Making "
        "the events is not counted. The baseline of folding is the aim."
    )
