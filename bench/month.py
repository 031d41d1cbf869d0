"""A month's reports over ten million contacts that were loaded by COPY: how long each takes."""

import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, DateTime, Table
from sqlalchemy.pool import NullPool

from bench.report import Report, draw
from bench.reporting.folding import empty_store, own_postgres
from contact_runtime.database import connect
from reporting import queries, tables
from reporting.domain.in_force import InForce
from reporting.domain.measures.definition import STANDARD
from reporting.domain.periods import Interval, Span
from reporting.reports.kinds import KINDS, sums_of
from reporting.reports.running import Held, figures, held, rows
from reporting.reports.statement import Wanted, Zones

CONTACTS: Final = int(os.environ.get("BENCH_CONTACTS", "10000000"))
QUEUES, CLIENTS, SITES, DAYS, TIMES = 200, 20, 4, 31, 5
MOSCOW: Final = ZoneInfo("Europe/Moscow")
FROM: Final = datetime(2026, 1, 1, tzinfo=MOSCOW)
SPAN: Final = Span(date(2026, 1, 1), date(2026, 2, 1))
QUARTERS: Final = DAYS * 96
EACH: Final = CONTACTS // (QUARTERS * QUEUES)
LIMIT_S: Final = 3600.0
"""For one statement; the service's own is far shorter."""

ROWS_AT_ONCE: Final = 10_000

ASKED: Final[tuple[tuple[str, Interval, int | None], ...]] = (
    ("queues", "day", None),
    ("queues", "15m", 500),
    ("overflow", "whole", None),
    ("callers", "whole", None),
)
"""Kinds of report, how they are cut, and the rows of a page where not all are wanted."""

COUNTED: Final = """
    SELECT date_trunc('day', queued_at AT TIME ZONE 'Europe/Moscow'), queue_id, count(*),
           count(*) FILTER (WHERE outcome = 'answered'),
           count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 20000),
           sum(wait_ms), sum(talk_ms), sum(wrap_up_ms)
    FROM contacts WHERE queued_at >= $1 AND queued_at < $2 GROUP BY 1, 2
"""
"""The report of queues by day for who keeps contacts only."""

Value = str | int | datetime | None


async def measure(report: Report) -> None:
    """Load the month into a PostgreSQL of its own, and ask for each report several times."""
    async with own_postgres() as server, empty_store(server) as store:
        url = server.tcp_url(str(store.engine.url.database))
        engine = connect(url, statement_limit_s=LIMIT_S, poolclass=NullPool)
        async with engine.begin() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            await _load(raw, tables.contacts, CONTACTS, _contacts())
            await _load(raw, tables.queue_intervals, QUARTERS * QUEUES, _queues())
            await _load(raw, tables.place_intervals, QUARTERS * QUEUES, _places())
            await raw.execute("INSERT INTO newest VALUES ('reporting', '2026-03-01Z')")
            await raw.execute("ANALYZE")
        async with held(engine) as now:
            await _ask(report, now)
    report.note = (
        f"A month of {CONTACTS:,} contacts: {QUEUES} queues of {CLIENTS} clients, all of whose "
        "quarters have rows. The baseline is the same day's figures counted from contacts."
    )


async def _ask(report: Report, now: Held) -> None:
    raw: Any = (await now.connection.get_raw_connection()).driver_connection
    ends = SPAN.within(MOSCOW)
    counted = await _ms(partial(raw.fetch, COUNTED, *ends), 1)
    for kind, cut, page in ASKED:
        times = 1 if kind == "callers" else TIMES
        took = await _ms(partial(_rows, now, _wanted(kind, cut), page), times)
        baseline = counted[0] if (kind, cut) == ("queues", "day") else None
        what = f"{kind}, {cut}" + (f", a page of {page}" if page else "")
        report.add(what, took, "ms", baseline=baseline)
    first = queries.contacts_of(queries.Span(*ends, "client7", None), None).limit(100)
    took = await _ms(partial(now.connection.execute, first), TIMES)
    report.add("a client's first hundred contact records", took, "ms")


