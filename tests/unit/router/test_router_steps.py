"""How a queue's search widens: by time waited, by levels, by sites, by waits compared."""

from typing import Any

import pytest

from contact_events.calls import CallConnected, CallRecovered
from contact_events.config import QueueChanged, Raise, Step
from contact_events.routing import CallOverflowed, CallRouted
from tests.support.router_centre import Centre
from tests.support.router_world import POOL, arrived, policy, queue, site

HOME = Step(name="home", reach="home")


@pytest.fixture
def centre() -> Centre:
    return Centre()


def sales(centre: Centre, *steps: Step, revision: int = 2, **changes: Any) -> QueueChanged:
    document = queue("sales", revision=revision, steps=steps, **changes)
    centre.say(document)
    return document


def test_a_step_is_searched_only_once_the_call_has_waited_for_it(centre: Centre) -> None:
    sales(centre, HOME, Step(name="away", after_s=20.0, reach="any"))
    centre.agent("east", site_id="krasnoyarsk")
    centre.call("k1", entry="moscow")
    assert centre.offers() == []
    centre.topics.later(19.9)
    assert centre.offers() == []
    centre.topics.later(0.1)
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step) == ("east", "away")


def test_the_moment_of_the_next_step_is_due_though_nothing_is_read(centre: Centre) -> None:
    sales(centre, HOME, Step(name="away", after_s=20.0, reach="any"))
    centre.call("k1")
    centre.decide()
    leader = centre.router.replica.leader
    assert leader is not None
    due, waits_since = leader.due(), centre.known("k1").queued_at
    assert due is not None and waits_since is not None
    assert (due - waits_since).total_seconds() == 20.0


def test_callers_of_one_home_do_not_block_those_of_another(centre: Centre) -> None:
    sales(centre, HOME)
    centre.call("first", entry="moscow")
    centre.call("second", entry="minsk")
    centre.agent("m", site_id="minsk")
    assert centre.offers() == [("second", "m")]


def test_a_step_may_ask_for_lower_levels(centre: Centre) -> None:
    sales(
        centre,
        Step(name="masters", reach="any"),
        Step(name="learners", after_s=10.0, reach="any", skills={"sales": 1}),
        skills={"sales": 5},
    )
    centre.agent("learner", skills={"sales": 2})
    centre.call("k1")
    assert centre.offers() == []
    centre.topics.later(10)
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step) == ("learner", "learners")
    assert [s.step for s in offer.why.searched] == ["masters", "learners"]


def test_a_step_looks_at_the_sites_it_lists_home_before_the_others(centre: Centre) -> None:
    sales(centre, Step(name="west", reach="sites", site_ids=("minsk", "moscow")))
    centre.agent("east", site_id="krasnoyarsk")
    centre.agent("minsk-idle-longer", site_id="minsk")
    centre.agent("moscow", site_id="moscow")
    centre.call("k1", entry="moscow")
    offer = centre.offer()
    assert offer.agent_id == "moscow"
    assert offer.why.searched[0].excluded == {"away": 1}


def test_a_step_raises_the_priority_of_those_who_reached_it(centre: Centre) -> None:
    sales(centre, Step(name="any", reach="any"), Step(name="up", after_s=30.0, raise_priority=5))
    centre.call("low")
    centre.topics.later(30)
    centre.call("urgent", priority=4)
    centre.decide()
    centre.agent("a1")
    assert centre.offers() == [("low", "a1")]


def test_a_step_moves_the_call_to_another_queue_and_its_time_is_kept(centre: Centre) -> None:
    sales(centre, HOME, Step(name="on", after_s=15.0, move_to="queue", queue_id="billing"))
    centre.call("k1")
    began = centre.topics.now
    centre.topics.later(15)
    moved = centre.overflow()
    assert (moved.to, moved.queue_id, moved.reason) == ("queue", "billing", "max_wait")
    centre.again("k1", 2, queue_id="billing")
    centre.decide()
    assert centre.known("k1").waiting_since == began


def test_a_step_offers_a_callback(centre: Centre) -> None:
    sales(centre, HOME, Step(name="later", after_s=15.0, move_to="callback"))
    centre.call("k1")
    centre.topics.later(15)
    assert centre.overflow().to == "callback"


