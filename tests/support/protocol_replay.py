"""What the log alone leads to: the same states, decisions and tables, however it is read."""

import random
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contact_events.agents import AgentChanged
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallRangOut,
    CallRejected,
)
from contact_events.calls import CallFailed, CallQueued, CallRecovered
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.routing import CallRouted, Decision, RouterProgress
from contact_events.topics import ROUTED
from contact_events.validity import admit
from contact_runtime.reader import Received
from ivr.domain.call import Call, Connected, Ended, Unborn, Waiting
from ivr.domain.evolve import evolve, hear
from reporting.domain.folding import Folding
from router.domain.decide import decide
from router.domain.evolve import apply, fold, own
from router.domain.indexes import Indexes
from router.domain.rules import waits
from router.domain.state import INPUTS, Fact, State
from router.domain.state import Call as QueuedCall
from tests.support.protocol_log import NAMES
from tests.support.protocol_rest import ORDERS, settle
from tests.support.protocol_router import POOL
from tests.support.protocol_world import World


def check_decisions(world: World, rnd: random.Random) -> None:
    """Fold the inputs afresh, in any interleaving between decisions; decide the same again."""
    replay = _Replay(world, rnd)
    for received in world.log.records[ROUTED.name]:
        if not replay.take(received):
            return
    one = replay.rest()
    if one != replay.rest():
        world.wrong("replay: the router's state depends on the interleaving")
    for router in world.routers:
        leader = router.leader
        if leader is not None and leader.state != one:
            world.wrong("replay: the leader's state is not the fold of the log")


class _Replay:
    def __init__(self, world: World, rnd: random.Random) -> None:
        self.world = world
        self.rnd = rnd
        self.state = State(POOL)
        self.again: list[Decision] = []

    def take(self, received: Received) -> bool:
        event = received.envelope.data
        after, counts = admit(self.state.leadership, event)
        if not counts:
            return True
        if not isinstance(event, Decision):
            self.state.lead(after)
            return True
        if not self.again:
            _fold_to(self.world, self.state, event.positions, self.rnd)
            self.again = self._decided(event)
        if not self.again or self.again.pop(0) != event:
            self.world.wrong("replay: decided otherwise")
            return False
        if isinstance(event, CallRouted) and event.queue_id is not None:
            self._check_order(event)
        apply(self.state, own(event))
        return True

    def _check_order(self, offer: CallRouted) -> None:
        """Nobody of the same queue, whom the agent may take, waits and was to go first."""
        calls = self.state.calls
        place = _place(calls[offer.call_id])
        for call in calls.values():
            same = call.queue_id == offer.queue_id and call.agent_id is None
            same = same and call.asked_by_agent_id != offer.agent_id
            if same and waits(self.state, call) and _place(call) < place:
                self.world.wrong("the queue was not kept in order")

    def _decided(self, event: Decision) -> list[Decision]:
        if isinstance(event, RouterProgress):
            return [event]
        return list(decide(Indexes(self.state.copy()), event.decided_at))

    def rest(self) -> State:
        state = self.state.copy()
        records, stride = self.world.log.records, self.world.log.stride
        ends = {name: (len(records[name]) - 1) * stride + 1 for name in INPUTS}
        _fold_to(self.world, state, ends, self.rnd)
        return state


def _place(call: QueuedCall) -> tuple[bool, datetime]:
    assert call.waiting_since is not None
    return not call.recovered, call.waiting_since


