"""agent-state in memory, driven step by step: records as they come, commands, and the clock."""

from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from agent_state.commands import Order, obey
from agent_state.consumers import handler, tick
from agent_state.domain.agent import Agent, Profile
from agent_state.domain.answers import Answer
from agent_state.domain.call_memo import CallMemo
from agent_state.domain.commands import BecomeReady, SetProfile
from agent_state.kinds import furnish
from agent_state.tables import AGENT, CALL_MEMO
from contact_events.calls import CallArrived, Text
from contact_events.envelope import Envelope, encode
from contact_events.identity import router_stream
from contact_events.intake import Intake
from contact_events.registry import Event, event_type_of
from contact_events.routing import (
    CallRescinded,
    CallRouted,
    Decision,
    RouterEpochStarted,
    RouterProgress,
    Why,
)
from contact_events.topics import CALL_ARRIVED, CALLER_LOCATED, ROUTED
from contact_runtime.administration.documents import Author
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RING_S = 20.0
WRAP_UP_S = 30.0


def done(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise AssertionError("it waited for something")


def profile(**fields: Any) -> Profile:
    """Return an agent's profile with these fields."""
    given = {
        "name": Text(ru="Анна", en="Anna"),
        "site_id": "moscow",
        "wrap_up_s": WRAP_UP_S,
        **fields,
    }
    return Profile(**given)


class Floor:
    """Agents of one pool, with the log's records numbered as they are heard.

    `stride` is the distance of two offsets, so that few records reach over many blocks.
    """

    def __init__(self, *agents: str, stride: int = 1, telephone: bool = False) -> None:
        self.store = MemoryStore(source="/polycentre/agent-state")
        self.clock = StoppedClock(START)
        self.intake = Intake()
        self.offsets = {CALL_ARRIVED.name: 0, CALLER_LOCATED.name: 0, ROUTED.name: 0}
        self.sequences: dict[str, int] = {}
        self.number = 0
        self._stride = stride
        self._heard = 0
        done(furnish(self.store, Author("agent-state", START, "start")))
        self.hear(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        for agent_id in agents:
            self.order(agent_id, SetProfile(profile=profile(telephone=telephone)))
            self.order(agent_id, BecomeReady())
        self.told()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def order(self, agent_id: str, command: Any, command_id: str | None = None) -> Answer:
        """Carry out a command in a transaction of its own."""
        return done(self._order(Order(agent_id, command, command_id)))

    async def _order(self, order: Order) -> Answer:
        async with self.store.unit() as unit:
            return await obey(unit, order, self.now)

    def hear(self, *events: Event) -> None:
        """Read records of these events, one batch, as they come next on their topics."""
        self.read([self.record(event) for event in events])

    def record(self, event: Event, *, position: int | None = None) -> Received:
        """Return the next record of the event's topic, numbered."""
        declared = event_type_of(type(event))
        topic = declared.topic
        routed = topic.name == ROUTED.name
        stream = router_stream("main", 1, "r1") if routed else str(getattr(event, declared.key))
        sequence = self.sequences[stream] = self.sequences.get(stream, 0) + 1
        offset = self.offsets.setdefault(topic.name, 0)
        self.offsets[topic.name] = offset + self._stride
        client = "acme" if isinstance(event, CallArrived | CallRouted) else None
        envelope = Envelope(
            id=f"{topic.name}/{offset}",
            source="/polycentre/test",
            subject="",
            time=self.now,
            pool="main",
            stream=stream,
            sequence=sequence,
            client=client,
            project="sales" if client else None,
            data=event,
        )
        record = Record(topic.name, 0, offset, b"", encode(envelope), (), 0)
        return Received(record, envelope)

    def read(self, batch: Sequence[Received]) -> None:
        """Read a batch as the reader does: only what counts, in one transaction."""
        taken = [r for r in batch if self.intake.takes(r.record.topic, r.envelope)]
        if taken:
            self.take(taken)

    def take(self, batch: Sequence[Received]) -> None:
        """Carry out a batch whose records all count."""
        done(self._read(batch))

    async def _read(self, batch: Sequence[Received]) -> None:
        async with self.store.unit() as unit:
            await handler(self.clock)(unit, batch)

    def advance(self, seconds: float) -> None:
        """Let business time pass and carry out what is due."""
        self.clock.advance(seconds)
        for _, agent_id in done(self.store.due(AGENT, 1000)):
            if (due := AGENT.due(self.agent(agent_id))) is not None and due <= self.now:
                done(self._tick(agent_id))

    async def _tick(self, agent_id: str) -> None:
        async with self.store.unit() as unit:
            await tick(unit, agent_id, self.clock.now())

    def decision(self, position: int = 0) -> dict[str, Any]:
        """Return what every decision carries; `position` is where it was in call-arrived."""
        self.number += 1
        return {
            "pool": "main",
            "epoch": 1,
            "owner": "r1",
            "number": self.number,
            "decided_at": self.now,
            "positions": {CALL_ARRIVED.name: position},
        }

    def offer(
        self,
        call_id: str,
        agent_id: str,
        *,
        attempt: int = 1,
        slot: int = 0,
        position: int = 0,
        ring_s: float = RING_S,
    ) -> CallRouted:
        """Return the router's next offer; its reservation is named after its number."""
        decided = self.decision(position)
        return CallRouted(
            **decided,
            call_id=call_id,
            attempt=attempt,
            reservation_id=f"R{decided['number']}",
            agent_id=agent_id,
            slot=slot,
            site_id="moscow",
            queue_id="acme-sales",
            expires_at=self.now + timedelta(seconds=ring_s),
            why=Why(step="anyone", eligible=1),
        )

    def rescission(self, offer: CallRouted) -> CallRescinded:
        """Return the router's request to have an offer back."""
        return CallRescinded(
            **self.decision(),
            call_id=offer.call_id,
            attempt=offer.attempt,
            reservation_id=offer.reservation_id,
            agent_id=offer.agent_id,
            slot=offer.slot,
            reason="expired",
        )

    def progress(self, position: int) -> Decision:
        """Return the router's word that it has folded call-arrived up to `position`."""
        return RouterProgress(**self.decision(position))

    def arrived(self, call_id: str) -> CallArrived:
        """Return the arrival of a caller of the client acme."""
        return CallArrived(
            call_id=call_id,
            channel="voice",
            direction="inbound",
            dnis="+74950000001",
            entry_site_id="moscow",
            client_name="Acme",
            agent_greeting=Text(ru="Акме, здравствуйте", en="Acme, hello"),
        )

    def rung(self, call_id: str, agent_id: str, **more: Any) -> CallRouted:
        """Ring the agent for the call and return the offer."""
        offer = self.offer(call_id, agent_id, **more)
        self.hear(offer)
        return offer

    def agent(self, agent_id: str) -> Agent:
        """Return the agent's row."""
        return done(self.store.peek(AGENT, agent_id))

    def state(self, agent_id: str, slot: int = 0) -> str:
        """Return what fills the slot: free, reserved, talking, hold or wrap_up."""
        return str(self.agent(agent_id).slots[slot].filling.__struct_config__.tag)

    def presence(self, agent_id: str) -> tuple[str, str | None]:
        """Return the agent's presence and its reason."""
        presence = self.agent(agent_id).presence
        return str(presence.__struct_config__.tag), presence.reason

    def told(self) -> list[Event]:
        """Return the events written since this was last asked."""
        envelopes = self.store.outbox[self._heard :]
        self._heard += len(envelopes)
        return [envelope.data for envelope in envelopes]

    def remembers(self, call_id: str) -> bool:
        """Return whether anything is remembered of the call."""
        memo = done(self.store.peek(CALL_MEMO, call_id))
        return memo not in (CALL_MEMO.initial(call_id), CallMemo(call_id=call_id, forgotten=True))
