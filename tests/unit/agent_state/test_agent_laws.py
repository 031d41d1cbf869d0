"""Laws of agent-state on random histories."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent_state.domain.agent import Agent, NotReady
from agent_state.domain.commands import (
    AcceptOffer,
    AskForHelp,
    BecomeNotReady,
    BecomeReady,
    FinishWrapUp,
    HoldCall,
    RejectOffer,
    ReleaseCall,
    SignOut,
)
from agent_state.domain.view import changed
from agent_state.tables import AGENT
from contact_events.agents import AgentChanged
from contact_events.answering import OUTCOMES
from contact_events.calls import (
    CallAbandoned,
    CallConnected,
    CallDisconnected,
    CallQueued,
    CallRecovered,
)
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from contact_events.routing import CallRouted
from contact_runtime.reader import Received
from tests.support.agent_floor import Floor

AGENTS = ("a1", "a2", "a3")
CALLS = ("k1", "k2")
STRIDE = 100
"""Offsets between two records, so that histories reach over several blocks of ends."""


@dataclass
class History:
    """What happens: records of two topics in their own order, commands, and time that passes."""

    floor: Floor
    calls: list[Received] = field(default_factory=list)
    routed: list[Received] = field(default_factory=list)
    everything: list[Received] = field(default_factory=list)


OF_IVR = ("arrived", "queued", "recovered", "connected", "end")
RECORDS = (*OF_IVR, "located", "offer", "offer", "rescind", "progress")
ACTIONS = (
    "accept",
    "accept",
    "reject",
    "release",
    "hold",
    "wrap",
    "ready",
    "ready",
    "lunch",
    "out",
    "leave",
    "leave",
    "help",
)
READING = ("read_call", "read_call", "read_routed", "read_routed", "dup", "wait")
STEPS = st.lists(
    st.tuples(st.sampled_from([*RECORDS, *ACTIONS, *READING]), st.integers(0, 5)), max_size=60
)


def write(history: History, kind: str, n: int) -> None:
    """Append a record to a topic; nobody has read it yet."""
    floor, call_id = history.floor, CALLS[n % len(CALLS)]
    if kind in OF_IVR:
        history.calls.append(floor.record(fact_of_ivr(history, kind, call_id, n)))
        return
    if kind == "located":  # geo reads calls by itself: its word may be read before or after all
        place = CallerLocated(call_id=call_id, precision="country", source="p", country="RU")
        history.calls.append(floor.record(place))
        return
    # an honest router: it offers no call whose end it has folded
    folded = [r for r in history.calls if r.envelope.stream == call_id]
    ends = [r.record.offset for r in folded if isinstance(r.envelope.data, CallAbandoned)]
    limit = min(ends, default=floor.offsets["call-arrived"])
    event: Event
    match kind:
        case "offer":
            event = floor.offer(
                call_id, AGENTS[n % 3], attempt=n // 2 + 1, position=limit, ring_s=10.0
            )
        case "rescind":
            offers = [
                r.envelope.data for r in history.routed if isinstance(r.envelope.data, CallRouted)
            ]
            if not offers:
                return
            event = floor.rescission(offers[n % len(offers)])
        case _:
            event = floor.progress(floor.offsets["call-arrived"] if n % 2 else 0)
            if not all(is_over(history, call) for call in CALLS):
                event = floor.progress(0)
    history.routed.append(floor.record(event))


def is_over(history: History, call_id: str) -> bool:
    return any(
        isinstance(r.envelope.data, CallAbandoned)
        for r in history.calls
        if r.envelope.stream == call_id
    )


def fact_of_ivr(history: History, kind: str, call_id: str, n: int) -> Event:
    if kind == "end" or is_over(history, call_id):
        return CallAbandoned(call_id=call_id, attempt=1)
    attempt = n // 2 + 1
    match kind:
        case "arrived":
            return history.floor.arrived(call_id)
        case "queued":
            return CallQueued(call_id=call_id, attempt=attempt, queue_id="q")
        case "recovered":
            return CallRecovered(
                call_id=call_id, attempt=attempt, reason="not_joined", queue_id="q"
            )
        case _:
            return CallConnected(
                call_id=call_id, attempt=attempt, reservation_id=f"R{n}", agent_id=AGENTS[n % 3]
            )


def act(history: History, kind: str, n: int) -> None:
    """Let an agent do something, or time pass, or the reader read."""
    floor, agent_id = history.floor, AGENTS[n % 3]
    filling = floor.agent(agent_id).slots[0].filling
    reservation_id = getattr(filling, "reservation_id", "none")
    commands = {
        "accept": AcceptOffer(reservation_id=reservation_id),
        "reject": RejectOffer(reservation_id=reservation_id),
        "release": ReleaseCall(reservation_id=reservation_id),
        "hold": HoldCall(reservation_id=reservation_id),
        "wrap": FinishWrapUp(reservation_id=reservation_id),
        "ready": BecomeReady(),
        "lunch": BecomeNotReady(reason="lunch"),
        "out": SignOut(),
        "leave": SignOut(after_work=True),
        "help": AskForHelp(),
    }
    if kind in commands:
        floor.order(agent_id, commands[kind], f"c{len(floor.store.events)}-{n}-{kind}")
    elif kind == "wait":
        floor.advance(n * 3.0)
    elif kind == "dup" and history.everything:
        floor.read([history.everything[n % len(history.everything)]])
    elif kind == "read_call":
        read(history, history.calls, n + 1)
    elif kind == "read_routed":
        read(history, history.routed, n + 1)


def read(history: History, topic: list[Received], most: int) -> None:
    unread = [r for r in topic if r not in history.everything][:most]
    history.everything += unread
    history.floor.read(unread)


def lived(script: Sequence[tuple[str, int]]) -> History:
    """Return the history after all steps and, then, everything read and every call ended."""
    history = History(Floor(*AGENTS, stride=STRIDE))
    for kind, n in script:
        if kind in RECORDS:
            write(history, kind, n)
        else:
            act(history, kind, n)
    return history


def drained(history: History) -> Floor:
    floor = history.floor
    read(history, history.routed, 1000)
    for call_id in CALLS:
        end = CallDisconnected(call_id=call_id, attempt=9, by="system")
        history.calls.append(floor.record(end))
    read(history, history.calls, 1000)
    for _ in range(3):
        floor.advance(60.0)
    return floor


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_once_all_is_drained_every_slot_is_free_and_every_offer_has_one_outcome(
    script: list[tuple[str, int]],
) -> None:
    history = lived(script)
    floor = drained(history)
    assert [floor.state(agent_id) for agent_id in AGENTS] == ["free"] * 3
    presences = [floor.agent(agent_id).presence for agent_id in AGENTS]
    assert not any(isinstance(p, NotReady) and p.leaves for p in presences)
    offered = [
        r.envelope.data.reservation_id
        for r in history.routed
        if isinstance(r.envelope.data, CallRouted)
    ]
    outcomes = Counter(
        e.data.reservation_id  # type: ignore[attr-defined]
        for e in floor.store.outbox
        if isinstance(e.data, OUTCOMES)
    )
    assert outcomes == Counter(offered)


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_every_outcome_is_followed_by_the_agent_s_state_and_the_log_says_what_the_row_is(
    script: list[tuple[str, int]],
) -> None:
    floor = lived(script).floor
    told: dict[str, list[Event]] = {agent_id: [] for agent_id in AGENTS}
    for envelope in floor.store.outbox:
        told[envelope.stream].append(envelope.data)
    for agent_id, events in told.items():
        agent = floor.agent(agent_id)
        states = [event for event in events if isinstance(event, AgentChanged)]
        assert len(states) <= agent.version
        assert replace(states[-1], cause="") == changed(agent, "")
        last = {type(event): n for n, event in enumerate(events)}
        assert all(last.get(outcome, -1) < last[AgentChanged] for outcome in OUTCOMES)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_the_same_inputs_again_lead_to_the_same_rows_and_the_same_events(
    script: list[tuple[str, int]],
) -> None:
    first, again = lived(script).floor, lived(script).floor
    assert first.store.rows == again.store.rows
    assert first.store.outbox == again.store.outbox


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_records_that_come_twice_change_nothing(script: list[tuple[str, int]]) -> None:
    history = lived(script)
    floor = history.floor
    rows, events = dict(floor.store.rows), len(floor.store.events)
    for received in history.everything:
        floor.read([received])
    floor.read(history.everything)
    assert (floor.store.rows, len(floor.store.events)) == (rows, events)


@settings(max_examples=20, deadline=None)
@given(STEPS, st.integers(1, 5))
def test_a_batch_has_the_effect_of_its_records_one_by_one(
    script: list[tuple[str, int]], size: int
) -> None:
    plain = [(kind, n) for kind, n in script if not kind.startswith("read")]
    one, many = lived(plain), lived(plain)
    order = merged(one.calls, one.routed, size)
    for received in order:
        one.floor.read([received])
    for at in range(0, len(order), size):
        many.floor.read(order[at : at + size])
    assert one.floor.store.outbox == many.floor.store.outbox
    assert agents_of(one.floor) == agents_of(many.floor)


def merged(first: list[Received], second: list[Received], every: int) -> list[Received]:
    """Return both in one order that keeps each one's own."""
    taken: list[Received] = []
    rest = [list(first), list(second)]
    while rest[0] or rest[1]:
        for topic in rest:
            taken += topic[:every]
            del topic[:every]
    return taken


def agents_of(floor: Floor) -> dict[str, Agent]:
    return {agent_id: floor.agent(agent_id) for agent_id in AGENTS}


def test_states_survive_being_kept_as_rows() -> None:
    floor = Floor("a1")
    floor.hear(floor.arrived("k1"))
    floor.rung("k1", "a1")
    agent = floor.agent("a1")
    assert AGENT.decode(AGENT.encode(agent)) == agent
