"""Every interleaving of what people do, in their order, with the deliveries that remain.

Events are on the log as soon as they are committed, and records that mean nothing to their reader
are read at once: both commute with every other step. The rest is tried in every order.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contact_events.agents import AgentChanged
from contact_events.answering import OUTCOMES, CallAnswered, CallRangOut, CallRejected
from contact_events.calls import (
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallArrived,
    CallFlowStep,
)
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted
from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    ROUTED,
)
from tests.support.protocol_cases import DELIVER
from tests.support.protocol_history import conclude
from tests.support.protocol_rest import ORDERS
from tests.support.protocol_router import READS
from tests.support.protocol_world import Action, Setting, World

Script = tuple[Action, ...]
Told = tuple[str, ...]
"""What stands on the topics in the end, in short words."""

SILENT = (CallArrived, CallFlowStep, CallAgentLegRinging)
FOLDED = (CALL_ARRIVED.name, ANSWERED.name, AGENT_STATE.name)
MOST_STATES = 20_000


@dataclass
class Search:
    """What was found: how many states, and how every history went that came to its end."""

    setting: Setting
    script: Script
    states: int = 0
    histories: int = 0
    told: set[Told] = field(default_factory=set)
    bad: dict[str, tuple[Action, ...]] = field(default_factory=dict)

    def run(self, first: Script) -> "Search":
        """Try everything after `first`."""
        world = World(self.setting).begin()
        for action in first:
            possible = world.do(action) or action == DELIVER
            assert possible, f"not possible: {action}"
        assert not world.bad, world.bad
        _flow(world)
        seen = {_key(world, 0)}
        stack: list[tuple[World, int, tuple[Action, ...]]] = [(world, 0, ())]
        while stack:
            world, step, path = stack.pop()
            self.states += 1
            assert self.states < MOST_STATES, "too many states: make the script shorter"
            last = True
            for action, after, child in self._next(world, step):
                last = False
                key = _key(child, after)
                if key not in seen:
                    seen.add(key)
                    stack.append((child, after, (*path, action)))
            if last:
                self._end(world, path)
        return self

    def _next(self, world: World, step: int) -> Iterator[tuple[Action, int, World]]:
        for action in _deliveries(world):
            child = world.copy()
            if child.do(action):
                _flow(child)
                yield action, step, child
        if step < len(self.script):
            child = world.copy()
            if child.do(self.script[step]):
                _flow(child)
                yield self.script[step], step + 1, child

    def _end(self, world: World, path: tuple[Action, ...]) -> None:
        self.histories += 1
        conclude(world, ORDERS[self.histories % len(ORDERS)], None, random.Random(self.histories))
        self.told.add(told(world))
        for what in world.bad:
            if what not in self.bad or len(path) < len(self.bad[what]):
                self.bad[what] = path


def _deliveries(world: World) -> Iterator[Action]:
    if world.bad:
        return
    for name, host in world.hosts.items():
        yield from (("read", name, topic) for topic in host.reads if host.unread(topic))
        if host.due():
            yield ("timer", name)
    yield from (("land", index) for index in range(len(world.wire)))
    for index, router in enumerate(world.routers):
        if router.leader is not None:
            yield from (("follow", index, topic) for topic in FOLDED if router.unread(topic))
            yield ("send", index) if router.unsent else ("turn", index)


def _flow(world: World) -> None:
    """Do all that commutes with every other step."""
    while not world.bad and any([_services_flow(world), _routers_flow(world)]):
        pass


def _services_flow(world: World) -> bool:
    moved = False
    for name, host in world.hosts.items():
        for stream in host.streams:
            while world.do(("publish", name, stream)):
                moved = True
        for topic in host.reads:
            while host.unread(topic) and _means_nothing(world, name, topic):
                moved |= world.do(("read", name, topic))
    return moved


def _routers_flow(world: World) -> bool:
    moved = False
    for index, router in enumerate(world.routers):
        for topic in READS:
            while router.unread(topic) and _at_once(world, index, topic):
                moved |= world.do(("follow", index, topic))
    return moved


def _at_once(world: World, index: int, topic: str) -> bool:
    """Only a leader's reading of calls, outcomes and agents is of any consequence."""
    router = world.routers[index]
    if router.leader is None or topic not in FOLDED:
        return True
    event = world.log.records[topic][router.read_to[topic]].envelope.data
    if topic == ANSWERED.name:
        return not isinstance(event, OUTCOMES)
    return isinstance(event, (*SILENT, CallAgentLegAnswered))