def test_a_move_at_once_still_gives_a_second_so_that_queues_do_not_spin(centre: Centre) -> None:
    sales(centre, HOME, Step(name="on", move_to="queue", queue_id="billing"))
    centre.call("k1")
    assert centre.decide() == []
    centre.topics.later(1)
    assert centre.overflow().queue_id == "billing"


def test_a_move_to_a_queue_that_is_gone_goes_where_the_queue_overflows(centre: Centre) -> None:
    steps = (HOME, Step(name="on", after_s=5.0, move_to="queue", queue_id="gone"))
    sales(centre, *steps, overflow_to="billing")
    centre.call("k1")
    centre.topics.later(5)
    assert centre.overflow().queue_id == "billing"


def test_a_recovered_call_is_at_the_step_it_had_reached(centre: Centre) -> None:
    sales(centre, HOME, Step(name="away", after_s=20.0, reach="any"))
    centre.agent("home", site_id="moscow")
    centre.call("k1", entry="moscow")
    centre.topics.later(20)
    offer = centre.offer()
    centre.outcome(offer)
    about = {"reservation_id": offer.reservation_id, "agent_id": "home"}
    centre.say(CallConnected(call_id="k1", attempt=1, **about))
    centre.talking(offer)
    centre.agent("east", site_id="krasnoyarsk")
    centre.call("k2", entry="moscow")
    centre.say(CallRecovered(call_id="k1", attempt=2, reason="agent_offline", queue_id="sales"))
    assert centre.offers() == [("k1", "east")]  # it has waited its 20 s; k2 has not


def test_waits_are_compared_before_a_call_leaves_home(centre: Centre) -> None:
    sales(centre, HOME, Step(name="away", reach="any", wait_improved_s=100.0))
    centre.agent("home", site_id="moscow")
    centre.call("taken", entry="moscow")
    offer = centre.offer()
    centre.outcome(offer)
    centre.talking(offer)
    centre.agent("east", site_id="krasnoyarsk")
    centre.call("k1", entry="moscow")
    (first,) = [d for d in centre.decide() if isinstance(d, CallRouted)]
    # one agent at home, 180 s a contact, the call itself waiting: 2 * 180 s against 0 + 100 s
    assert first.agent_id == "east"
    (told,) = [s for s in first.why.searched if s.step == "away"]
    assert (told.home_wait_s, told.away_wait_s) == (360.0, 0.0)


def test_a_call_stays_at_home_while_that_takes_not_much_longer(centre: Centre) -> None:
    centre.say(site("krasnoyarsk", revision=2, adjust_by_s=300.0))
    sales(centre, HOME, Step(name="away", reach="any", wait_improved_s=100.0))
    centre.agent("home", site_id="moscow")
    centre.call("taken", entry="moscow")
    offer = centre.offer()
    centre.outcome(offer)
    centre.talking(offer)
    centre.agent("east", site_id="krasnoyarsk")
    centre.call("k1", entry="moscow")
    assert centre.offers() == []  # 360 s at home, 300 s + 100 s away
    centre.call("k2", entry="moscow")
    assert centre.offers() == [("k1", "east")]  # now 540 s at home


def test_with_nobody_at_home_any_wait_is_an_improvement(centre: Centre) -> None:
    sales(centre, HOME, Step(name="away", reach="any", wait_improved_s=1000.0))
    centre.agent("east", site_id="krasnoyarsk")
    centre.call("k1", entry="moscow")
    assert centre.offers() == [("k1", "east")]


def test_a_call_waits_for_its_preferred_agent_and_then_for_anybody(centre: Centre) -> None:
    sales(centre, preferred_agent_s=15.0)
    centre.agent("favourite", "NotReady")
    centre.agent("other")
    centre.call("k1", preferred="favourite")
    assert centre.offers() == []
    centre.topics.later(15)
    assert centre.offers() == [("k1", "other")]


def test_the_preferred_agent_takes_the_call_before_others_who_idle_longer(centre: Centre) -> None:
    sales(centre, preferred_agent_s=15.0)
    centre.agent("other")
    centre.agent("favourite")
    centre.call("k1", preferred="favourite")
    offer = centre.offer()
    assert (offer.agent_id, offer.why.step) == ("favourite", "preferred")


