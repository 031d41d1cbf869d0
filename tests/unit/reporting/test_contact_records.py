"""A contact's record and the intervals, against stories whose figures are plain to see."""

import random
from collections import defaultdict
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contact_events.calls import CallQueued, CallRecovered
from reporting.domain import facts as facts_of
from reporting.domain.contacts import Contact, contact_of, legs_of
from reporting.domain.counts import THRESHOLDS_S, WaitCounts
from reporting.domain.facts import CallFacts, milliseconds
from reporting.domain.quarters import interval_of
from reporting.domain.sums import agent_sums, queue_sums
from reporting.domain.timelines import AgentNow, spells_until
from tests.support.histories import Story, plain_call
from tests.support.specimens import NOON, moments


def folded(story: Story, call: str = "c1") -> CallFacts:
    facts = CallFacts(call_id=call)
    for seen in story.log:
        if facts_of.call_of(seen.envelope.data) == call:
            facts_of.evolve(facts, seen.envelope)
    return facts


def contact(story: Story, call: str = "c1") -> Contact:
    found = contact_of(folded(story, call))
    assert found is not None
    return found


def counted(story: Story, call: str = "c1") -> WaitCounts:
    (counts,) = queue_sums(folded(story, call)).values()
    return counts


def test_a_plain_call_is_recorded_from_arrival_to_wrap_up() -> None:
    record = contact(plain_call())
    assert record.outcome == "answered"
    assert (record.client_id, record.project_id) == ("acme", "cards")
    assert (record.self_service_ms, record.wait_ms) == (3_000, 7_000)
    assert (record.talk_ms, record.wrap_up_ms) == (60_000, 30_000)
    assert (record.agent_id, record.answering_site_id, record.home_site_id) == (
        "a1",
        "moscow",
        "minsk",
    )


def test_an_interval_holds_what_happened_in_it() -> None:
    assert counted(plain_call()) == WaitCounts(
        offered=1,
        answered=1,
        wait_to_answer_ms=7_000,
        talk_ms=60_000,
        wrap_up_ms=30_000,
        offers=1,
        **{f"answered_in_{limit_s}": 1 for limit_s in THRESHOLDS_S if limit_s >= 7},
    )
    assert next(iter(agent_sums(folded(plain_call())).values())).answered == 1


def test_an_acceptance_whose_caller_had_gone_is_an_abandonment() -> None:
    story = Story()
    story.claim()
    story.arrives("c1")
    story.queues("c1")
    story.passes(4)
    story.answers("c1", "a1", story.routes("c1", "a1"))
    story.abandons("c1")
    assert contact(story).outcome == "abandoned"
    assert counted(story) == WaitCounts(
        offered=1,
        abandoned=1,
        wait_to_abandon_ms=4_000,
        offers=1,
        **{f"abandoned_in_{limit_s}": 1 for limit_s in THRESHOLDS_S},
    )


def test_a_caller_who_leaves_in_the_flow_was_never_offered() -> None:
    story = Story()
    story.arrives("c1")
    story.passes(9)
    story.abandons("c1", 0)
    assert contact(story).outcome == "abandoned_in_flow"
    assert queue_sums(folded(story)) == {}


def recovered(story: Story, attempt: int, reason: str) -> None:
    event = CallRecovered(call_id="c1", attempt=attempt, queue_id="cards", reason=reason)  # type: ignore[arg-type]
    story.append(event, "c1")


def test_a_caller_who_was_not_joined_goes_on_with_the_same_wait() -> None:
    story = Story()
    story.arrives("c1")
    story.queues("c1")
    story.passes(30)
    recovered(story, 2, "not_joined")
    story.passes(10)
    story.abandons("c1", 2)
    counts = counted(story)
    assert (counts.offered, counts.abandoned, counts.wait_to_abandon_ms) == (1, 1, 40_000)
    assert (counts.abandoned_in_30, counts.abandoned_in_45) == (0, 1)


def test_a_transfer_is_a_wait_of_its_own_in_the_other_queue() -> None:
    story = Story()
    story.claim()
    story.arrives("c1")
    story.queues("c1")
    story.connects("c1", "a1", story.routes("c1", "a1"))
    story.passes(50)
    story.queues("c1", 2, "billing")
    story.passes(6)
    story.connects("c1", "a2", story.routes("c1", "a2", 2), 2)
    story.passes(20)
    story.disconnects("c1", 2)
    cells = {queue: counts for (_, queue, *_), counts in queue_sums(folded(story)).items()}
    assert cells["cards"].talk_ms == 50_000
    assert (cells["billing"].answered, cells["billing"].wait_to_answer_ms) == (1, 6_000)
    assert contact(story).talk_ms == 70_000
    assert contact(story).agent_id == "a1"