async def _ms(ask: Callable[[], Any], times: int) -> list[float]:
    took_ms = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - began) * 1_000)
    return took_ms


async def _rows(now: Held, wanted: Wanted, limit: int | None) -> None:
    async for row in rows(now.connection, wanted, None, limit):
        figures(wanted, wanted.kind.shown, row)


def _wanted(kind: str, cut: Interval) -> Wanted:
    asked = KINDS[kind]
    return Wanted(
        kind=asked,
        in_force=(InForce(STANDARD),),
        span=SPAN,
        cut=cut,
        zones=Zones(MOSCOW),
        by=asked.by,
        sums=tuple(sums_of([STANDARD], asked.shown)),
        filters={},
    )


async def _load(raw: Any, table: Table, count: int, records: Iterator[Mapping[str, Value]]) -> None:
    """Copy `count` records; a column that they do not name is null, or empty."""
    first = next(records)
    others = {c.name: _nothing(c) for c in table.columns if c.name not in first and not c.nullable}
    lines = _lines(itertools.chain([first], records), tuple(others.values()))
    await raw.copy_to_table(
        table.name,
        source=_drawn(lines, table.name, count),
        columns=[*first, *others],
        format="csv",
    )


def _lines(records: Iterable[Mapping[str, Value]], others: tuple[Value, ...]) -> Iterator[str]:
    rest = "".join(f",{value}" for value in others) + "\n"
    return (",".join(map(str, record.values())) + rest for record in records)


async def _drawn(lines: Iterator[str], name: str, count: int) -> AsyncIterator[bytes]:
    for done in range(0, count, ROWS_AT_ONCE):
        draw(f"rows of {name}", done, count)
        yield "".join(itertools.islice(lines, min(ROWS_AT_ONCE, count - done))).encode()
    draw(f"rows of {name}", count, count)


def _nothing(column: Column[Any]) -> Value:
    if isinstance(column.type, DateTime):
        return FROM
    return 0 if isinstance(column.type, BigInteger) else '""'


def _contacts() -> Iterator[Mapping[str, Value]]:
    """Yield contacts evenly over the month; half as many callers as contacts."""
    apart = timedelta(days=DAYS) / CONTACTS
    for number in itertools.count():
        at = FROM + number * apart
        wait_ms = number * 7_919 % 60_000
        yield {
            "call_id": f"c{number:09}",
            "client_id": f"client{number % CLIENTS}",
            "project_id": "main",
            "channel": "voice",
            "direction": "inbound",
            "caller_ref": f"ref{number * 7_919 % (CONTACTS // 2 + 1)}",
            "queue_id": f"queue{number % QUEUES}",
            "outcome": "answered" if number % 10 else "abandoned",
            "arrived_at": at,
            "queued_at": at,
            "ended_at": at + timedelta(milliseconds=wait_ms + 150_000),
            "wait_ms": wait_ms,
            "talk_ms": 150_000,
            "row_version": 5,
        }


def _cells() -> Iterator[tuple[int, Mapping[str, Value]]]:
    """Yield the sums of each queue's quarters, and which queue it is."""
    for quarter in itertools.count():
        for queue in range(QUEUES):
            yield (
                queue,
                {
                    "interval_start": (FROM + quarter * timedelta(minutes=15)).astimezone(UTC),
                    "client_id": f"client{queue % CLIENTS}",
                    "project_id": "main",
                    "offered": EACH,
                    "answered": EACH * 9 // 10,
                    "answered_in_20": EACH * 3 // 10,
                    "wait_to_answer_ms": EACH * 27_000,
                    "talk_ms": EACH * 135_000,
                    "row_version": 5,
                },
            )


def _queues() -> Iterator[Mapping[str, Value]]:
    for queue, cell in _cells():
        yield {**cell, "queue_id": f"queue{queue}", "channel": "voice"}


def _places() -> Iterator[Mapping[str, Value]]:
    for queue, cell in _cells():
        yield {
            **cell,
            "region": f"region{queue}",
            "home_site_id": f"site{queue % SITES}",
            "answering_site_id": f"site{queue // SITES % SITES}",
        }
