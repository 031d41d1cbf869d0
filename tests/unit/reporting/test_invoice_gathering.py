"""An invoice comes out the same whatever the order in which the log's topics were read."""

import random
from datetime import date

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.billing import Rule, Takes, Terms
from contact_events.calls import Text
from contact_events.envelope import Envelope
from reporting.domain.agreements import Tariff
from reporting.domain.counts import WaitCounts, summed
from reporting.domain.folding import Folding
from reporting.domain.invoicing.gathering import work_of
from reporting.domain.invoicing.lines import Rated, rated
from reporting.domain.invoicing.spans import Days
from reporting.domain.invoicing.work import Work
from reporting.domain.sums import queue_sums
from tests.support.busy_day import busy_day, fresh, interleaved
from tests.support.histories import Story

MARCH = Days(date(2026, 3, 1), date(2026, 4, 1))
RULES = (
    Rule(rule_id="talk", kind="per_minute", price="7.77", of="handling", round_up_s=6),
    Rule(rule_id="cards", kind="per_contact", price="3", takes=Takes(queue_ids=("cards",))),
    Rule(rule_id="others", kind="per_contact", price="1"),
    Rule(rule_id="level", kind="service_level", definition_id="standard", penalty_below="0.9"),
)
TARIFF = Tariff(
    name=Text(ru="Тариф", en="Tariff"),
    client_id="acme",
    currency="RUB",
    terms=(Terms(valid_from="2026-01-01", rules=RULES),),
)


def work(events: list[Envelope], tariff: Tariff = TARIFF) -> Work:
    folding = Folding()
    for event in events:
        folding.take(event)
    return work_of(tariff, MARCH, folding.facts.values(), folding.spells)


def lines(events: list[Envelope]) -> list[Rated]:
    return rated(TARIFF, MARCH, {}, work(events))


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_any_interleaving_of_the_topics_makes_the_same_lines_with_the_same_items(
    rnd: random.Random,
) -> None:
    log = busy_day(rnd).log
    assert lines(fresh(interleaved(rnd, log))) == lines(fresh(log))


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_the_waits_of_an_invoice_are_those_of_the_intervals(rnd: random.Random) -> None:
    folding = Folding()
    for event in fresh(busy_day(rnd).log):
        folding.take(event)
    intervals = WaitCounts()
    for facts in folding.facts.values():
        for counts in queue_sums(facts).values():
            intervals = summed(intervals, counts)
    found = work_of(TARIFF, MARCH, folding.facts.values(), folding.spells)
    for name, count in msgspec.structs.asdict(intervals).items():
        assert sum(wait.sums[name] for wait in found.waits) == count


def test_contacts_of_others_and_of_other_projects_are_not_in_it() -> None:
    story = Story()
    for call in ("c1", "c2"):
        story.arrives(call)
        story.abandons(call, 0)
    events = [
        msgspec.structs.replace(event, client="zeta") if event.stream == "c2" else event
        for event in fresh(story.log)
    ]
    assert [each.call_id for each in work(events).contacts] == ["c1"]
    other = msgspec.structs.replace(TARIFF, project_ids=("another",))
    assert work(events, other) == Work()
    cards = msgspec.structs.replace(TARIFF, project_ids=("cards",))
    assert [each.call_id for each in work(events, cards).contacts] == ["c1"]


def test_a_contact_that_goes_on_is_not_in_it() -> None:
    story = Story()
    story.arrives("c1")
    story.queues("c1")
    assert work(fresh(story.log)).contacts == ()
    story.abandons("c1")
    assert [each.outcome for each in work(fresh(story.log)).contacts] == ["abandoned"]
