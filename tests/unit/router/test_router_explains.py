"""The explanation of a decision is what the decision was made of, and it can be read by people."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.calls import Text
from contact_events.config import Step
from contact_events.routing import CallOverflowed, CallRouted
from router.domain.evolve import own
from router.domain.explain import ELIGIBLE, Account, account, candidates, excluded
from router.domain.indexes import Indexes
from router.domain.sentences import Names, decision_sentence, free_ru
from tests.support.router_centre import Centre
from tests.support.router_past import decisions_made
from tests.support.router_walk import Walk
from tests.support.router_world import policy, queue

seeds = st.integers(min_value=0, max_value=1 << 32)


@settings(max_examples=15, deadline=None)
@given(seeds, st.sampled_from([100, 400]))
def test_every_agent_is_told_once_and_the_counts_are_those_of_the_decision(
    seed: int, steps: int
) -> None:
    walk = Walk(seed).go(steps)
    walk.rest()
    for state, envelope in decisions_made(walk.topics):
        event: Any = envelope.data
        if not isinstance(event, CallRouted | CallOverflowed):
            continue
        found = account(Indexes(state), event.call_id, event.decided_at)
        assert len({each.agent_id for each in found.candidates}) == len(found.candidates)
        if isinstance(event, CallOverflowed):
            assert found.chosen is None
            continue
        assert {each.agent_id for each in found.candidates} == state.agents.keys()
        assert found.excluded == event.why.excluded
        eligible = [each for each in found.candidates if each.reason in ELIGIBLE]
        assert [each.order for each in eligible] == list(range(1, event.why.eligible + 1))
        assert found.chosen == eligible[0]
        assert eligible[0].agent_id == event.agent_id
        assert found.searched == event.why.searched


def _names() -> Names:
    return Names(
        {
            "site:saransk": Text("Саранск", "Saransk"),
            "site:krasnoyarsk": Text("Красноярск", "Krasnoyarsk"),
            "site:moscow": Text("Москва", "Moscow"),
            "skill:billing": Text("Расчёты", "billing"),
        }
    )


def _offer_of_billing(centre: Centre) -> tuple[CallRouted, Account, Text]:
    offer = centre.offer()
    state = next(s for s, e in decisions_made(centre.topics) if e.data == offer)
    found = account(Indexes(state), offer.call_id, offer.decided_at)
    return offer, found, decision_sentence(own(offer), _names(), found)


def test_a_call_that_goes_away_says_that_nobody_was_free_at_home_and_who_was_elsewhere() -> None:
    centre = Centre()
    centre.agent("s1", "NotReady", site_id="saransk", skills=("billing",))
    for number in (1, 2, 3):
        centre.agent(f"k{number}", site_id="krasnoyarsk", skills=("billing",))
    centre.agent("m1", skills=("sales",))
    centre.call("call", "billing", entry="saransk")
    offer, found, said = _offer_of_billing(centre)
    assert offer.agent_id == "k1"
    assert [(each.agent_id, each.reason) for each in found.candidates] == [
        ("k1", "chosen"),
        ("k2", "behind"),
        ("k3", "behind"),
        ("m1", "skill_missing"),
        ("s1", "not_ready"),
    ]
    missing = found.candidates[3]
    assert (missing.skill, missing.level, missing.needed) == ("billing", None, 1)
    assert excluded(found.candidates) == {"not_ready": 1, "skills": 1}
    assert said.en == (
        "Offered to k1 (Krasnoyarsk) after waiting 0 s: nobody free in Saransk with billing at "
        "level 1; 3 free in Krasnoyarsk; the longest idle was k1."
    )
    assert said.ru == (
        "Предложен оператору k1 (Красноярск) через 0 с ожидания: Саранск: никто не свободен с "
        "навыком «Расчёты» от уровня 1; Красноярск: свободны 3 оператора; дольше всех свободен k1."
    )


def test_a_call_that_stays_at_home_says_who_else_was_free_there() -> None:
    centre = Centre()
    for name, site_id in (("m1", "moscow"), ("m2", "moscow"), ("s1", "saransk")):
        centre.agent(name, site_id=site_id)
    centre.call("call")
    _, found, said = _offer_of_billing(centre)
    assert [(e.agent_id, e.reason, e.order) for e in found.candidates] == [
        ("m1", "chosen", 1),
        ("m2", "behind", 2),
        ("s1", "away", None),
    ]
    assert "2 free in Moscow (home) with sales at level 1" in said.en
    assert "Москва: свободны 2 оператора" in said.ru


def test_where_home_does_not_go_first_the_sentence_says_so_and_who_was_free_elsewhere() -> None:
    centre = Centre()
    centre.say(policy(revision=1, home_first=False))
    for name, site_id in (("k1", "krasnoyarsk"), ("m1", "moscow"), ("s1", "saransk")):
        centre.agent(name, site_id=site_id)
    centre.call("call")
    offer, found, said = _offer_of_billing(centre)
    assert [(e.agent_id, e.reason, e.order) for e in found.candidates] == [
        ("k1", "chosen", 1),
        ("m1", "behind", 2),
        ("s1", "behind", 3),
    ]
    assert said.en == (
        "Offered to k1 (Krasnoyarsk) after waiting 0 s: 1 free in Moscow (home) with sales at "
        "level 1; 1 free in Krasnoyarsk; 1 free in Saransk; home does not go before other sites; "
        "the longest idle was k1."
    )
    assert said.ru == (
        "Предложен оператору k1 (Красноярск) через 0 с ожидания: Москва: свободен 1 оператор с "
        "навыком «sales» от уровня 1; Красноярск: свободен 1 оператор; Саранск: свободен 1 "
        "оператор; своя площадка преимущества не имеет; дольше всех свободен k1."
    )
    alone = decision_sentence(own(offer), _names())
    assert "3 free at this step; home does not go before other sites; the longest" in alone.en
    assert "на этом шаге: свободны 3 оператора; своя площадка преимущества" in alone.ru


def test_who_asked_for_a_consultation_is_told_as_the_asker() -> None:
    centre = Centre()
    centre.agent("a1")
    centre.agent("a2")
    centre.call("call", asked_by="a1")
    _, found, _ = _offer_of_billing(centre)
    assert {each.agent_id: each.reason for each in found.candidates} == {
        "a1": "asker",
        "a2": "chosen",
    }


def test_a_call_for_a_named_agent_tells_what_keeps_the_agent_from_it() -> None:
    centre = Centre()
    centre.agent("a1", "NotReady")
    centre.agent("a2")
    centre.call("call", agent_id="a1")
    assert centre.offers() == []
    found = candidates(Indexes(centre.state.copy()), "call", centre.topics.now)
    assert {each.agent_id: each.reason for each in found} == {"a1": "not_ready", "a2": "not_named"}


def _overflow(centre: Centre) -> Text:
    overflow = centre.overflow()
    state = next(s for s, e in decisions_made(centre.topics) if e.data == overflow)
    found = account(Indexes(state), overflow.call_id, overflow.decided_at)
    return decision_sentence(own(overflow), _names(), found)


def test_a_call_sent_elsewhere_says_how_many_could_have_taken_it() -> None:
    centre = Centre()
    centre.say(queue("sales", revision=2, max_wait_s=60.0, overflow_to="billing"))
    for number in range(2):
        centre.agent(f"a{number}", "NotReady")
    centre.agent("b1", skills=("billing",))
    centre.call("call")
    assert centre.offers() == []
    centre.topics.later(61)
    said = _overflow(centre)
    assert said.en == (
        "The call waited as long as it may (of 2 who could take it nobody is free): "
        "the call goes to the queue billing."
    )
    assert "(из 2 операторов, кто мог бы его принять, никто не свободен)" in said.ru


def test_a_step_that_does_not_look_at_home_says_who_was_free_there() -> None:
    centre = Centre()
    only = Step(name="partner", reach="sites", site_ids=("minsk",))
    centre.say(queue("sales", revision=2, steps=(only,)))
    centre.agent("m1", site_id="moscow")
    centre.agent("p1", site_id="minsk")
    centre.call("call")
    offer, found, said = _offer_of_billing(centre)
    assert offer.agent_id == "p1"
    assert {each.agent_id: each.reason for each in found.candidates} == {
        "p1": "chosen",
        "m1": "away",
    }
    assert (
        "nobody free in Moscow with sales at level 1; this step does not look there, where 1 "
        in (said.en)
    )


def test_a_call_that_does_not_wait_has_no_candidates() -> None:
    assert candidates(Indexes(Centre().state.copy()), "nobody", Centre().topics.now) == []


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "никто не свободен"),
        (1, "свободен 1 оператор"),
        (2, "свободны 2 оператора"),
        (5, "свободно 5 операторов"),
        (11, "свободно 11 операторов"),
        (12, "свободно 12 операторов"),
        (21, "свободен 21 оператор"),
        (104, "свободны 104 оператора"),
        (111, "свободно 111 операторов"),
    ],
)
def test_russian_numerals_agree(count: int, said: str) -> None:
    assert free_ru(count) == said