def test_nobody_waits_for_a_preferred_agent_who_is_not_there(centre: Centre) -> None:
    sales(centre, preferred_agent_s=15.0)
    centre.agent("favourite", "Offline")
    centre.agent("unskilled", skills=("billing",))
    centre.agent("other")
    centre.call("k1", preferred="favourite")
    centre.call("k2", preferred="unskilled")
    centre.agent("another")
    assert centre.offers() == [("k1", "other"), ("k2", "another")]


def test_who_last_spoke_with_the_caller_is_preferred(centre: Centre) -> None:
    sales(centre, preferred_agent_s=15.0)
    centre.agent("first")
    centre.call("k1", caller="ref-1")
    offer = centre.offer()
    centre.outcome(offer)
    about = {"reservation_id": offer.reservation_id, "agent_id": "first"}
    centre.say(CallConnected(call_id="k1", attempt=1, **about))
    centre.agent("idle-longer")
    centre.free(offer)
    centre.call("k2", caller="ref-1")
    centre.call("k3", caller="ref-2")
    assert centre.offers() == [("k2", "first"), ("k3", "idle-longer")]


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ("longest_idle", "generalist"),
        ("most_skilled", "expert"),
        ("least_skilled", "specialist"),
    ],
)
def test_the_selection_is_the_queues_or_else_the_pools(selection: Any, chosen: str) -> None:
    for where in ("queue", "policy"):
        centre = Centre()
        if where == "queue":
            sales(centre, selection=selection)
        else:
            centre.say(policy(selection=selection))
        centre.agent("generalist", skills={"sales": 1, "billing": 9, "cards": 9})
        centre.agent("expert", skills={"sales": 9, "billing": 1})
        centre.agent("specialist", skills={"sales": 1})
        centre.call("k1")
        offer = centre.offer()
        assert (offer.agent_id, offer.why.selection) == (chosen, selection)


def test_round_robin_goes_by_the_last_offer_not_by_idleness(centre: Centre) -> None:
    sales(centre, selection="round_robin")
    centre.agent("a1")
    centre.agent("a2")
    centre.call("k1")
    offer = centre.offer()
    centre.outcome(offer)
    centre.agent("a2")  # a2 is idle for a shorter time now, and was never offered a call
    centre.free(offer)
    centre.agent("a2")
    centre.call("k2")
    assert offer.agent_id == "a1"
    assert centre.offers() == [("k2", "a2")]


def test_the_least_occupied_of_late_is_chosen(centre: Centre) -> None:
    sales(centre, selection="least_occupied")
    offers = []
    for agent_id, talk_s in (("long", 600.0), ("short", 60.0)):
        centre.agent(agent_id)
        centre.call(f"for-{agent_id}")
        offer = centre.offer()
        centre.outcome(offer)
        centre.talking(offer)
        centre.topics.later(talk_s)
        offers.append(offer)
        centre.free(offer, "NotReady")
    for offer in offers:
        centre.free(offer)
    centre.call("k1")
    centre.call("k2")
    assert [agent_id for _, agent_id in centre.offers()] == ["short", "long"]


def test_waiting_counts_as_priority_where_the_policy_says_so(centre: Centre) -> None:
    centre.say(policy(ageing_per_s=0.1))
    centre.call("old", priority=0)
    centre.topics.later(60)
    centre.call("vip", priority=5)
    centre.agent("a1")
    assert centre.offers() == [("old", "a1")]  # 60 s at 0.1 a second are worth 6
    centre.call("higher", priority=9)
    centre.agent("a2")
    assert centre.offers() == [("higher", "a2")]


@pytest.mark.parametrize("vip_from", ["minsk", "moscow"])
def test_of_two_equal_scores_the_longer_wait_goes_first_whatever_the_ids_and_homes(
    centre: Centre, vip_from: str
) -> None:
    centre.say(policy(ageing_per_s=0.1))
    centre.call("b-plain", entry="minsk")
    centre.topics.later(50 - 0.001)  # a call comes a millisecond after what was before
    centre.call("a-vip", entry=vip_from, priority=5)  # worth 50 s
    centre.agent("a1", site_id="moscow")
    assert centre.offers() == [("b-plain", "a1")]


