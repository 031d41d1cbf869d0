"""Who is offered which call: home first, longest idle, nobody waits for nothing."""

import pytest

from contact_events.agents import Slot
from contact_events.calls import CallConnected, CallPriorityChanged, Text
from contact_events.config import PolicyChanged, Step
from contact_events.locations import CallerLocated
from tests.support.router_centre import Centre
from tests.support.router_world import policy, queue, site


@pytest.fixture
def centre() -> Centre:
    return Centre()


def test_the_callers_home_site_comes_first_among_free_agents(centre: Centre) -> None:
    centre.agent("idle-longest", site_id="minsk")
    centre.agent("at-home", site_id="moscow")
    centre.call("k1", entry="moscow")
    offer = centre.offer()
    assert (offer.agent_id, offer.site_id, offer.why.step) == ("at-home", "moscow", "home")


def test_anybody_anywhere_is_offered_the_call_when_nobody_is_free_at_home(centre: Centre) -> None:
    centre.agent("away", site_id="krasnoyarsk")
    centre.call("k1", entry="moscow")
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step, offer.why.home_site_id) == ("away", "any", "moscow")


def test_home_is_where_the_callers_region_is_answered_once_it_is_known(centre: Centre) -> None:
    centre.agent("east", site_id="krasnoyarsk")
    centre.agent("entry", site_id="moscow")
    located = CallerLocated(call_id="k1", precision="region", source="plan", region="RU-KYA")
    centre.say(located)
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "east")]


def test_the_entry_site_is_home_while_no_site_answers_the_region(centre: Centre) -> None:
    centre.agent("west", site_id="minsk")
    centre.agent("entry", site_id="moscow")
    nowhere = CallerLocated(call_id="k1", precision="region", source="plan", region="US-NY")
    centre.say(nowhere)
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "entry")]


def test_a_call_that_waits_moves_home_when_it_is_located(centre: Centre) -> None:
    centre.call("k1", entry="moscow")
    centre.decide()
    centre.say(CallerLocated(call_id="k1", precision="region", source="plan", region="BY-HM"))
    centre.agent("m", site_id="moscow")
    centre.agent("h", site_id="minsk")
    assert centre.offers() == [("k1", "h")]


def test_the_longest_idle_agent_is_chosen_by_place_in_the_log(centre: Centre) -> None:
    for agent_id in ("third-by-name", "first-by-name", "second-by-name"):
        centre.agent(agent_id)
    for call_id in ("k1", "k2", "k3"):
        centre.call(call_id)
    assert centre.offers() == [
        ("k1", "third-by-name"),
        ("k2", "first-by-name"),
        ("k3", "second-by-name"),
    ]


def test_a_change_puts_the_agent_at_the_end_of_the_idle(centre: Centre) -> None:
    centre.agent("a1")
    centre.agent("a2")
    centre.agent("a1")
    centre.call("k1")
    assert centre.offers() == [("k1", "a2")]


def test_a_freed_agent_takes_recovered_calls_then_priority_then_the_longest_wait(
    centre: Centre,
) -> None:
    centre.call("longest")
    centre.call("vip", priority=1)
    centre.call("lost")
    centre.recovered("lost", 2)
    centre.call("second")
    centre.decide()
    taken = []
    for n in range(4):
        centre.agent(f"a{n}")
        taken += centre.offers()
    assert [call_id for call_id, _ in taken] == ["lost", "vip", "longest", "second"]


def test_the_priority_of_the_queue_counts_and_may_change_while_calls_wait(centre: Centre) -> None:
    skills = ("sales", "billing")
    centre.call("k1", "sales")
    centre.call("k2", "billing")
    centre.decide()
    centre.say(queue("billing", revision=2, priority=5))
    centre.agent("a1", skills=skills)
    assert centre.offers() == [("k2", "a1")]


def test_a_waiting_calls_priority_may_rise_but_not_by_word_of_an_older_attempt(
    centre: Centre,
) -> None:
    centre.call("k1")
    centre.call("k2")
    centre.call("k3")
    centre.again("k3", 2)
    centre.say(CallPriorityChanged(call_id="k2", attempt=1, priority=3))
    centre.say(CallPriorityChanged(call_id="k3", attempt=1, priority=9))
    centre.agent("a1")
    assert centre.offers() == [("k2", "a1")]


