"""Indexes are always what the state says, and a decision costs no more in a large centre."""

import random
import sys
from datetime import timedelta
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.agents import Slot
from contact_events.answering import CallAnswered
from contact_events.calls import CallQueued
from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_events.routing import CallRouted
from contact_events.topics import AGENT_STATE, ANSWERED, CALL_ARRIVED, ROUTED
from contact_events.validity import Leadership
from router.domain.expected import expected_wait
from router.domain.heaps import Heap
from router.domain.indexes import Indexes
from router.domain.state import INPUTS, Fact, State
from router.hints import Hints
from router.leader import Leader
from tests.support.router_centre import Centre
from tests.support.router_walk import Walk
from tests.support.router_world import (
    POOL,
    SITES,
    START,
    Router,
    Topics,
    agent_changed,
    arrived,
    queue,
    site,
)


def _seen(indexes: Indexes) -> dict[str, Any]:
    """Return what `decide` can see of the indexes."""
    crews = {
        crew.key: (
            dict(crew.free.items()),
            {site: dict(heap.items()) for site, heap in crew.free_at.items() if len(heap)},
            _nonzero(crew.standing),
            {site: _nonzero(counts) for site, counts in crew.standing_at.items() if any(counts)},
            _nonzero(indexes.floor.excluded_from(crew)),
        )
        for queue_id in indexes.state.queues
        for key in indexes.crews.asked_by(queue_id)
        if any((crew := indexes.crews.of(key)).standing.values())
    }
    return {
        "places": indexes.places,
        "waiting": {s: dict(w.ranks.items()) for s, w in indexes.waiting.items() if w.ranks},
        "lines": {
            q: (dict(line.since.items()), line.sources, _nonzero(line.by_home))
            for q, line in indexes.lines.items()
            if len(line.since)
        },
        "crews": crews,
        "due_calls": dict(indexes.due_calls.items()),
        "due_steps": dict(indexes.due_steps.items()),
        "expected": {q: expected_wait(indexes, q) for q in indexes.state.queues},
    }


def _nonzero(counts: dict[Any, int]) -> dict[Any, int]:
    return {name: count for name, count in counts.items() if count}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([50, 200, 400]))
def test_indexes_kept_by_touch_equal_those_built_anew(seed: int, steps: int) -> None:
    walk = Walk(seed).go(steps)
    for router in walk.routers:
        if leader := router.replica.leader:
            anew = Indexes(leader.state)
            anew.advance(leader.indexes.now)
            assert _seen(leader.indexes) == _seen(anew)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 9), st.integers(0, 9))
def test_indexes_looked_at_in_portions_equal_those_built_anew(
    seed: int, most: int, leave: int
) -> None:
    state = Walk(seed).go(200).routers[0].replica.follower
    portions = Indexes(state, look=False)
    while portions.unseen > leave:
        portions.look(most=most, leave=leave)
    portions.look()
    assert portions.unseen == 0
    assert _seen(portions) == _seen(Indexes(state))


def test_a_claim_of_a_follower_that_has_looked_leaves_little_to_look_at() -> None:
    topics = Topics()
    router = Router(topics)
    topics.write(site("moscow"))
    for number in range(30):
        topics.write(agent_changed(f"a{number}"))
    elder = Router(topics, "y").lead()
    elder.turn(alive=True)
    elder.send()
    while any(router.read(topic) for topic in (*INPUTS, ROUTED.name)):
        pass
    assert router.replica.unseen > 3
    while router.replica.unseen > 3:
        router.replica.look(most=10, leave=3)
    router.claim()
    topics.write(agent_changed("late"))
    router.replica.read(topics.facts[AGENT_STATE.name][-1])
    router.replica.read(topics.facts[ROUTED.name][-1])
    assert router.replica.leader is not None
    assert router.replica.unseen == 4
    assert router.replica.leader.indexes.unseen == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 5)), max_size=200))
def test_a_heap_gives_the_lowest_of_what_is_in_it(steps: list[tuple[int, int | None]]) -> None:
    heap: Heap[int] = Heap()
    model: dict[int, int] = {}
    for item, key in steps:
        if key is None:
            heap.drop(item)
            model.pop(item, None)
        else:
            heap.put(item, key)
            model[item] = key
        lowest = min(((k, i) for i, k in model.items()), default=None)
        others = min(((k, i) for i, k in model.items() if i != item), default=None)
        assert heap.first() == lowest
        assert heap.first_but(item) == others
        assert heap.first() == lowest


