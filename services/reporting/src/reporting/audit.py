"""The auditor's command line: proves the log and the tables sound, or names what breaks them.

`python -m reporting.audit` reads every topic from offset 0 to its present end, also while the
system runs, and compares the tables with the fold at the position that the tables hold.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from contact_events.envelope import Undecodable, UnknownType, decode
from contact_events.intake import Intake
from contact_runtime.database import connect
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Log, Record, TopicPartition
from contact_runtime.tables import positions
from reporting import tables
from reporting.consumers import READS
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience, Place, Seen
from reporting.domain.folding import Folding
from reporting.projections import Row, added, replaced
from reporting.tables import READER

READ_LIMIT_S = 30.0
"""How long the log may be silent before its end is reached, in machine seconds."""

Rows = dict[tuple[Any, ...], Row]


class LogSilent(Exception):
    """The log did not give its records up to the end that it had told."""

    code = "log-silent"


@dataclass(frozen=True, slots=True)
class Held:
    """What the tables hold, and how far they have folded the log."""

    positions: Mapping[TopicPartition, int]
    rows: Mapping[str, Rows]


@dataclass(slots=True)
class Report:
    """What an audit found."""

    findings: list[Finding] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    void: int = 0
    undecodable: int = 0
    alive: int = 0

    def lines(self) -> Iterator[str]:
        """Yield the report, findings first."""
        yield from (str(finding) for finding in self.findings)
        for topic, count in sorted(self.records.items()):
            yield f"  {topic}: {count} records"
        yield (
            f"{self.records.total()} records, {self.void} repeated or void, {self.undecodable} "
            f"set aside, {self.alive} calls under way: {len(self.findings)} findings"
        )


async def held(connection: AsyncConnection) -> Held:
    """Return the tables as of one moment."""
    await connection.execution_options(isolation_level="REPEATABLE READ")
    found = await connection.execute(select(positions).where(positions.c.reader == READER))
    at = {TopicPartition(row.topic, row.partition): row.next_offset for row in found}
    return Held(at, {table.name: await _rows(connection, table) for table in tables.PROJECTED})


async def _rows(connection: AsyncConnection, table: Table) -> Rows:
    rows = [dict(row) for row in (await connection.execute(select(table))).mappings()]
    return {_key(table, row): row for row in rows}


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


async def audit(log: Log, tables_held: Held | None, patience: Patience) -> Report:
    """Return what is broken in the log, and in the tables where they are given.

    Raises:
        LogSilent: the log could not be read to its end.
    """
    report, auditor = Report(), Auditor()
    folding, intake = Folding(), Intake()
    async for record in _records(log):
        seen = _seen(record, report)
        if seen is None:
            continue
        report.findings += auditor.take(seen)
        folded = tables_held is not None and _folded(tables_held, record)
        if folded and intake.takes(record.topic, seen.envelope):
            folding.take(seen.envelope)
    report.findings += auditor.close(patience)
    if tables_held is not None:
        report.findings += compared(tables_held, folding)
    report.records, report.void, report.alive = auditor.records, auditor.void, auditor.alive()
    return report


async def _records(log: Log) -> AsyncIterator[Record]:
    names = [topic.name for topic in READS]
    starts, ends = await log.starts(names), await log.ends(names)
    unread = {tp for tp, end in ends.items() if end > starts[tp]}
    reader = await log.reader(starts)
    try:
        silent_s = 0.0
        while unread:
            records = await reader.read(max_records=5_000, timeout_s=0.5)
            silent_s = 0.0 if records else silent_s + 0.5
            if silent_s > READ_LIMIT_S:
                raise LogSilent(f"no record for {READ_LIMIT_S} s before the end of {unread}")
            for record in records:
                tp = TopicPartition(record.topic, record.partition)
                if record.offset < ends[tp]:
                    yield record
                if record.offset + 1 >= ends[tp]:
                    unread.discard(tp)
    finally:
        await reader.close()


def _seen(record: Record, report: Report) -> Seen | None:
    try:
        decoded = decode(record.value)
    except Undecodable:
        report.undecodable += 1
        return None
    if isinstance(decoded, UnknownType):
        return None
    place = Place(record.topic, record.partition, record.offset)
    return Seen(place, record.timestamp_ms, decoded.envelope)


def _folded(tables_held: Held, record: Record) -> bool:
    tp = TopicPartition(record.topic, record.partition)
    return record.offset < tables_held.positions.get(tp, 0)


def compared(tables_held: Held, folding: Folding) -> Iterator[Finding]:
    """Yield each row (I4) that is not what the fold from scratch makes it."""
    for table, rows in [*replaced(folding).items(), *added(folding).items()]:
        expected = {_key(table, row): row for row in rows}
        yield from _differences(table, tables_held.rows[table.name], expected)


def _differences(table: Table, kept: Rows, expected: Rows) -> Iterator[Finding]:
    figures = [c.name for c in table.columns if not c.primary_key]
    for key in sorted(kept.keys() | expected.keys(), key=str):
        row, wanted = kept.get(key), expected.get(key)
        if wanted is None and row is not None and _is_nothing(row, figures):
            continue  # what was added was taken away again: the fold has no row at all
        if row is None or wanted is None:
            is_there = "is missing" if row is None else "has no cause in the log"
            yield Finding("I4", f"{table.name} {_named(key)} {is_there}")
        elif row != wanted:
            wrong = [f"{n} is {row[n]}, not {wanted[n]}" for n in figures if row[n] != wanted[n]]
            yield Finding("I4", f"{table.name} {_named(key)}: {'; '.join(wrong[:3])}")


def _is_nothing(row: Row, figures: Iterable[str]) -> bool:
    return all(row[name] == 0 for name in figures)


def _named(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key)


async def run(bootstrap: str, database_url: str | None, patience: Patience) -> Report:
    """Audit the log at `bootstrap`, and the tables at `database_url` if that is given."""
    tables_held = None
    if database_url:
        engine = connect(database_url, poolclass=NullPool, application="audit")
        async with engine.connect() as connection:
            tables_held = await held(connection)
    return await audit(KafkaLog(bootstrap), tables_held, patience)


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 if all is sound, 1 if anything is broken."""
    words = argparse.ArgumentParser("reporting.audit", description=__doc__)
    words.add_argument("--bootstrap", required=True, help="Kafka's address")
    words.add_argument("--database-url", help="reporting's database; without it only the log")
    words.add_argument("--at-rest", action="store_true", help="nothing may be under way")
    words.add_argument("--longest-call-s", type=float, default=Patience().longest_call_s)
    said = words.parse_args(arguments)
    patience = Patience(at_rest=said.at_rest, longest_call_s=said.longest_call_s)
    report = asyncio.run(run(said.bootstrap, said.database_url, patience))
    print("\n".join(report.lines()))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