def test_answered_counts_where_it_happened_and_offered_where_the_wait_began() -> None:
    story = Story()
    story.claim()
    story.passes(14 * 60 + 55)
    story.arrives("c1")
    story.queues("c1")
    story.passes(10)
    story.connects("c1", "a1", story.routes("c1", "a1"))
    cells = {start: counts for (start, *_), counts in queue_sums(folded(story)).items()}
    assert (cells[NOON].offered, cells[NOON].answered) == (1, 0)
    later = cells[NOON + timedelta(minutes=15)]
    assert (later.offered, later.answered) == (0, 1)


@given(st.randoms(use_true_random=False))
def test_any_interleaving_of_the_topics_gives_the_same_record(rnd: random.Random) -> None:
    story = plain_call()
    by_topic = defaultdict(list)
    for seen in story.log:
        by_topic[seen.place.topic].append(seen)
    order = [topic for topic, seen in by_topic.items() for _ in seen]
    rnd.shuffle(order)
    shuffled = Story()
    shuffled.log = [by_topic[topic].pop(0) for topic in order]
    assert contact(shuffled) == contact(plain_call())
    assert queue_sums(folded(shuffled)) == queue_sums(folded(plain_call()))


@given(moments, moments, moments)
def test_lengths_that_adjoin_add_up_exactly(one: datetime, two: datetime, three: datetime) -> None:
    a, b, c = sorted([one, two, three])
    assert milliseconds(a, b) + milliseconds(b, c) == milliseconds(a, c)


@given(moments, st.integers(0, 86_400_000))
def test_an_agents_time_is_cut_at_the_quarters_and_nothing_is_lost(
    since: datetime, length_ms: int
) -> None:
    start = since + timedelta(0)
    end = start + timedelta(milliseconds=length_ms)
    now = AgentNow("a1", "moscow", "Ready", None, start, start)
    cut = list(spells_until(now, end))
    assert sum(spell.length_ms for spell in cut) == milliseconds(start, end)
    assert all(0 <= spell.length_ms <= 900_000 for spell in cut)
    starts = [spell.key.interval_start for spell in cut]
    assert starts == sorted({interval_of(each) for each in starts})


def test_what_callers_were_told_is_compared_with_what_the_answered_waited() -> None:
    story = Story()
    for call, told_s, waits_s in (("long", 10.0, 12.5), ("short", 10.0, 4), ("untold", None, 9)):
        story.arrives(call)
        queued = CallQueued(call_id=call, attempt=1, queue_id="cards", expected_wait_s=told_s)
        story.append(queued, call)
        story.passes(waits_s)
        story.connects(call, "a1", story.routes(call, "a1"))
    long, short, untold = (counted(story, call) for call in ("long", "short", "untold"))
    assert (long.expected_answered, short.expected_answered, untold.expected_answered) == (1, 1, 0)
    assert (long.expected_wait_error_ms, short.expected_wait_error_ms) == (2_500, 6_000)
    assert (long.expected_wait_bias_ms, short.expected_wait_bias_ms) == (2_500, -6_000)
    assert [leg.expected_wait_ms for leg in legs_of(folded(story, "long"))] == [10_000]


def test_a_caller_who_gave_up_was_told_something_that_no_wait_confirms() -> None:
    story = Story()
    story.arrives("c1")
    queued = CallQueued(call_id="c1", attempt=1, queue_id="cards", expected_wait_s=5.0)
    story.append(queued, "c1")
    story.passes(30)
    story.abandons("c1", 1)
    assert (counted(story).abandoned, counted(story).expected_answered) == (1, 0)


def test_who_was_not_joined_is_held_to_what_the_wait_began_with() -> None:
    story = Story()
    story.arrives("c1")
    queued = CallQueued(call_id="c1", attempt=1, queue_id="cards", expected_wait_s=5.0)
    story.append(queued, "c1")
    story.passes(30)
    recovered(story, 2, "not_joined")
    story.passes(10)
    story.connects("c1", "a1", story.routes("c1", "a1", 2), 2)
    assert counted(story).expected_wait_error_ms == 35_000
