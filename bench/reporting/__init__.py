"""Reporting: events folded a second, beside quixstreams; a rebuild's memory."""

from bench.report import Report
from bench.reporting import baseline, folding, rebuild
from bench.reporting.folding import own_postgres


async def measure(report: Report) -> None:
    """Measure each part on the same PostgreSQL."""
    async with own_postgres() as server:
        for part in (folding, baseline, rebuild):
            await part.measure(report, server)
    report.note = (
        "One process folds; PostgreSQL (fsync on) and Kafka are beside it on this machine. Making "
        "the events is not counted. The baseline of folding is the aim."
    )
