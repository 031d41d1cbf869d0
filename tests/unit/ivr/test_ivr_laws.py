"""Laws of ivr on random histories: replay, duplicates, interleavings."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.agents import AgentChanged, Slot
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallRangOut,
    CallRejected,
    CallReleaseRequested,
    CallTransferRequested,
)
from contact_events.calls import TERMINAL, CallConnected, CallQueued, CallRecovered
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallOverflowed, RouterEpochStarted
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received
from ivr.commands import Cause, handle
from ivr.consumers import handler, tick
from ivr.domain.call import Call, Connected, Ended, Joining, Unborn, Waiting
from ivr.domain.commands import (
    Command,
    EndLeg,
    HangUp,
    LoseAgent,
    Overflow,
    PickUp,
    PressDigits,
    Release,
    RingTelephone,
    TimeOutInput,
    Transfer,
)
from ivr.domain.evolve import evolve, hear
from ivr.tables import AGENT, CALL, PROJECT
from tests.support.ivr_histories import NINE, SHOP, STRAIGHT, Told, arrival, replayed

RESERVATIONS = st.sampled_from(["R1", "R2", "R3"])
ATTEMPTS = st.integers(1, 3)
AGENTS = st.sampled_from(["a1", "a2"])


@dataclass
class World:
    """ivr on the store's double, read from by hand."""

    store: MemoryStore = field(default_factory=lambda: MemoryStore(source="/polycentre/ivr"))
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NINE))
    intake: Intake = field(default_factory=Intake)

    def arrive(self, call_id: str = "K1") -> None:
        """Let a call in that waits in queue q1 at once."""
        self.command(call_id, arrival(STRAIGHT))

    def command(self, call_id: str, command: Command) -> None:
        async def carry_out() -> None:
            async with self.store.unit() as unit:
                await unit.load(PROJECT, STRAIGHT.project_id)
                unit.put(PROJECT, STRAIGHT.project_id, STRAIGHT)
                await handle(unit, call_id, command, Cause(self.clock.now()))

        asyncio.run(carry_out())

    def read(self, batch: Sequence[Envelope]) -> None:
        """Read a batch as the reader does: what counts, in one transaction."""
        fresh = [
            Received(_RECORD, envelope)
            for envelope in batch
            if self.intake.takes(event_type_of(type(envelope.data)).topic.name, envelope)
        ]

        async def carry_out() -> None:
            async with self.store.unit() as unit:
                await handler(self.clock)(unit, fresh)

        asyncio.run(carry_out())

    def call(self, call_id: str = "K1") -> Call:
        return asyncio.run(self.store.peek(CALL, call_id))


_RECORD = Record("t", 0, 0, None, None, (), 0)


def envelope_of(fact: Event, sequence: int, stream: str = "a1") -> Envelope:
    return Envelope(
        id=f"{stream}/{sequence}",
        source="/polycentre/test",
        subject=stream,
        time=NINE,
        pool="main",
        stream=stream,
        sequence=sequence,
        data=fact,
    )


def answered(attempt: int = 1, reservation_id: str = "R1", agent_id: str = "a1") -> CallAnswered:
    return CallAnswered(
        call_id="K1", attempt=attempt, reservation_id=reservation_id, agent_id=agent_id, slot=0
    )


def changed(
    presence: str, *, telephone: bool = False, slot: Slot | None = None, agent_id: str = "a1"
) -> AgentChanged:
    return AgentChanged(
        agent_id=agent_id,
        presence=presence,  # type: ignore[arg-type]
        status="Offline" if presence == "Offline" else "Ready",
        site_id="moscow",
        slots=(slot or Slot(slot=0, state="free"),),
        cause="test",
        telephone=telephone,
    )


def overflowed(number: int, attempt: int, to: str = "end") -> CallOverflowed:
    return CallOverflowed(
        pool="main",
        epoch=1,
        owner="x",
        number=number,
        decided_at=NINE,
        positions={},
        call_id="K1",
        attempt=attempt,
        to=to,  # type: ignore[arg-type]
        reason="max_wait",
    )


