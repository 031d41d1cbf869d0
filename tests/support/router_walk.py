"""Random histories around two replicas of a router, and the laws they must keep."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from contact_events.answering import OUTCOMES
from contact_events.calls import Caller
from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_events.routing import CallRescinded, CallRouted, Decision, RouterProgress
from contact_events.topics import AGENT_STATE, ANSWERED, CALL_ARRIVED, ROUTED, ROUTING_CONFIG
from contact_events.validity import admit
from router.codec import claim_envelope
from router.domain.decide import decide
from router.domain.evolve import LOST, apply, fold, own
from router.domain.indexes import Indexes
from router.domain.rules import standing, waits
from router.domain.state import INPUTS, State
from tests.support.router_choices import check_choice
from tests.support.router_policies import (
    may_be_offered,
    order_of,
    random_policy,
    random_queue,
    random_site,
)
from tests.support.router_world import (
    POOL,
    READS,
    REGIONS,
    SITES,
    Agents,
    Calls,
    Router,
    Topics,
    policy,
    queue,
    site,
)

QUEUES = ("sales", "billing")


class Walk:
    """One history: a seed, and everything it leads to."""

    def __init__(self, seed: int) -> None:
        self.rnd = random.Random(seed)
        self.topics = Topics()
        self.agents = Agents(self.topics)
        self.calls = Calls(self.topics)
        self.routers = [Router(self.topics, name) for name in ("x", "y")]
        self.wire: list[Callable[[], None]] = []
        self.started = 2
        self.revisions: dict[str, int] = {}
        self.plain = self.rnd.random() < 0.4
        """Whether queues, sites and the pool say nothing of how they choose."""
        for site_id in SITES[:3]:
            self._write(site, site_id, **({} if self.plain else random_site(self.rnd)))
        for queue_id in QUEUES:
            self._write(queue, queue_id, **self._queue_says(queue_id))
        if not self.plain:
            self._write(policy, "", **random_policy(self.rnd))
        for number in range(self.rnd.randint(1, 5)):
            skills = self.rnd.choice([("sales",), ("billing",), QUEUES])
            levels = {skill: self.rnd.choice([1, 2]) for skill in skills}
            self.agents.hire(
                f"a{number}",
                self.rnd.choice(SITES[:3]),
                levels,
                channel=self.rnd.choice(["voice", "voice", "chat"]),
                team_id=self.rnd.choice([None, "red", "blue"]),
            )
            if self.rnd.random() < 0.8:
                self.agents.present(f"a{number}", "Ready")

    def go(self, steps: int) -> "Walk":
        """Take so many random steps."""
        actions: list[tuple[Callable[[], None], float]] = [
            (self._read_router, 40),
            (self._read_stand_in, 30),
            (self._turn, 12),
            (self._send, 12),
            (self._call, 6),
            (self._agent, 15),
            (self._time, 2),
            (self._duplicate, 1),
            (self._claim, 1),
            (self._land, 1),
            (self._die, 0.5),
            (self._order, 0.3),
        ]
        chosen = self.rnd.choices(
            [action for action, _ in actions], [weight for _, weight in actions], k=steps
        )
        for action in chosen:
            action()
        return self

    def rest(self) -> None:
        """Let everything flow until nothing moves: the late batches land, somebody leads."""
        while self.wire:
            self.wire.pop()()
        for _ in range(200):
            moved = False
            for router in self.routers:
                router.read_all()
            leaders = [router for router in self.routers if router.replica.leader]
            if not leaders:
                self.routers[0].claim()
                moved = True
            for router in leaders:
                moved |= router.send()
                router.read_all()
                moved |= router.turn() is not None
            moved |= self._stand_ins_read()
            if not moved:
                return
        raise AssertionError("it never comes to rest")

    def end_all(self) -> None:
        """End every call, wrap up, and let everything flow."""
        for call_id in self.calls.calls:
            self.calls.hang_up(call_id)
        self.rest()
        for agent_id in self.agents.agents:
            self.agents.wrapped_up(agent_id)
        self.rest()

    def _stand_ins_read(self) -> bool:
        moved = False
        for name, topics in READS.items():
            for topic in topics:
                while getattr(self, name).read(topic):
                    moved = True
        return moved

    def _read_router(self) -> None:
        router, topic = self.rnd.choice(self.routers), self.rnd.choice((*INPUTS, ROUTED.name))
        for _ in range(self.rnd.choice([1, 2, 10])):
            router.read(topic)

    def _read_stand_in(self) -> None:
        name = self.rnd.choice(list(READS))
        topic = self.rnd.choice(READS[name])
        for _ in range(self.rnd.choice([1, 2, 10])):
            getattr(self, name).read(topic)

    def _turn(self) -> None:
        self.rnd.choice(self.routers).turn(alive=self.rnd.random() < 0.1)

    def _send(self) -> None:
        router = self.rnd.choice(self.routers)
        if router.replica.leader is None:
            self._strand(router)
        router.send()

    def _strand(self, router: Router) -> None:
        """A batch whose leader is gone lands late, or never."""
        unsent, router.unsent = router.unsent, []
        if unsent and self.rnd.random() < 0.7:
            self.wire.append(lambda: self._late(unsent))

    def _late(self, batch: list[Envelope]) -> None:
        for envelope in batch:
            self.topics.put(ROUTED.name, envelope)

    def _claim(self) -> None:
        router = self.rnd.choice(self.routers)
        if router.replica.leader is not None:
            router.replica.step_down()
            self._strand(router)
        if self.rnd.random() < 0.5:
            router.claim()
        else:
            claim = router.replica.claim(router.replica.leadership.epoch)
            if claim is not None:
                late = claim_envelope(claim, self.topics.now)
                self.wire.append(lambda: self.topics.put(ROUTED.name, late))

    def _land(self) -> None:
        if self.wire:
            self.wire.pop(self.rnd.randrange(len(self.wire)))()

    def _die(self) -> None:
        index = self.rnd.randrange(len(self.routers))
        self._strand(self.routers[index])
        self.started += 1
        self.routers[index] = Router(self.topics, f"r{self.started}")

    def _time(self) -> None:
        self.topics.later(self.rnd.choice([0.1, 1, 5, 15, 30]))
        self.agents.ring_out()

    def _call(self) -> None:
        calls, rnd = self.calls, self.rnd
        living = [call_id for call_id, call in calls.calls.items() if call.state != "ended"]
        if not living or (len(calls.calls) < 30 and rnd.random() < 0.5):
            call_id = calls.arrive(
                rnd.choice(QUEUES),
                site_id=rnd.choice(SITES[:3]),
                priority=rnd.choice([0, 0, 1]),
                channel=rnd.choice(["voice", "voice", "chat"]),
                attributes=rnd.choice([{}, {"vip": "yes"}, {"preferred_agent_id": "a0"}]),
                caller=Caller(ref=rnd.choice("xyz"), ref_version=1, prefix="+7495", sealed=""),
            )
            if rnd.random() < 0.5:
                calls.locate(call_id, rnd.choice(list(REGIONS.values())))
            return
        call_id = rnd.choice(living)
        what = rnd.random()
        if what < 0.15:
            calls.hang_up(call_id)
        elif what < 0.5:
            calls.lose_agent(call_id)
        elif what < 0.7:
            calls.move(call_id, queue_id=rnd.choice(QUEUES))
        elif what < 0.8:
            calls.move(call_id, agent_id=rnd.choice(list(self.agents.agents)))

    def _agent(self) -> None:
        asked = [a for a, agent in self.agents.agents.items() if agent.slot.state != "free"]
        agent_id = self.rnd.choice(asked or list(self.agents.agents))
        what = self.rnd.random()
        if what < 0.45:
            self.agents.accept(agent_id)
        elif what < 0.5:
            self.agents.reject(agent_id)
        elif what < 0.8:
            self.agents.wrapped_up(agent_id)
        elif what < 0.97:
            self.agents.present(self.rnd.choice(list(self.agents.agents)), "Ready")
        else:
            presence = self.rnd.choice(["NotReady", "Offline", "Offline"])
            lost = presence == "Offline" and self.rnd.random() < 0.5
            self.agents.present(agent_id, presence, LOST if lost else None)

    def _duplicate(self) -> None:
        topic = self.rnd.choice(
            [CALL_ARRIVED.name, ANSWERED.name, AGENT_STATE.name, ROUTED.name, ROUTING_CONFIG.name]
        )
        if facts := self.topics.facts[topic]:
            self.topics.again(topic, self.rnd.randrange(max(0, len(facts) - 10), len(facts)))

    def _order(self) -> None:
        what = self.rnd.random()
        if what < 0.5:
            status = self.rnd.choice(["open", "open", "draining", "closed", "lost"])
            says = {} if self.plain else random_site(self.rnd)
            self._write(site, self.rnd.choice(SITES[:3]), status=status, **says)
        elif what < 0.8:
            queue_id = self.rnd.choice(QUEUES)
            deleted = queue_id == "billing" and self.rnd.random() < 0.5
            self._write(queue, queue_id, **self._queue_says(queue_id), deleted=deleted)
        elif not self.plain:
            self._write(policy, "", **random_policy(self.rnd))

    def _queue_says(self, queue_id: str) -> dict[str, Any]:
        other = QUEUES[1 - QUEUES.index(queue_id)]
        return {"overflow_to": other} if self.plain else random_queue(self.rnd, queue_id, other)

    def _write(self, make: Callable[..., Event], item: str, **changes: Any) -> None:
        revision = self.revisions[item] = self.revisions.get(item, 0) + 1
        named = (item,) if item else ()
        self.topics.write(make(*named, revision=revision, **changes))


def check_work_conserving(state: State, now: datetime) -> None:
    """Nobody waits whom a free agent may take at a step that the call has reached."""
    for call_id, call in state.calls.items():
        if not waits(state, call):
            continue
        for agent_id, agent in state.agents.items():
            if may_be_offered(state, call, agent_id, agent, now):
                condition, _ = standing(state, agent_id, agent, call.channel)
                assert condition != "free", f"{call_id} waits while {agent_id} is free"


def check_offers(topics: Topics, outcomes: dict[str, int]) -> None:
    """Each valid offer has one outcome, void ones none; one live offer a slot and an attempt."""
    settled_at = {
        fact.envelope.data.reservation_id: fact.offset  # type: ignore[attr-defined]
        for fact in reversed(topics.facts[ANSWERED.name])
        if fact.envelope and isinstance(fact.envelope.data, OUTCOMES)
    }
    slots: dict[tuple[str, int], str] = {}
    attempts: dict[tuple[str, int], str] = {}
    rescinded = set()
    valid = set()
    positions: dict[str, int] = {}
    for decision in topics.decisions(Decision):
        assert all(decision.positions[topic] >= at for topic, at in positions.items())
        positions = decision.positions
        if isinstance(decision, CallRescinded):
            rescinded.add(decision.reservation_id)
        if not isinstance(decision, CallRouted):
            continue

        def settled(reservation_id: str | None, at: int = positions[ANSWERED.name]) -> bool:
            return reservation_id is None or settled_at.get(reservation_id, 1 << 60) < at

        of_slot = slots.get((decision.agent_id, decision.slot))
        of_attempt = attempts.get((decision.call_id, decision.attempt))
        assert settled(of_slot), "two live offers of a slot"
        assert settled(of_attempt) or of_attempt in rescinded, "two live offers of an attempt"
        slots[decision.agent_id, decision.slot] = decision.reservation_id
        attempts[decision.call_id, decision.attempt] = decision.reservation_id
        valid.add(decision.reservation_id)
    assert outcomes == dict.fromkeys(valid, 1)


def check_replay(topics: Topics, rnd: random.Random) -> State:
    """Fold the log afresh, inputs in any interleaving; every decision comes out again."""
    state = State(POOL)
    batch: list[Any] = []
    for fact in topics.facts[ROUTED.name]:
        assert fact.envelope is not None
        event = fact.envelope.data
        after, counts = admit(state.leadership, event)
        if not counts:
            continue
        if not isinstance(event, Decision):
            assert not batch, "a batch was torn"
            state.lead(after)
            continue
        if not batch:
            _fold_to(topics, state, event.positions, rnd)
            batch = _decided_again(state, event)
        assert batch.pop(0) == event, "decided otherwise"
        if isinstance(event, CallRouted):
            check_order(state, event)
            check_choice(state, event)
        apply(state, own(event))
    _fold_to(topics, state, {name: len(topics.facts[name]) for name in INPUTS}, rnd)
    return state


def check_order(state: State, offer: CallRouted) -> None:
    """Nobody who goes first and could have had the agent is passed over for this call.

    Where the policy prefers home calls within a fairness window, order is not by urgency alone.
    """
    if state.policy.fairness_window_s > 0:
        return
    now, agent = offer.decided_at, state.agents[offer.agent_id]
    chosen = state.calls[offer.call_id]
    place = order_of(state, chosen, now)
    for call_id, call in state.calls.items():
        if call.channel != chosen.channel or not waits(state, call):
            continue
        if may_be_offered(state, call, offer.agent_id, agent, now):
            other = order_of(state, call, now)
            assert place <= other, f"{call_id} {other} is passed over for {offer.call_id} {place}"


def _decided_again(state: State, event: Decision) -> list[Any]:
    if isinstance(event, RouterProgress):
        return [event]
    return list(decide(Indexes(state.copy()), event.decided_at))


def _fold_to(topics: Topics, state: State, ends: dict[str, int], rnd: random.Random) -> None:
    todo = [name for name in INPUTS for _ in range(ends[name] - state.positions[name])]
    rnd.shuffle(todo)
    for name in todo:
        fold(state, topics.facts[name][state.positions[name]])