def test_a_moved_call_keeps_its_original_time(centre: Centre) -> None:
    centre.call("old", "billing")
    centre.call("young")
    centre.topics.later(60)
    centre.again("old", 2)
    centre.agent("a1")
    offer = centre.offer()
    assert offer.call_id == "old"
    assert offer.why.waited_s == pytest.approx(60, abs=0.1)


def test_time_spent_talking_is_not_waiting(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1")
    first = centre.offer()
    centre.topics.later(5)
    centre.outcome(first)
    centre.say(
        CallConnected(call_id="k1", attempt=1, reservation_id=first.reservation_id, agent_id="a1")
    )
    centre.topics.later(600)
    centre.recovered("k1", 2)
    centre.topics.later(2)
    centre.agent("a2")
    assert centre.offer().why.waited_s == pytest.approx(7)


def test_of_two_calls_that_waited_equally_the_one_at_home_is_taken(centre: Centre) -> None:
    now = centre.topics.now
    centre.call("a-stranger", entry="minsk")
    centre.topics.now = now
    centre.call("b-neighbour", entry="moscow")
    centre.agent("a1", site_id="moscow")
    assert centre.offers() == [("b-neighbour", "a1")]


@pytest.mark.parametrize(("window_s", "first"), [(0.0, "stranger"), (10.0, "neighbour")])
def test_a_home_call_goes_first_only_within_the_fairness_window(
    centre: Centre, window_s: float, first: str
) -> None:
    centre.say(
        PolicyChanged(
            document_id="policy:main",
            revision=1,
            changed_by="test",
            policy_id="main",
            fairness_window_s=window_s,
        )
    )
    centre.call("stranger", entry="minsk")
    centre.topics.later(8)
    centre.call("neighbour", entry="moscow")
    centre.agent("a1", site_id="moscow")
    assert [call_id for call_id, _ in centre.offers()] == [first]


def test_where_home_does_not_go_first_the_selection_alone_decides(centre: Centre) -> None:
    centre.say(policy(revision=1, home_first=False))
    centre.agent("idle-longest", site_id="minsk")
    centre.agent("at-home", site_id="moscow")
    centre.call("k1", entry="moscow")
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step, offer.home_first) == ("idle-longest", "any", False)
    centre.call("k2", entry="moscow")
    assert centre.offers() == [("k2", "at-home")]


def test_a_step_looks_at_its_sites_alike_where_home_does_not_go_first(centre: Centre) -> None:
    centre.say(policy(revision=1, home_first=False))
    west = Step(name="west", reach="sites", site_ids=("minsk", "moscow"))
    centre.say(queue("sales", revision=2, steps=(west,)))
    centre.agent("east", site_id="krasnoyarsk")
    centre.agent("minsk-idle-longer", site_id="minsk")
    centre.agent("moscow", site_id="moscow")
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "minsk-idle-longer")]


def test_a_step_that_names_home_keeps_its_meaning_where_home_does_not_go_first(
    centre: Centre,
) -> None:
    centre.say(policy(revision=1, home_first=False))
    steps = (Step(name="home", reach="home"), Step(name="any", reach="any"))
    centre.say(queue("sales", revision=2, steps=steps))
    centre.agent("idle-longest", site_id="minsk")
    centre.agent("at-home", site_id="moscow")
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "at-home")]


def test_waits_are_compared_with_home_also_where_it_does_not_go_first(centre: Centre) -> None:
    centre.say(policy(revision=1, home_first=False))
    sooner = Step(name="sooner elsewhere", reach="any", wait_improved_s=15.0)
    centre.say(queue("sales", revision=2, steps=(sooner,)))
    centre.agent("idle-longest", site_id="minsk")
    centre.agent("at-home", site_id="moscow")
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "at-home")]