_RESERVED = Slot(slot=0, state="reserved", call_id="K1", attempt=1, reservation_id="R1")
_TALKING = Slot(slot=0, state="talking", call_id="K1", attempt=1, reservation_id="R1")

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(PressDigits, digits=st.text("129", min_size=1, max_size=3), project=st.just(SHOP)),
    st.just(TimeOutInput(now=NINE.replace(hour=12), project=SHOP)),
    st.builds(HangUp),
    st.builds(LoseAgent, agent_id=AGENTS, sequence=st.integers(1, 9)),
    st.builds(Release, RESERVATIONS),
    st.builds(Transfer, reservation_id=RESERVATIONS, to_queue_id=st.just("billing")),
    st.builds(RingTelephone, reservation_id=RESERVATIONS, attempt=ATTEMPTS, agent_id=AGENTS),
    st.builds(PickUp, RESERVATIONS),
    st.builds(EndLeg, RESERVATIONS, abnormal=st.booleans()),
    st.builds(
        Overflow,
        attempt=ATTEMPTS,
        to=st.sampled_from(["queue", "sender", "end"]),
        queue_id=st.just("q2"),
        default_queue_id=st.just("q0"),
    ),
)
NEGATIVE = st.builds(
    CallRejected,
    call_id=st.just("K1"),
    attempt=ATTEMPTS,
    reservation_id=RESERVATIONS,
    agent_id=AGENTS,
    slot=st.just(0),
    reason=st.just("agent"),
)


@st.composite
def histories(draw: st.DrawFn) -> Told:
    """Return a call after a random history of commands, acceptances and rejections."""
    told = Told()
    told.when(arrival(draw(st.sampled_from([SHOP, STRAIGHT]))))
    for _ in range(draw(st.integers(0, 25))):
        if isinstance(told.call, Ended):
            break
        kind = draw(st.sampled_from(["command", "answered", "negative"]))
        if kind == "command":
            told.when(draw(COMMANDS))
        elif kind == "negative":
            told.hears(draw(NEGATIVE))
        else:
            told.accepted(
                draw(RESERVATIONS),
                agent_id=draw(AGENTS),
                attempt=draw(ATTEMPTS),
                sequence=draw(st.integers(1, 9)),
                offline_sequence=draw(st.integers(0, 9)),
                telephone=draw(st.booleans()),
            )
    return told


@settings(max_examples=50)
@given(histories())
def test_replay_equals_live(told: Told) -> None:
    assert replayed(told.folded) == told.call