def _means_nothing(world: World, name: str, topic: str) -> bool:
    host = world.hosts[name]
    envelope = world.log.records[topic][host.read_to[topic]].envelope
    event = envelope.data
    if name == "as":
        offers = isinstance(event, CallRouted | CallRescinded)
        return isinstance(event, SILENT) or (topic == ROUTED.name and not offers)
    match event:
        case AgentChanged():
            return _before_any_call(world, event, envelope)
        case CallRejected(agent_id=agent_id) | CallRangOut(agent_id=agent_id):
            return not world.setting.workers[agent_id].telephone
        case _:
            return topic == ROUTED.name and not isinstance(event, CallOverflowed)


def _before_any_call(world: World, event: AgentChanged, envelope: Envelope) -> bool:
    if event.telephone or event.presence == "Offline":
        return False
    return not any(
        other.sequence < envelope.sequence
        for other in world.agents.streams[event.agent_id]
        if other.envelope and isinstance(other.envelope.data, CallAnswered)
    )


def _key(world: World, step: int) -> int:
    hosts: list[Any] = [
        (tuple(host.read_to.values()), frozenset(host.store.rows.items()))
        for host in world.hosts.values()
    ]
    routers: list[Any] = [
        (router.replica.name, tuple(router.read_to.values()), tuple(e.id for e in router.unsent))
        for router in world.routers
    ]
    log = tuple(tuple(r.record.value for r in each) for each in world.log.records.values())
    wire = tuple(tuple(envelope.id for envelope in batch) for batch in world.wire)
    return hash((step, world.clock.now(), log, wire, *hosts, *routers))


def told(world: World) -> Told:
    """Return what stands on the topics: c, r, a, w and s as in DESIGN 3, reservations numbered."""
    numbers: dict[str, str] = {}
    for event in (envelope.data for envelope in _counted(world, ROUTED.name)):
        if isinstance(event, CallRouted):
            numbers.setdefault(event.reservation_id, f"R{len(numbers) + 1}")
    words = []
    for letter, topic in zip("craws", TOPICS, strict=True):
        said = (_word(envelope, numbers) for envelope in _counted(world, topic))
        words.append(f"{letter}: " + " ".join(word for word in said if word))
    return tuple(words)


def _counted(world: World, topic: str) -> list[Envelope]:
    intake, records = Intake(), world.log.records[topic]
    return [each.envelope for each in records if intake.takes(topic, each.envelope)]


TOPICS = (CALL_ARRIVED.name, ROUTED.name, ANSWERED.name, "wrapped-up", AGENT_STATE.name)


def _word(envelope: Envelope, numbers: dict[str, str]) -> str:
    event = envelope.data
    if isinstance(event, AgentChanged):
        reason = f"({event.reason})" if event.reason else ""
        return "" if event.cause in ("profile", "ready") else f"{event.status}{reason}"
    name = type(event).__name__.removeprefix("Call").removeprefix("Router")
    if name in ("FlowStep", "EpochStarted", "Progress"):
        return ""
    marks = [
        numbers.get(getattr(event, "reservation_id", ""), ""),
        str(getattr(event, "attempt", "")) if name in ("Queued", "Recovered") else "",
        str(getattr(event, "reason", "")) if name in ("Rejected", "Recovered") else "",
    ]
    told_of = ",".join(mark for mark in marks if mark)
    return f"{name}({told_of})" if told_of else name
