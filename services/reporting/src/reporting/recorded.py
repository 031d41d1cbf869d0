"""A recorded call centre, folded by the projections alone: `python -m reporting.recorded FILE`.

The file's facts are written as events, to Kafka or to a log in memory, and folded into an empty
database as they stand there: no other service runs. What is printed is what was read, what was
dirty and what became of it, and the figures of the contact records.
"""

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import event_type_of
from contact_runtime.clock import SystemClock
from contact_runtime.database import connect
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, Log, LogError, LogWriter, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.migrate import migrate
from contact_runtime.reader import run_reader
from contact_runtime.store import SqlStore
from reporting.consumers import READS
from reporting.domain.recorded import FATES, NotARecording, Recording, recording
from reporting.domain.recorded_facts import UNKNOWN_AGENT, facts
from reporting.main import fold
from reporting.tables import READER

T = TypeVar("T")

PARTITIONS: Final = 4
AT_ONCE: Final = 1_000
LOOK_EVERY_S: Final = 0.1


class NotEmpty(Exception):
    """The log or the database holds something already; a recording needs one of its own."""

    code = "not-empty"


class Figure(NamedTuple):
    """A figure of the contact records: a condition on the calls it is over, and an expression."""

    name: str
    value: str
    over: str


_ANSWERED: Final = "outcome = 'answered'"
_KNOWN: Final = f"{_ANSWERED} AND agent_id <> '{UNKNOWN_AGENT}'"
_HUNG_UP: Final = "outcome IN ('abandoned', 'abandoned_in_flow')"
_IN_TARGET: Final = "avg((wait_ms <= 20000)::int)"

FIGURES: Final = (
    Figure("contacts", "count(*)", "true"),
    Figure("answered", "count(*)", _ANSWERED),
    Figure("hung up", "count(*)", _HUNG_UP),
    Figure("hung up after queueing", "count(*)", f"{_HUNG_UP} AND wait_ms > 0"),
    Figure("no caller there", "count(*)", "direction = 'internal'"),
    Figure("share queued, of all contacts", "avg((coalesce(wait_ms, 0) > 0)::int)", "true"),
    Figure("mean wait of those queued, s", "avg(wait_ms) / 1000", "wait_ms > 0"),
    Figure(
        "handle time of the answered, s", "avg(talk_ms + hold_ms + wrap_up_ms) / 1000", _ANSWERED
    ),
    Figure("answered by a known agent", "count(*)", _KNOWN),
    Figure("of these with a talk", "count(*)", f"{_KNOWN} AND talk_ms > 0"),
    Figure("handle time of these, s", "avg(talk_ms) / 1000", f"{_KNOWN} AND talk_ms > 0"),
    Figure("share answered within 20 s", _IN_TARGET, _ANSWERED),
    Figure("the same, by a known agent", _IN_TARGET, _KNOWN),
)


