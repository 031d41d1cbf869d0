"""Every measure equals a slow and plain one made straight from lists of events."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.domain.counts import THRESHOLDS_S
from reporting.domain.folding import Folding
from reporting.domain.measures.catalogue import MEASURES, measured
from reporting.domain.measures.definition import STANDARD
from reporting.domain.quarters import interval_of
from reporting.reports.kinds import KINDS
from reporting.reports.sources import STATE_SUMS
from tests.support.histories import Story
from tests.support.random_days import AGENTS, STATUSES, Teller, envelopes, random_day
from tests.support.slow_measures import (
    Slow,
    Wait,
    accepted,
    contact_measures,
    state_s,
    steps,
    waits_of,
)

COSTLY = msgspec.structs.replace(STANDARD, agent_hour_cost=600.0)
thresholds = st.sampled_from(THRESHOLDS_S)


def folded(teller: Teller) -> Folding:
    folding = Folding()
    for envelope in envelopes(teller):
        folding.take(envelope)
    return folding


def sums(folding: Folding, table: str, of: Callable[[Any], bool]) -> Counter[str]:
    """Return the sums of the cells of a table whose key passes."""
    total: Counter[str] = Counter()
    for key, change in folding.changes()[table].items():
        if of(key):
            total.update(msgspec.structs.asdict(change.counts))
    return total


def of_group(names: tuple[str, ...], group: tuple[str, ...]) -> Callable[[Any], bool]:
    """Return what tells whether a key is of this group."""
    return lambda key: tuple(getattr(key, name) for name in names) == group


def both(of: Callable[[Any], bool], within: Callable[[datetime], bool]) -> Callable[[Any], bool]:
    """Return what tells whether a key is of a group and within the time."""
    return lambda key: of(key) and within(key.interval_start)


def all_waits(teller: Teller) -> list[Wait]:
    return [
        wait
        for call_id, events in teller.calls.items()
        if call_id in teller.whose
        for wait in waits_of(
            events, dict(zip(("client_id", "project_id"), teller.whose[call_id], strict=True))
        )
    ]


def calls_of(teller: Teller) -> list[Any]:
    return [events for call_id, events in teller.calls.items() if call_id in teller.whose]


def same(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else one == pytest.approx(other)


def quarters(starts: Iterable[datetime], rnd: random.Random) -> Callable[[datetime], bool]:
    """Return what tells whether a moment lies in some quarters, chosen by random."""
    known = sorted(set(starts))
    chosen = set(rnd.sample(known, rnd.randint(1, len(known))))
    return lambda at: interval_of(at) in chosen


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), thresholds, thresholds)
def test_every_measure_of_waits_is_the_plain_one(
    rnd: random.Random, threshold_s: int, short_s: int
) -> None:
    teller = random_day(rnd)
    waits = all_waits(teller)
    folding = folded(teller)
    within = quarters([interval_of(w.began) for w in waits] or [teller.begins], rnd)
    definition = msgspec.structs.replace(COSTLY, threshold_s=threshold_s, short_abandon_s=short_s)
    slow = Slow(waits, within, threshold_s, short_s)
    for table in ("queue_intervals", "place_intervals"):
        fast = sums(folding, table, lambda key: within(key.interval_start))
        for name in KINDS["queues"].measures:
            assert same(measured(name, fast, definition), slow.value(name)), name


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_measure_holds_for_each_queue_and_each_place_by_itself(rnd: random.Random) -> None:
    teller = random_day(rnd)
    folding, waits = folded(teller), all_waits(teller)
    for table, groups in (
        ("queue_intervals", ("queue_id", "client_id", "project_id")),
        ("place_intervals", ("region", "home_site_id", "answering_site_id")),
    ):
        for group in {tuple(w.key[name] for name in groups) for w in waits}:
            fast = sums(folding, table, of_group(groups, group))
            mine = [w for w in waits if tuple(w.key[name] for name in groups) == group]
            slow = Slow(mine, lambda _: True)
            for name in KINDS["queues"].measures:
                assert same(measured(name, fast, COSTLY), slow.value(name)), (table, group, name)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_over_any_span_what_was_offered_ended_or_was_carried_over(rnd: random.Random) -> None:
    teller = random_day(rnd)
    waits, folding = all_waits(teller), folded(teller)
    starts = [key.interval_start for key in folding.changes()["queue_intervals"]]
    start, end = sorted(rnd.choices([*starts, teller.begins], k=2))
    fast = sums(folding, "queue_intervals", lambda k: start <= k.interval_start < end)

    def waiting(at: datetime) -> int:
        return len([w for w in waits if w.began < at and (w.ended is None or w.ended >= at)])

    carried = measured("carried_over", fast, STANDARD)
    assert carried == waiting(end) - waiting(start)


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_measure_of_contacts_and_of_agents_is_the_plain_one(rnd: random.Random) -> None:
    teller = random_day(rnd)
    calls, folding = calls_of(teller), folded(teller)
    within = quarters([interval_of(events[0][0]) for events in calls], rnd)
    fast = sums(folding, "contact_intervals", lambda key: within(key.interval_start))
    for name, value in contact_measures(calls, within).items():
        assert same(measured(name, fast, STANDARD), value), name
    entered = sums(folding, "flow_step_intervals", lambda key: within(key.interval_start))
    assert entered["entered"] == steps(calls, within)
    for agent in AGENTS:
        mine = of_group(("agent_id",), (agent,))
        counts = sums(folding, "agent_intervals", both(mine, within))
        plain = accepted(calls, agent, within)
        assert (counts["offered"], counts["rang_out"], counts["talks"]) == (
            plain["offers"],
            plain["rang_out"],
            plain["answered"],
        )


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_occupancy_and_utilisation_are_the_plain_ones(rnd: random.Random) -> None:
    teller = random_day(rnd, calls=0)
    folding = folded(teller)
    for agent in AGENTS:
        spells = Counter[str]()
        for key, length_ms in folding.spells.items():
            if key.agent_id == agent:
                spells[STATE_SUMS[key.status]] += length_ms
        events = teller.calls[f"agent {agent}"]
        lengths = {each: state_s(events, lambda _: True, each) for each in STATUSES}
        busy = sum(lengths[each] for each in ("Reserved", "Talking", "Hold", "WrapUp"))
        there = busy + lengths["Ready"] + lengths["NotReady"]
        free = busy + lengths["Ready"]
        assert same(measured("occupancy", spells, COSTLY), busy / free if free else None)
        assert same(measured("utilisation", spells, COSTLY), busy / there if there else None)
        assert same(measured("signed_in_hours", spells, COSTLY), there / 3_600)
        assert same(measured("staff_cost", spells, COSTLY), there / 6)


def test_every_measure_belongs_to_some_report() -> None:
    assert {name for kind in KINDS.values() for name in kind.measures} == MEASURES.keys()


def test_who_is_answered_at_the_threshold_is_in_time_and_who_leaves_then_is_not_within_it() -> None:
    story = Story()
    for call in ("answered", "gone"):
        story.arrives(call)
        story.queues(call)
        story.passes(20)
        if call == "gone":
            story.abandons(call)
        else:
            story.connects(call, "a1", story.routes(call, "a1"))
    folding = Folding()
    for seen in story.log:
        folding.take(seen.envelope)
    fast = sums(folding, "queue_intervals", lambda _: True)
    assert (fast["answered_in_20"], fast["answered_in_15"]) == (1, 0)
    assert (fast["abandoned_in_20"], fast["abandoned_in_30"]) == (0, 1)
