"""The auditor's command line: proves the log and the tables sound, or names what breaks them.

`python -m reporting.audit` reads every topic from offset 0 to its present end, also while the
system runs, and compares the tables with the fold at the position that the tables hold.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.pool import NullPool

from contact_events.envelope import Undecodable, UnknownType, decode
from contact_events.intake import Intake
from contact_runtime.database import connect
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Log, Record, TopicPartition
from reporting.consumers import READS
from reporting.domain.audit.auditor import Auditor
from reporting.domain.audit.findings import Finding, Patience, Place, Seen
from reporting.domain.folding import Folding
from reporting.held_tables import Held, compared, held

READ_LIMIT_S = 30.0
"""How long the log may be silent before its end is reached, in machine seconds."""


class LogSilent(Exception):
    """The log did not give its records up to the end that it had told."""

    code = "log-silent"


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


class Audit:
    """An audit that goes on: it reads each record once, and reports whenever it is asked."""

    def __init__(self, log: Log) -> None:
        """Start before the first record of the log."""
        self._log = log
        self._report, self._auditor = Report(), Auditor()
        self._folding, self._intake = Folding(), Intake()
        self._read_to: dict[TopicPartition, int] = {}
        self._ahead: list[Seen] = []

    async def report(self, tables_held: Held | None, patience: Patience) -> Report:
        """Return what is broken in the log up to its present end, and in the tables if given.

        Raises:
            LogSilent: the log could not be read to its end.
        """
        auditor, found = self._auditor, self._report
        async for record in _records(self._log, self._read_to):
            self._read_to[TopicPartition(record.topic, record.partition)] = record.offset + 1
            seen = _seen(record, found)
            if seen is not None:
                found.findings += auditor.take(seen)
                self._ahead.append(seen)
        said = replace(found, findings=[*found.findings, *auditor.close(patience)])
        if tables_held is not None:
            self._fold(tables_held)
            said.findings += compared(tables_held, self._folding)
        said.records, said.void, said.alive = auditor.records, auditor.void, auditor.alive()
        return said

    def _fold(self, tables_held: Held) -> None:
        """Fold what the tables hold by now; what is ahead of them waits for the next report."""
        ahead: list[Seen] = []
        for seen in self._ahead:
            place = seen.place
            at = tables_held.positions.get(TopicPartition(place.topic, place.partition), 0)
            if place.offset >= at:
                ahead.append(seen)
            elif self._intake.takes(place.topic, seen.envelope):
                self._folding.take(seen.envelope)
        self._ahead = ahead


async def _records(log: Log, read_to: Mapping[TopicPartition, int]) -> AsyncIterator[Record]:
    names = [topic.name for topic in READS]
    starts, ends = await log.starts(names) | dict(read_to), await log.ends(names)
    unread = {tp for tp, end in ends.items() if end > starts[tp]}
    reader = await log.reader(starts)
    try:
        silent_s = 0.0
        while unread:
            records = await reader.read(max_records=1_000, timeout_s=0.5)
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


async def look(database_url: str) -> Held:
    """Return the tables at `database_url` as of one moment."""
    engine = connect(database_url, poolclass=NullPool, application="audit")
    async with engine.connect() as connection:
        return await held(connection)


async def run(bootstrap: str, database_url: str | None, patience: Patience) -> Report:
    """Audit the log at `bootstrap`, and the tables at `database_url` if that is given."""
    tables_held = await look(database_url) if database_url else None
    return await Audit(KafkaLog(bootstrap)).report(tables_held, patience)


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