@settings(max_examples=50)
@given(histories())
def test_what_happened_obeys_the_rules_of_attempts(told: Told) -> None:
    facts = [envelope.data for envelope in told.written]
    attempts = [fact.attempt for fact in facts if isinstance(fact, CallQueued | CallRecovered)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert sum(isinstance(fact, TERMINAL) for fact in facts) <= 1
    joined = [fact.attempt for fact in facts if isinstance(fact, CallConnected)]
    assert joined == sorted(set(joined))
    ended = [place for place, fact in enumerate(facts) if isinstance(fact, TERMINAL)]
    assert ended in ([], [len(facts) - 1])


@settings(max_examples=50)
@given(histories())
def test_an_ended_call_changes_no_more(told: Told) -> None:
    told.when(HangUp())
    before = told.call
    assert isinstance(before, Ended)
    told.accepted("R9", attempt=before.attempt)
    for step in told.folded:
        assert step(before) == before
    assert told.when(LoseAgent(agent_id="a1", sequence=99)) == []
    assert told.when(Overflow(attempt=before.attempt, to="end", default_queue_id="q")) == []
    assert told.when(EndLeg("R1", abnormal=True)) == []
    assert told.call == before


def test_a_call_that_never_arrived_is_not_made_by_what_is_heard_of_it() -> None:
    world = World()
    world.read([envelope_of(answered(), 3), envelope_of(changed("Offline"), 4)])
    assert isinstance(world.call(), Unborn)
    assert world.store.outbox == []


@st.composite
def interleavings(draw: st.DrawFn, *streams: Sequence[Envelope]) -> list[Envelope]:
    """Return the streams' envelopes in an order that keeps each stream's own."""
    left = [list(stream) for stream in streams]
    merged: list[Envelope] = []
    while any(left):
        merged.append(draw(st.sampled_from([stream for stream in left if stream])).pop(0))
    return merged


_LOST = (
    [envelope_of(answered(), 3)],
    [
        envelope_of(changed("Ready"), 1),
        envelope_of(changed("Ready", slot=_RESERVED), 2),
        envelope_of(changed("Ready", slot=_TALKING), 4),
        envelope_of(changed("Offline", slot=_TALKING), 5),
    ],
)
_BACK = (
    [envelope_of(answered(), 5)],
    [
        envelope_of(changed("Offline"), 1),
        envelope_of(changed("Ready"), 2),
        envelope_of(changed("Offline"), 3),
        envelope_of(changed("Ready", slot=_RESERVED), 4),
        envelope_of(changed("Ready", slot=_TALKING), 6),
    ],
)


@settings(max_examples=50)
@given(interleavings(*_LOST), st.integers(1, 5))
def test_an_agent_who_is_lost_is_lost_in_every_interleaving(
    merged: list[Envelope], size: int
) -> None:
    world = _after(merged, size)
    call = world.call()
    assert isinstance(call, Waiting)
    assert (call.attempt, call.queue_id) == (2, "q1")


@settings(max_examples=50)
@given(interleavings(*_BACK), st.integers(1, 5))
def test_an_agent_who_is_back_keeps_the_talk_in_every_interleaving(
    merged: list[Envelope], size: int
) -> None:
    world = _after(merged, size)
    call = world.call()
    assert isinstance(call, Connected)
    assert (call.attempt, call.joined_agent_id) == (1, "a1")


@settings(max_examples=50)
@given(
    interleavings(
        [
            envelope_of(answered(), 3),
            envelope_of(
                CallTransferRequested(
                    call_id="K1", reservation_id="R1", agent_id="a1", to_queue_id="billing"
                ),
                5,
            ),
        ],
        [
            envelope_of(changed("Ready", slot=_TALKING), 4),
            envelope_of(changed("Offline"), 6),
        ],
        [
            envelope_of(
                RouterEpochStarted(pool="main", epoch=1, owner="x", code_version="1"),
                1,
                "router",
            ),
            envelope_of(overflowed(1, 0), 2, "router"),
        ],
    ),
    st.integers(1, 6),
)
def test_a_transfer_and_the_senders_leaving_end_in_one_attempt_each(
    merged: list[Envelope], size: int
) -> None:
    """Whoever is first decides; the call waits, and nobody is asked for it twice."""
    call = _after(merged, size).call()
    assert isinstance(call, Waiting)
    assert (call.attempt, call.queue_id) in ((2, "billing"), (2, "q1"))


@settings(max_examples=50)
@given(interleavings(*_LOST), st.lists(st.integers(0, 4), max_size=8))
def test_a_record_delivered_twice_changes_nothing(merged: list[Envelope], again: list[int]) -> None:
    world = _after(merged, 2)
    before, rows = list(world.store.outbox), dict(world.store.rows)
    world.read([merged[place] for place in again])
    assert world.store.outbox == before
    assert world.store.rows == rows


@settings(max_examples=50)
@given(interleavings(*_LOST))
def test_rows_are_the_fold_of_what_was_published_and_heard(merged: list[Envelope]) -> None:
    world = World()
    world.arrive()
    steps = [partial(evolve, envelope=own) for own in world.store.outbox]
    for envelope in merged:
        seen = len(world.store.outbox)
        world.read([envelope])
        if not isinstance(envelope.data, AgentChanged):
            steps.append(partial(hear, envelope=envelope))
        steps += [partial(evolve, envelope=own) for own in world.store.outbox[seen:]]
    assert replayed(steps) == world.call()


def test_a_void_decision_is_not_obeyed() -> None:
    world = World()
    world.arrive()
    world.read([envelope_of(overflowed(1, 1), 1, "router")])
    assert isinstance(world.call(), Waiting)


def test_a_valid_overflow_that_ends_the_call_fails_it() -> None:
    world = World()
    world.arrive()
    claim = RouterEpochStarted(pool="main", epoch=1, owner="x", code_version="1")
    world.read([envelope_of(claim, 1, "router"), envelope_of(overflowed(1, 1), 2, "router")])
    call = world.call()
    assert isinstance(call, Ended)
    assert (call.ended_as, call.reason) == ("failed", "no_agent")


def test_what_nobody_answers_in_time_is_given_up_by_the_timer() -> None:
    world = World()
    world.arrive()
    telephone = changed("Ready", telephone=True, slot=_RESERVED)
    world.read([envelope_of(telephone, 2), envelope_of(answered(), 3)])
    [(due_at, key)] = asyncio.run(world.store.due(CALL, 10))
    world.clock.advance((due_at - world.clock.now()).total_seconds())

    async def carry_out() -> None:
        async with world.store.unit() as unit:
            await tick(unit, key, world.clock.now())

    asyncio.run(carry_out())
    call = world.call()
    assert isinstance(call, Waiting)
    assert call.attempt == 2


def test_a_reserved_agent_with_a_telephone_is_rung_and_a_settled_offer_is_not() -> None:
    world = World()
    world.arrive()
    telephone = changed("Ready", telephone=True, slot=_RESERVED)
    rang_out = CallRangOut(
        call_id="K1", attempt=1, reservation_id="R1", agent_id="a1", slot=0, rang_for_s=20.0
    )
    world.read([envelope_of(rang_out, 3), envelope_of(telephone, 2)])
    assert [type(e.data).__name__ for e in world.store.outbox][-1] == "CallQueued"


def test_an_agent_with_a_telephone_is_not_joined_before_it_rings() -> None:
    world = World()
    world.arrive()
    world.read([envelope_of(changed("Ready", telephone=True), 1), envelope_of(answered(), 3)])
    assert isinstance(world.call(), Joining)


def test_where_ivr_holds_the_leg_an_offline_is_no_loss() -> None:
    world = World()
    world.arrive()
    ready = changed("Ready", telephone=True, slot=_RESERVED)
    world.read([envelope_of(ready, 2)])
    world.command("K1", PickUp("R1"))
    world.read(
        [
            envelope_of(answered(), 3),
            envelope_of(changed("Offline", telephone=True, slot=_TALKING), 4),
        ]
    )
    assert isinstance(world.call(), Connected)
    assert asyncio.run(world.store.peek(AGENT, "a1")).offline_sequence == 0


def test_what_is_asked_of_a_consultation_does_not_touch_the_talk() -> None:
    world = World()
    world.arrive()
    asked = {"call_id": "K1", "reservation_id": "R1", "agent_id": "a1", "consult_call_id": "K2"}
    world.read(
        [
            envelope_of(answered(), 3),
            envelope_of(CallConsultRequested(**asked, to_queue_id="q2"), 4),
            envelope_of(CallReleaseRequested(**asked), 5),
            envelope_of(CallTransferRequested(**asked), 6),
            envelope_of(CallTransferRequested(**asked, to_queue_id="q2"), 7),
        ]
    )
    assert isinstance(world.call(), Connected)


def test_a_call_that_agent_state_has_let_go_of_is_forgotten_of_the_agent() -> None:
    world = World()
    world.arrive()
    world.read([envelope_of(answered(), 3), envelope_of(changed("Ready", slot=_TALKING), 4)])
    assert asyncio.run(world.store.peek(AGENT, "a1")).calls == {"K1": 3}
    hung_up = CallReleaseRequested(call_id="K1", reservation_id="R1", agent_id="a1")
    world.read([envelope_of(hung_up, 5), envelope_of(changed("Ready"), 6)])
    assert isinstance(world.call(), Ended)
    assert asyncio.run(world.store.peek(AGENT, "a1")).calls == {}


def _after(merged: list[Envelope], size: int) -> World:
    world = World()
    world.arrive()
    for start in range(0, len(merged), size):
        world.read(merged[start : start + size])
    return world