def read(path: Path, zone: ZoneInfo) -> Recording:
    """Return the calls of a file.

    Raises:
        NotARecording: a column is missing or a row cannot be read.
        OSError: the file cannot be read.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return recording(csv.DictReader(file), zone)


async def write(log: Log, envelopes: Iterable[Envelope], pool: str) -> int:
    """Append the events to the topics' partition of `pool`; return how many there were.

    Raises:
        NotEmpty: that partition holds records already.
        LogError: the log cannot be written.
    """
    await log.ensure_topics(READS, PARTITIONS)
    at = partition_of(pool, PARTITIONS)
    for tp, end in (await log.ends(topic.name for topic in READS)).items():
        if end and tp.partition == at:
            raise NotEmpty(f"{tp.topic} holds {end} records in partition {at}, which is {pool}'s")
    writer = await log.writer()
    try:
        return sum([await _append(writer, at, batch) for batch in _batches(envelopes)])
    finally:
        await writer.close()


def _batches(envelopes: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(envelopes)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch


async def _append(writer: LogWriter, partition: int, batch: list[Envelope]) -> int:
    for topic, envelopes in groupby(sorted(batch, key=_topic), key=_topic):
        entries = [Entry(key_of(each), encode(each), headers_of(each)) for each in envelopes]
        await writer.append(TopicPartition(topic, partition), entries)
    return len(batch)


def _topic(envelope: Envelope) -> str:
    return event_type_of(type(envelope.data)).topic.name


async def fold_log(log: Log, database_url: str) -> None:
    """Migrate the database and fold the log into it, up to the log's present end.

    Raises:
        NotEmpty: the database holds contacts already.
        LogError: the log cannot be read.
    """
    await migrate("reporting", database_url)
    store = SqlStore(connect(database_url), source="/polycentre/reporting", partitions=PARTITIONS)
    try:
        await _check_empty(store.engine)
        await _fold(store, log)
    finally:
        await store.close()


async def _check_empty(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        held = (await connection.execute(text("SELECT count(*) FROM contacts"))).scalar_one()
    if held:
        raise NotEmpty(f"the database holds {held} contacts already")


async def _fold(store: SqlStore, log: Log) -> None:
    ends, stop = await log.ends(topic.name for topic in READS), asyncio.Event()
    reading = asyncio.create_task(
        run_reader(
            store,
            log,
            reader=READER,
            topics=READS,
            handler=fold,
            clock=SystemClock(),
            stop=stop,
        )
    )
    while not reading.done():
        at = await store.positions(READER)
        if all(at.get(tp, 0) >= end for tp, end in ends.items()):
            stop.set()
        await asyncio.wait([reading], timeout=LOOK_EVERY_S)
    await reading


async def figures(database_url: str) -> dict[str, float]:
    """Return the figures of the contact records."""
    engine = connect(database_url)
    try:
        async with engine.connect() as connection:
            return {each.name: await _figure(connection, each) for each in FIGURES}
    finally:
        await engine.dispose()


async def _figure(connection: AsyncConnection, figure: Figure) -> float:
    asked = text(f"SELECT {figure.value} FROM contacts WHERE {figure.over}")
    return float((await connection.execute(asked)).scalar_one() or 0)


def said(found: Recording) -> Iterator[str]:
    """Yield what was read, and what was dirty with its fate."""
    yield f"{len(found.calls)} calls"
    for name, fate in FATES.items():
        yield f"  {name}: {found.dirt[name]} ({fate})"


async def run(
    path: Path, zone: ZoneInfo, pool: str, kafka: str | None, database: str | None
) -> None:
    """Read the file, write its events, fold them; print what came out."""
    found = read(path, zone)
    print("\n".join(said(found)), flush=True)
    log: Log = KafkaLog(kafka) if kafka else MemoryLog()
    count = await write(log, facts(found.calls, pool, zone.key), pool)
    print(f"{count} events", flush=True)
    if database is not None:
        await fold_log(log, database)
        for name, value in (await figures(database)).items():
            print(f"  {name}: {value:,.4f}".rstrip("0").rstrip("."))


def main(arguments: list[str]) -> int:
    """Return the exit code: 0, or 2 if what was given cannot be used."""
    words = argparse.ArgumentParser("reporting.recorded", description=__doc__)
    words.add_argument("file", type=Path, help="the calls, a row each, as CSV")
    words.add_argument("--time-zone", default="Asia/Jerusalem", help="whose times of day these are")
    words.add_argument("--pool", default="recorded", help="the routing pool of the events")
    words.add_argument("--kafka", help="write the events to this Kafka; else to memory only")
    words.add_argument("--database-url", help="fold the events into this database, which is empty")
    given = words.parse_args(arguments)
    try:
        zone = ZoneInfo(given.time_zone)
        asyncio.run(run(given.file, zone, given.pool, given.kafka, given.database_url))
    except (OSError, ZoneInfoNotFoundError, NotARecording, NotEmpty, LogError) as error:
        print(f"{words.prog}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
