"""Who talked with the caller, for how long, when the call goes from agent to agent."""

from contact_events.calls import CallQueued, CallRecovered
from reporting.domain import facts as facts_of
from reporting.domain.contacts import contact_of, legs_of
from reporting.domain.facts import CallFacts
from reporting.domain.sums import agent_sums, contact_sums, queue_sums
from tests.support.busy_day import taken_over
from tests.support.histories import Story


def folded(story: Story, call: str = "c1") -> CallFacts:
    facts = CallFacts(call_id=call)
    for seen in story.log:
        if facts_of.call_of(seen.envelope.data) == call:
            facts_of.evolve(facts, seen.envelope)
    return facts


def in_talk() -> tuple[Story, str]:
    """Return the story of a caller who has talked with a1 for 40 s, and the reservation."""
    story = Story()
    story.claim()
    story.arrives("c1")
    story.queues("c1")
    story.passes(8)
    reservation = story.routes("c1", "a1")
    story.passes(2)
    story.answers("c1", "a1", reservation)
    story.connects("c1", "a1", reservation)
    story.passes(40)
    return story, reservation


def test_who_takes_over_from_a_consultation_has_a_leg_of_the_callers_contact() -> None:
    story, first = in_talk()
    second = taken_over(story, "c1", first, 1, 100)
    one, two = legs_of(folded(story))
    assert (one.agent_id, one.wait_ms, one.ring_ms) == ("a1", 10_000, 2_000)
    assert (one.talk_ms, one.wrap_up_ms) == (70_000, 10_000)
    assert (two.reason, two.agent_id, two.reservation_id) == ("joined", "a2", second)
    assert (two.talk_ms, two.wrap_up_ms, two.wrap_up_codes) == (100_000, 5_000, '["sold"]')
    contact = contact_of(folded(story))
    assert contact is not None
    assert (contact.legs, contact.attempts, contact.transfers) == (2, 1, 1)
    assert (contact.talk_ms, contact.wrap_up_ms) == (170_000, 15_000)
    assert (contact.consultations, contact.wrap_up_codes) == (1, '["sold"]')


def test_the_talk_of_who_took_over_counts_in_the_queue_that_the_caller_waited_in() -> None:
    story, first = in_talk()
    taken_over(story, "c1", first, 1, 100)
    (counts,) = queue_sums(folded(story)).values()
    assert (counts.answered, counts.talk_ms, counts.wrap_up_ms) == (1, 170_000, 15_000)
    assert counts.transfers_out == 1
    agents = {key.agent_id: each for key, each in agent_sums(folded(story)).items()}
    assert (agents["a1"].talk_ms, agents["a1"].transfers_out) == (70_000, 1)
    assert (agents["a2"].talk_ms, agents["a2"].transfers_in) == (100_000, 1)


def test_a_consultation_is_no_measure_of_callers() -> None:
    story, first = in_talk()
    taken_over(story, "c1", first, 1, 100)
    consult = folded(story, "c1-consult")
    assert (dict(queue_sums(consult)), dict(contact_sums(consult))) == ({}, {})
    (counts,) = agent_sums(consult).values()
    assert (counts.offered, counts.talks, counts.consultations) == (1, 0, 1)
    assert counts.consult_ms == 30_000
    contact = contact_of(consult)
    assert contact is not None
    assert (contact.direction, contact.parent_call_id) == ("internal", "c1")


def test_a_transfer_to_a_queue_is_a_leg_that_names_who_sent_the_caller() -> None:
    story, _ = in_talk()
    sent = CallQueued(call_id="c1", attempt=2, queue_id="billing", sent_by="a1", reason="transfer")
    story.append(sent, "c1")
    story.passes(6)
    story.connects("c1", "a2", story.routes("c1", "a2", 2), 2)
    story.passes(20)
    story.disconnects("c1", 2)
    one, two = legs_of(folded(story))
    assert (one.outcome, one.talk_ms) == ("answered", 40_000)
    assert (two.sent_by, two.queue_id, two.wait_ms, two.talk_ms) == ("a1", "billing", 6_000, 20_000)
    cells = {key.queue_id: each for key, each in queue_sums(folded(story)).items()}
    assert (cells["cards"].transfers_out, cells["billing"].transfers_in) == (1, 1)


def test_one_who_was_not_joined_has_a_leg_that_moved_and_one_wait() -> None:
    story = Story()
    story.arrives("c1")
    story.queues("c1")
    story.passes(30)
    lost = CallRecovered(call_id="c1", attempt=2, queue_id="cards", reason="not_joined")
    story.append(lost, "c1")
    story.passes(10)
    story.abandons("c1", 2)
    one, two = legs_of(folded(story))
    assert (one.outcome, two.outcome, two.wait_ms) == ("moved", "abandoned", 10_000)
    (counts,) = queue_sums(folded(story)).values()
    assert (counts.offered, counts.wait_to_abandon_ms) == (1, 40_000)


def test_a_talk_whose_agent_was_lost_ends_there_and_another_wait_begins() -> None:
    story, _ = in_talk()
    lost = CallRecovered(call_id="c1", attempt=2, queue_id="cards", reason="leg_lost")
    story.append(lost, "c1")
    story.passes(10)
    story.abandons("c1", 2)
    one, two = legs_of(folded(story))
    assert (one.talk_ms, two.outcome) == (40_000, "abandoned")
    contact = contact_of(folded(story))
    assert contact is not None
    assert (contact.outcome, contact.recoveries, contact.talk_ms) == ("answered", 1, 40_000)