def test_an_attribute_raises_the_priority(centre: Centre) -> None:
    centre.say(policy(raises=(Raise(attribute="vip", value="yes", by=10),)))
    centre.call("first")
    centre.call("vip", attributes={"vip": "yes"})
    centre.agent("a1")
    assert centre.offers() == [("vip", "a1")]


def test_only_the_teams_of_the_queue_answer(centre: Centre) -> None:
    sales(centre, team_ids=("acme",))
    centre.agent("shared")
    centre.agent("dedicated", team_id="acme")
    centre.call("k1")
    assert centre.offers() == [("k1", "dedicated")]


def test_a_policy_of_another_pool_changes_nothing(centre: Centre) -> None:
    centre.say(policy(policy_id="other", document_id="policy:other", ageing_per_s=1.0))
    centre.decide()
    assert centre.state.policy.policy_id != "other"
    centre.say(policy(ageing_per_s=2.0))
    centre.decide()
    assert (centre.state.policy.policy_id, centre.state.policy.ageing_per_s) == (POOL, 2.0)


def test_a_decision_names_the_revisions_it_was_made_by(centre: Centre) -> None:
    sales(centre, HOME)
    centre.say(policy(fairness_window_s=1.0))
    centre.agent("a1")
    centre.call("k1")
    assert centre.offer().why.revisions == {"queue:sales": 2, f"policy:{POOL}": 1}


def test_a_call_that_nobody_signed_in_can_take_is_not_left_for_ever(centre: Centre) -> None:
    centre.say(policy(unserved_s=30.0))
    sales(centre, overflow_to="billing")
    centre.agent("able", "Offline")
    centre.call("k1")
    centre.topics.later(30)
    order = centre.overflow()
    assert (order.reason, order.queue_id) == ("agent_unavailable", "billing")
    assert order.unserved


def test_a_call_that_somebody_could_have_taken_is_not_told_of_as_unserved(centre: Centre) -> None:
    sales(centre, max_wait_s=30.0, overflow_to="billing")
    centre.agent("able", "NotReady")
    centre.call("k1")
    centre.topics.later(30)
    order = centre.overflow()
    assert (order.reason, order.unserved) == ("max_wait", False)


def test_it_is_left_in_peace_once_somebody_signs_in_who_can_take_it(centre: Centre) -> None:
    centre.say(policy(unserved_s=30.0))
    centre.call("k1")
    centre.decide()
    assert centre.unserved() == {"sales": 1}
    centre.agent("able", "NotReady")
    centre.topics.later(30)
    assert centre.decide() == []
    assert centre.unserved() == {}
    centre.agent("able", "Offline")
    assert centre.overflow().to == "end"


def test_a_deleted_queue_drains_those_who_wait_where_its_document_says_so(centre: Centre) -> None:
    for number in range(20):
        centre.call(f"k{number}")
    centre.decide()
    sales(centre, when_deleted="drain", deleted=True)
    assert centre.decide() == []
    for number in range(20):
        centre.agent(f"a{number}")
    assert len(centre.offers()) == 20


def test_a_deleted_queue_sends_those_who_wait_on_at_once_else(centre: Centre) -> None:
    for number in range(20):
        centre.call(f"k{number}")
    centre.decide()
    sales(centre, overflow_to="billing", deleted=True)
    orders = [d for d in centre.decide() if isinstance(d, CallOverflowed)]
    assert {(o.call_id, o.queue_id) for o in orders} == {(f"k{n}", "billing") for n in range(20)}
    assert len(orders) == 20


def test_a_skill_taken_from_an_agent_who_is_being_rung_changes_nothing_of_the_offer(
    centre: Centre,
) -> None:
    centre.agent("a1")
    centre.call("k1")
    offer = centre.offer()
    centre.talking(offer)
    centre.say(arrived("k2"))
    centre.agent("a1", skills=(), slots=centre.slot_of("a1"))
    assert centre.decide() == []
    centre.outcome(offer)
    centre.free(offer, skills=())
    centre.call("k3")
    assert centre.offers() == []
