"""Laws of the router on random histories with lag, duplicates, kills, zombies and racing claims."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.topics import ROUTED
from tests.support.router_walk import Walk, check_offers, check_replay, check_work_conserving

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
