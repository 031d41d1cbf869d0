"""What a router folds is no work for Python's search for cycles: it has none."""

import gc

from tests.support.router_walk import Walk


def test_what_was_folded_is_not_searched_for_cycles() -> None:
    walk = Walk(3).go(150)
    walk.rest()
    state = walk.routers[0].replica.follower
    maps = (state.calls, state.agents, state.slots, state.patience, state.crowds, state.standings)
    held: list[object] = [each for part in maps for each in part.values()]
    held += [fact.envelope for facts in walk.topics.facts.values() for fact in facts]
    assert held
    assert [each for each in held if gc.is_tracked(each)] == []