@pytest.mark.parametrize(("home_first", "first"), [(True, "neighbour"), (False, "stranger")])
def test_within_the_window_a_home_call_goes_first_only_if_it_stays_at_home(
    centre: Centre, home_first: bool, first: str
) -> None:
    """Two agents come at once; where home does not go first the neighbour's is the other one."""
    centre.say(policy(revision=1, home_first=home_first, fairness_window_s=10.0))
    both = {"sales": 1, "billing": 1}
    centre.say(queue("billing", revision=2, selection="least_skilled"))
    centre.call("stranger", entry="minsk")
    centre.call("neighbour", "billing", entry="moscow")
    centre.decide()
    centre.agent("versatile", site_id="moscow", skills=both)
    centre.agent("plain", site_id="krasnoyarsk", skills={"billing": 1})
    assert next(call_id for call_id, _ in centre.offers()) == first


def test_an_agent_needs_every_skill_at_the_level_that_the_queue_asks(centre: Centre) -> None:
    centre.say(queue("billing", revision=2, skills={"billing": 1, "english": 1}))
    centre.agent("half", skills=("billing",))
    centre.call("k1", "billing")
    assert centre.offers() == []
    centre.agent("whole", skills=("billing", "english"))
    assert centre.offers() == [("k1", "whole")]


def test_a_skill_may_be_asked_at_a_higher_level_later(centre: Centre) -> None:
    centre.agent("a1")
    centre.say(queue("sales", revision=2, skills={"sales": 5}))
    centre.call("k1")
    assert centre.offers() == []
    centre.say(queue("sales", revision=3, skills={"sales": 1}))
    assert centre.offers() == [("k1", "a1")]


def test_a_call_for_a_named_agent_is_offered_to_nobody_else(centre: Centre) -> None:
    centre.agent("other")
    centre.call("k1", agent_id="wanted")
    assert centre.offers() == []
    centre.agent("wanted", skills=())
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step, offer.queue_id) == ("wanted", "named", None)


def test_a_consultation_is_not_offered_to_the_agent_who_asked_for_it(centre: Centre) -> None:
    centre.agent("asker")
    centre.call("consultation", asked_by="asker")
    centre.call("caller")
    assert centre.offers() == [("caller", "asker")]
    centre.agent("colleague")
    offer = centre.offer()
    assert (offer.call_id, offer.agent_id) == ("consultation", "colleague")


def test_an_agent_with_two_free_slots_is_offered_two_calls(centre: Centre) -> None:
    centre.agent("a1", slots=(Slot(slot=0, state="free"), Slot(slot=1, state="free")))
    for call_id in ("k1", "k2", "k3"):
        centre.call(call_id)
    offers = [(d.call_id, d.slot) for d in centre.decide()]
    assert offers == [("k1", 0), ("k2", 1)]


def test_a_call_says_how_many_were_eligible_and_why_the_others_were_not(centre: Centre) -> None:
    centre.say(site("saransk", revision=2, status="closed"))
    centre.agent("at-home-1")
    centre.agent("at-home-2")
    centre.agent("away", site_id="minsk")
    centre.agent("unskilled", skills=("billing",))
    centre.agent("gone", "Offline")
    centre.agent("resting", "NotReady")
    centre.agent("shut-out", site_id="saransk")
    centre.agent("talks", slots=(Slot(slot=0, state="talking"),))
    centre.call("k0")
    centre.decide()
    centre.agent("at-home-3")
    centre.call("k1")
    why = centre.offer().why
    assert (why.step, why.eligible, why.home_site_id) == ("home", 2, "moscow")
    assert why.excluded == {
        "away": 1,
        "busy": 1,
        "not_ready": 1,
        "offline": 1,
        "site_closed": 1,
        "skills": 1,
        "unsettled": 1,
    }
    assert why.eligible + sum(why.excluded.values()) == len(centre.state.agents)


def test_an_offer_rings_as_long_as_its_queue_says(centre: Centre) -> None:
    centre.say(queue("sales", revision=2, ring_s=7.0))
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    assert (offer.expires_at - offer.decided_at).total_seconds() == 7


def test_a_site_that_is_not_open_gets_no_calls(centre: Centre) -> None:
    centre.say(site("moscow", revision=2, status="draining", name=Text("Москва", "Moscow")))
    centre.agent("a1", site_id="moscow")
    centre.call("k1")
    (status,) = centre.decide()
    assert (status.site_id, status.status, status.cause) == ("moscow", "draining", "order")
    centre.say(site("moscow", revision=3))
    assert centre.offers() == [("k1", "a1")]