def test_a_queues_hint_is_told_when_it_changed_and_not_otherwise() -> None:
    centre = Centre()
    leader = centre.router.replica.leader
    assert leader is not None
    hints = Hints(POOL, 1)
    assert {e.subject for e in hints.changed(leader.indexes, START)} == {"sales", "billing"}
    assert hints.changed(leader.indexes, START) == []
    centre.call("k1")
    centre.call("k2")
    centre.decide()
    later = centre.topics.now + timedelta(seconds=5)
    (told,) = hints.changed(leader.indexes, later)
    data: Any = told.data
    assert (data.queue_id, data.waiting, data.free_agents) == ("sales", 2, 0)
    assert 5 <= data.longest_wait_s < 5.1
    assert hints.changed(leader.indexes, later) == []
    following = Hints(POOL, 2).changed(leader.indexes, later)
    assert min(e.sequence for e in following) > told.sequence


class _Load:
    """A leader over many agents, fed as if all outcomes came at once."""

    def __init__(self, agents: int) -> None:
        self.rnd = random.Random(1)
        self.now = START
        self._offsets: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self.queues = [f"q{n}" for n in range(8)]
        state = State(POOL)
        state.lead(Leadership(1, "x", 0))
        self.leader = Leader(Indexes(state))
        for made in (*map(site, SITES), *map(queue, self.queues)):
            self.fold("routing-config", made, made.document_id)
        self.agents = {
            f"a{n}": {
                "site_id": self.rnd.choice(SITES),
                "skills": tuple(self.rnd.sample(self.queues, 3)),
            }
            for n in range(agents)
        }
        for agent_id, about in self.agents.items():
            self.fold(AGENT_STATE.name, agent_changed(agent_id, **about), agent_id)  # type: ignore[arg-type]
        self.leader.turn(self.now)
        self.busy: list[CallRouted] = []
        self.calls = 0

    def fold(self, topic: str, event: Event, stream: str) -> None:
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        envelope = Envelope(
            id="",
            source="",
            subject="",
            time=self.now,
            pool=POOL,
            stream=stream,
            sequence=number,
            data=event,
        )
        fact = Fact(topic, offset, envelope)
        self.leader.fold(fact)

    def cycle(self) -> None:
        """Let one call arrive, and free one agent when nearly all are busy."""
        self.now += timedelta(milliseconds=10)
        self.calls += 1
        call_id = f"k{self.calls}"
        self.fold(CALL_ARRIVED.name, arrived(call_id, self.rnd.choice(SITES)), call_id)
        queued = CallQueued(call_id=call_id, attempt=1, queue_id=self.rnd.choice(self.queues))
        self.fold(CALL_ARRIVED.name, queued, call_id)
        if len(self.busy) > 0.92 * len(self.agents):
            self._change(self.busy.pop(0), "free")
        self.leader.look()
        batch = self.leader.turn(self.now)
        self.leader.in_flight = None
        for offer in batch.decisions if batch else ():
            assert isinstance(offer, CallRouted)
            answered = CallAnswered(
                call_id=offer.call_id,
                attempt=1,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
                slot=0,
            )
            self.fold(ANSWERED.name, answered, offer.agent_id)
            self._change(offer, "talking")
            self.busy.append(offer)

    def _change(self, offer: CallRouted, state: Any) -> None:
        slot = Slot(slot=0, state=state, last_reservation_id=offer.reservation_id)
        about: Any = self.agents[offer.agent_id]
        changed = agent_changed(offer.agent_id, slots=(slot,), **about)
        self.fold(AGENT_STATE.name, changed, offer.agent_id)


def _work(load: _Load, cycles: int = 300) -> int:
    """Return how many functions so many calls take, folds and decisions: the same each time."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        for _ in range(cycles):
            load.cycle()
    finally:
        sys.setprofile(None)
    return calls


def test_a_decision_among_eight_times_the_agents_costs_nearly_the_same() -> None:
    small, large = _Load(200), _Load(1600)
    for load in (small, large):
        for _ in range(len(load.agents)):
            load.cycle()
    assert _work(large) < 1.5 * _work(small)
    assert large.leader.state.leadership.number >= large.calls - 200
