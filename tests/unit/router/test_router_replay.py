"""What was decided comes out again bit for bit, and what was changed afterwards is named."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contact_events.registry import Event
from contact_events.routing import (
    CallOverflowed,
    CallRescinded,
    CallRouted,
    Decision,
    RouterProgress,
    SiteStatusChanged,
)
from contact_events.topics import ROUTED
from router.codec import decision_envelope
from router.verify import BeyondTheEnd
from tests.support.router_centre import Centre
from tests.support.router_past import valid_offsets, verified
from tests.support.router_walk import Walk
from tests.support.router_world import Topics

seeds = st.integers(min_value=0, max_value=1 << 32)

CHANGES: dict[type[Event], dict[str, Callable[[Any], Any]]] = {
    CallRouted: {
        "agent_id": lambda d: d.agent_id + "x",
        "slot": lambda d: d.slot + 1,
        "expires_at": lambda d: d.expires_at + timedelta(microseconds=1),
        "why": lambda d: replace(d.why, eligible=d.why.eligible + 1),
        "reservation_id": lambda d: "0" * 32,
    },
    CallRescinded: {"slot": lambda d: d.slot + 1},
    CallOverflowed: {
        "to": lambda d: "end" if d.to == "voicemail" else "voicemail",
        "attempt": lambda d: d.attempt + 1,
    },
    SiteStatusChanged: {"cause": lambda d: "order" if d.cause == "rule" else "rule"},
    RouterProgress: {"number": lambda d: d.number + 1},
}


def _history(seed: int, steps: int = 250) -> Topics:
    walk = Walk(seed).go(steps)
    walk.rest()
    return walk.topics


def _plant(topics: Topics, offset: int, **changes: Any) -> None:
    fact = topics.facts[ROUTED.name][offset]
    assert fact.envelope is not None
    changed = replace(fact.envelope, data=replace(fact.envelope.data, **changes))
    topics.facts[ROUTED.name][offset] = replace(fact, envelope=changed)


@settings(max_examples=12, deadline=None)
@given(seeds, st.sampled_from([50, 250, 500]))
def test_whatever_the_leaders_decided_comes_out_again(seed: int, steps: int) -> None:
    topics = _history(seed, steps)
    found = verified(topics)
    assert found.difference is None
    assert found.decisions == len(valid_offsets(topics))


@settings(max_examples=8, deadline=None)
@given(seeds, st.data())
def test_any_part_of_the_log_can_be_verified_alone(seed: int, data: st.DataObject) -> None:
    topics = _history(seed)
    last = len(topics.facts[ROUTED.name])
    start = data.draw(st.integers(0, last))
    end = data.draw(st.integers(start, last))
    found = verified(topics, start, end)
    assert found.difference is None
    assert found.decisions >= sum(start <= offset < end for offset in valid_offsets(topics))
    assert found.start <= start <= end <= found.end


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_decision_that_was_changed_afterwards_is_named_with_its_field(seed: int) -> None:
    rnd = random.Random(seed)
    topics = _history(seed)
    offsets = valid_offsets(topics)
    assume(offsets)
    offset = rnd.choice(offsets)
    fact = topics.facts[ROUTED.name][offset]
    assert fact.envelope is not None
    name, change = rnd.choice(list(CHANGES[type(fact.envelope.data)].items()))
    _plant(topics, offset, **{name: change(fact.envelope.data)})
    found = verified(topics).difference
    assert found is not None
    assert (found.offset, found.field, found.code_version) == (offset, f"data.{name}", "test")
    assert verified(topics, 0, offset).difference is None or _in_batch(topics, offset)


def _in_batch(topics: Topics, offset: int) -> bool:
    """Tell whether the decision before belongs to the same turn: then both are verified."""
    here, before = topics.facts[ROUTED.name][offset], topics.facts[ROUTED.name][offset - 1]
    assert here.envelope is not None and before.envelope is not None
    return getattr(here.envelope.data, "decided_at", 0) == getattr(
        before.envelope.data, "decided_at", 1
    )


def _two_offers() -> Centre:
    centre = Centre()
    for name in ("1", "2"):
        centre.agent(f"a{name}")
        centre.call(f"k{name}")
    centre.decide()
    return centre


def test_a_decision_of_the_turn_that_is_missing_is_noticed() -> None:
    topics = _two_offers().topics
    assert verified(topics).difference is None
    topics.facts[ROUTED.name].pop()
    found = verified(topics).difference
    assert found is not None
    assert (found.offset, found.field, found.recorded) == (1, "batch", "nothing")
    assert "k2" in found.computed


def test_a_progress_that_hides_something_to_be_decided_is_noticed() -> None:
    topics = _two_offers().topics
    fact = topics.facts[ROUTED.name][1]
    assert fact.envelope is not None
    offer: Any = fact.envelope.data
    head = {name: getattr(offer, name) for name in Decision.__struct_fields__}
    hidden = replace(fact.envelope, data=RouterProgress(**head))
    topics.facts[ROUTED.name][1] = replace(fact, envelope=hidden)
    found = verified(topics).difference
    assert found is not None
    assert (found.offset, found.field) == (1, "type")
    assert (found.recorded, found.computed) == ("router.progress", "call.routed")


def test_a_leader_that_leaves_may_leave_something_to_be_decided() -> None:
    centre = Centre()
    centre.agent("a1")
    centre.call("k1")
    centre.router.read_all()
    leader = centre.router.replica.leader
    assert leader is not None
    (last,) = leader.leave(centre.topics.now).decisions
    centre.topics.put(ROUTED.name, decision_envelope(last, leader.state))
    assert isinstance(last, RouterProgress) and last.leaving
    assert verified(centre.topics).difference is None
    _plant(centre.topics, 1, leaving=False)
    found = verified(centre.topics).difference
    assert found is not None
    assert (found.field, found.computed) == ("type", "call.routed")


def test_a_decision_that_nothing_asked_for_is_noticed() -> None:
    topics = _two_offers().topics
    last = topics.facts[ROUTED.name][-1]
    assert last.envelope is not None
    offer: Any = last.envelope.data
    topics.put(ROUTED.name, replace(last.envelope, data=replace(offer, number=offer.number + 1)))
    found = verified(topics).difference
    assert found is not None
    assert (found.offset, found.field, found.computed) == (last.offset + 1, "decision", "nothing")


def test_to_verify_beyond_the_end_of_the_log_is_refused() -> None:
    topics = _two_offers().topics
    with pytest.raises(BeyondTheEnd):
        verified(topics, 0, len(topics.facts[ROUTED.name]) + 1)
