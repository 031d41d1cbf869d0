"""Laws of the router on random histories with lag, duplicates, kills, zombies and racing claims."""

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.topics import ROUTED
from tests.support.router_centre import Centre
from tests.support.router_walk import Walk, check_offers, check_replay, check_work_conserving
from tests.support.router_world import START, policy

seeds = st.integers(min_value=0, max_value=1 << 32)


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from([30, 100, 250, 500]))
def test_every_law_holds_on_random_histories(seed: int, steps: int) -> None:
    walk = Walk(seed).go(steps)
    walk.rest()
    leaders = [router for router in walk.routers if router.replica.leader]
    assert len(leaders) == 1
    leader = leaders[0].replica.leader
    assert leader is not None
    check_work_conserving(leader.state, walk.topics.now)
    walk.end_all()
    walk.topics.later(1000)
    walk.agents.ring_out()
    walk.rest()
    check_offers(walk.topics, walk.agents.outcomes)
    replayed = check_replay(walk.topics, random.Random(seed))
    leader = next(router.replica.leader for router in walk.routers if router.replica.leader)
    assert replayed == leader.state
    assert not replayed.calls
    assert not replayed.reservations


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_any_interleaving_of_topics_gives_the_same_state(seed: int) -> None:
    walk = Walk(seed).go(300)
    walk.rest()
    one, two = (check_replay(walk.topics, random.Random(order)) for order in (1, 2))
    assert one == two


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_second_delivery_of_everything_changes_nothing(seed: int) -> None:
    walk = Walk(seed).go(200)
    walk.rest()
    before = check_replay(walk.topics, random.Random(0))
    for topic in walk.topics.facts:
        if topic != ROUTED.name:
            for offset in range(len(walk.topics.facts[topic])):
                walk.topics.again(topic, offset)
    after = check_replay(walk.topics, random.Random(0))
    after.positions = before.positions
    assert after == before


waiting = st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["minsk", "moscow"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(waiting, min_size=2, max_size=6), st.sampled_from([0.0, 0.1]))
def test_ties_are_settled_by_the_wait_then_by_home_then_by_the_id(
    calls: list[tuple[int, int, str]], ageing_per_s: float
) -> None:
    """Ten seconds are worth a point of priority, so that many of the scores are equal."""
    centre = Centre()
    centre.say(policy(ageing_per_s=ageing_per_s))
    order = []
    for number, (came, priority, home) in enumerate(calls):
        centre.topics.now = START + timedelta(seconds=10 * came - 0.001)
        centre.call(f"k{number}", entry=home, priority=priority)
        score = priority - (came if ageing_per_s else 0)
        order.append((-score, came, home != "moscow", f"k{number}"))
    centre.topics.now = START + timedelta(seconds=60)
    centre.decide()
    for number in range(len(calls)):
        centre.agent(f"a{number}", site_id="moscow")
    assert [call_id for call_id, _ in centre.offers()] == [call_id for *_, call_id in sorted(order)]
