"""Catching up in parts equals rebuilding; what is written twice changes no row."""

import random
from collections import defaultdict
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from contact_events.envelope import Envelope
from reporting import tables
from reporting.domain.counts import WaitCounts
from reporting.domain.facts import CallFacts, call_of
from reporting.domain.folding import LONG_AGO, Folding
from reporting.domain.timelines import AgentNow
from reporting.projections import added, replaced
from reporting.writing import Row, figures
from tests.support.busy_day import busy_day, cut, fresh, interleaved

Tables = dict[str, dict[tuple[Any, ...], Row]]


def store(kept: Tables, folding: Folding) -> None:
    """Write what the folding changed, as `projections.project` does in SQL."""
    for table, rows in replaced(folding).items():
        for row in rows:
            kept[table.name][_key(table, row)] = _content(table, row)
    for table, rows in added(folding).items():
        for row in rows:
            before = kept[table.name].get(_key(table, row))
            kept[table.name][_key(table, row)] = _sum(table, before, row)


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _content(table: Table, row: Row) -> Row:
    names = [*(column.name for column in table.primary_key), *figures(table)]
    return {name: row[name] for name in names}


def _sum(table: Table, before: Row | None, row: Row) -> Row:
    added_up = {n: row[n] + (before[n] if before else 0) for n in figures(table)}
    return _content(table, row) | added_up


def catch_up(batches: list[list[Envelope]]) -> Tables:
    """Return the tables after these batches, each folded onto what the tables then held."""
    kept: Tables = defaultdict(dict)
    for batch in batches:
        calls = {call_of(e.data) for e in batch}
        facts = [row["facts"] for row in kept["call_facts"].values() if row["call_id"] in calls]
        folding = Folding(
            [msgspec.json.decode(text, type=CallFacts) for text in facts],
            [AgentNow(**row) for row in kept["agents_now"].values()],
            max((row["at"] for row in kept["newest"].values()), default=LONG_AGO),
        )
        for envelope in batch:
            folding.take(envelope)
        store(kept, folding)
    return {name: _without_zeros(name, rows) for name, rows in kept.items()}


def _without_zeros(name: str, rows: dict[tuple[Any, ...], Row]) -> dict[tuple[Any, ...], Row]:
    summed = name in {table.name for table in tables.SUMS}
    return {k: row for k, row in rows.items() if not summed or any(_figures(row))}


def _figures(row: Row) -> list[int]:
    return [value for value in row.values() if isinstance(value, int)]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_catching_up_in_parts_and_in_any_interleaving_equals_rebuilding(
    rnd: random.Random,
) -> None:
    log = busy_day(rnd).log
    rebuilt = catch_up([fresh(log)])
    assert catch_up(cut(rnd, fresh(interleaved(rnd, log)))) == rebuilt


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_parts_of_an_interval_do_not_differ(rnd: random.Random) -> None:
    kept = catch_up([fresh(busy_day(rnd).log)])
    queues, places = (kept.get(f"{what}_intervals", {}) for what in ("queue", "place"))
    for name in WaitCounts.__struct_fields__:
        total = sum(row[name] for row in queues.values())
        assert total == sum(row[name] for row in places.values()), name
    waits = [
        leg for leg in kept["contact_legs"].values() if leg["queue_id"] not in (None, "experts")
    ]
    unjoined = sum(1 for leg in waits if leg["outcome"] == "moved")
    assert sum(row["offered"] for row in queues.values()) == len(waits) - unjoined
    for outcome in ("answered", "abandoned", "overflowed", "failed"):
        told = sum(1 for leg in waits if leg["outcome"] == outcome)
        assert sum(row[outcome] for row in queues.values()) == told, outcome


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_records_written_twice_change_no_row(rnd: random.Random) -> None:
    story = busy_day(rnd)
    once = catch_up([fresh(story.log)])
    for seen in rnd.sample(story.log, len(story.log) // 2):
        story.repeat(seen.envelope)
    assert catch_up([fresh(story.log)]) == once


def test_every_table_of_the_projection_is_written_by_it() -> None:
    written = {*replaced(Folding()), *added(Folding())}
    assert written == set(tables.PROJECTED)
