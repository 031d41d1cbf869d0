"""Catching up in parts equals rebuilding; what is written twice changes no row."""

import random
from collections import defaultdict
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from contact_events.envelope import Envelope
from contact_events.intake import Intake
from reporting import tables
from reporting.domain.audit.findings import Seen
from reporting.domain.facts import CallFacts, call_of
from reporting.domain.folding import LONG_AGO, Folding
from reporting.domain.timelines import AgentNow
from reporting.projections import added, replaced
from reporting.writing import Row, figures
from tests.support.histories import Story, plain_call

Tables = dict[str, dict[tuple[Any, ...], Row]]


def busy_day(rnd: random.Random) -> Story:
    """Return a story of many calls, some abandoned, some transferred, by random."""
    story = plain_call()
    story.agent("a1", "Ready")
    for number in range(2, rnd.randint(4, 9)):
        call = f"c{number}"
        story.arrives(call)
        story.passes(rnd.randint(1, 400))
        if rnd.random() < 0.2:
            story.abandons(call, 0)
            continue
        story.queues(call, queue=rnd.choice(["cards", "billing"]))
        story.passes(rnd.randint(0, 60))
        if rnd.random() < 0.3:
            story.abandons(call)
            continue
        reservation = story.routes(call, "a1")
        story.answers(call, "a1", reservation)
        story.agent("a1", "Talking", state="talking", reservation=reservation)
        story.connects(call, "a1", reservation)
        story.passes(rnd.randint(10, 900))
        story.disconnects(call)
        story.wraps_up(call, "a1", reservation, rnd.randint(0, 90))
    return story


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


def fresh(log: list[Seen]) -> list[Envelope]:
    """Return what a reader takes of the log."""
    intake = Intake()
    return [s.envelope for s in log if intake.takes(s.place.topic, s.envelope)]


def cut(rnd: random.Random, events: list[Envelope]) -> list[list[Envelope]]:
    """Return the events in batches of random sizes."""
    batches: list[list[Envelope]] = [[]]
    for event in events:
        if rnd.random() < 0.2:
            batches.append([])
        batches[-1].append(event)
    return batches


def interleaved(rnd: random.Random, log: list[Seen]) -> list[Seen]:
    """Return the log in another order of topics, each topic's own order kept."""
    by_topic: dict[str, list[Seen]] = defaultdict(list)
    for seen in log:
        by_topic[seen.place.topic].append(seen)
    order = [topic for topic, records in by_topic.items() for _ in records]
    rnd.shuffle(order)
    return [by_topic[topic].pop(0) for topic in order]


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_catching_up_in_parts_and_in_any_interleaving_equals_rebuilding(
    rnd: random.Random,
) -> None:
    log = busy_day(rnd).log
    rebuilt = catch_up([fresh(log)])
    assert catch_up(cut(rnd, fresh(interleaved(rnd, log)))) == rebuilt


@settings(max_examples=30)
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