def _fold_to(world: World, state: State, ends: dict[str, int], rnd: random.Random) -> None:
    stride = world.log.stride
    todo = []
    for name in INPUTS:
        first = -(-state.positions[name] // stride)
        after = -(-max(0, ends.get(name, 0)) // stride)
        todo += [(name, index) for index in range(first, after)]
    for name, index in interleaved(todo, rnd):
        received = world.log.records[name][index]
        fold(state, Fact(name, received.record.offset, received.envelope))


def interleaved(todo: list[tuple[str, int]], rnd: random.Random) -> list[tuple[str, int]]:
    """Return the records in another order of topics; each topic keeps its own."""
    names = [name for name, _ in todo]
    rnd.shuffle(names)
    each = {name: iter([index for n, index in todo if n == name]) for name in set(names)}
    return [(name, next(each[name])) for name in names]


def check_calls(world: World) -> None:
    """Ivr's calls are the fold of their own facts and of what ivr heard of them, in order."""
    calls: dict[str, Call] = {}
    for heard, written in world.ivr.history:
        if heard is not None and isinstance(
            heard.envelope.data, CallAnswered | CallRejected | CallRangOut | CallConsultRequested
        ):
            call_id = _where_it_goes_on(calls, heard.envelope.data.call_id)
            calls[call_id] = hear(calls.get(call_id, Unborn()), heard.envelope)
        for event in written:
            if event.envelope is not None:
                before = calls.get(event.stream, Unborn())
                _check_step(world, before, event.envelope)
                calls[event.stream] = evolve(before, event.envelope)
    for call_id, call in world.ivr.calls().items():
        if _without_legs(call) != _without_legs(calls.get(call_id, Unborn())):
            world.wrong("replay: a call is not the fold of its facts")


def _where_it_goes_on(calls: dict[str, Call], call_id: str) -> str:
    """Return the call, or the one as which a completed consultation goes on."""
    while isinstance(call := calls.get(call_id), Ended) and call.next_call_id:
        call_id = call.next_call_id
    return call_id


def _check_step(world: World, before: Call, envelope: Envelope) -> None:
    """Only who waits is sent elsewhere; only a talk older than the Offline is lost by it."""
    match envelope.data:
        case CallQueued(reason="overflow") | CallFailed(reason="no_agent"):
            if not isinstance(before, Waiting):
                world.wrong("a call was sent elsewhere while somebody took it")
            elif before.parent_call_id and getattr(envelope.data, "agent_id", None):
                world.wrong("a consultation came back to the agent who asked for it")
        case CallRecovered(reason="agent_offline"):
            assert isinstance(before, Connected)
            if not _went_offline(world, before, envelope.time):
                world.wrong("a talk was lost by an Offline older than it")
        case _:
            pass


def _went_offline(world: World, call: Connected, by: datetime) -> bool:
    told = [(e.sequence, e.envelope) for e in world.agents.streams[call.joined_agent_id]]
    accepted = max(
        sequence
        for sequence, envelope in told
        if envelope
        and isinstance(envelope.data, CallAnswered)
        and envelope.data.reservation_id == call.reservation_id
    )
    return any(
        sequence > accepted and envelope.time <= by
        for sequence, envelope in told
        if envelope
        and isinstance(envelope.data, AgentChanged)
        and envelope.data.presence == "Offline"
    )


def _without_legs(call: Call) -> object:
    """Return the call without its agents' legs: that one is gone is kept in its row alone."""
    return replace(call, legs={}) if hasattr(call, "legs") else call


def check_tables(world: World, rnd: random.Random) -> None:
    """Reporting's tables are the same under any interleaving of topics."""
    todo = [(name, index) for name in NAMES for index in range(len(world.log.records[name]))]
    one, two = (_folded(world, interleaved(todo, rnd)) for _ in range(2))
    for what in ("facts", "agents", "documents", "periods", "spells"):
        if getattr(one, what) != getattr(two, what):
            world.wrong(f"reporting: {what} depend on the interleaving")
    if one.changes() != two.changes():
        world.wrong("reporting: intervals depend on the interleaving")


def _folded(world: World, order: Sequence[tuple[str, int]]) -> Folding:
    folding, intake = Folding(), Intake()
    for name, index in order:
        envelope = world.log.records[name][index].envelope
        if intake.takes(name, envelope):
            folding.take(envelope)
    return folding


def check_duplicates(world: World, rnd: random.Random) -> None:
    """Everything is on the log once more, in any order; nobody does anything about it."""
    rows = {name: dict(host.store.rows) for name, host in world.hosts.items()}
    told = {name: len(host.store.events) for name, host in world.hosts.items()}
    routed = sum(1 for _ in _valid(world))
    again = [(name, index) for name in NAMES for index in range(len(world.log.records[name]))]
    rnd.shuffle(again)
    for name, index in again:
        world.log.again(name, index)
    settle(world, ORDERS[0])
    for name, host in world.hosts.items():
        if dict(host.store.rows) != rows[name] or len(host.store.events) != told[name]:
            world.wrong(f"a second delivery of everything changed {name}")
    if sum(1 for _ in _valid(world)) != routed:
        world.wrong("a second delivery of everything made the router decide")


def _valid(world: World) -> list[Decision]:
    intake = Intake()
    return [
        received.envelope.data
        for received in world.log.records[ROUTED.name]
        if intake.takes(ROUTED.name, received.envelope)
        and isinstance(received.envelope.data, Decision)
    ]
