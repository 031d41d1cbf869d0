"""The router's own code, taken through a simulated day: what it folds is what services write.

Of the facts of a call only those are written that the router reads: arrival, queueing, the outcome
of its offer, the join, the end, and the agent's state at each of them. `router.domain` is used as
the leader uses it: fold, `due`, `decide`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.routing.centre import Centre
from contact_events.agents import AgentChanged, AgentStatus, Slot, SlotState
from contact_events.answering import CallAnswered, CallRejected
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallDisconnected,
    CallQueued,
)
from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_events.routing import CallRouted
from contact_events.topics import AGENT_STATE, ANSWERED, CALL_ARRIVED, ROUTING_CONFIG, Topic
from contact_events.validity import Leadership
from router.domain.decide import decide
from router.domain.due import due
from router.domain.evolve import OwnDecision, fold
from router.domain.indexes import Indexes
from router.domain.state import Fact, State

POOL: Final = "main"
START: Final = datetime(2026, 3, 2, tzinfo=UTC)

_STATUS: Final[dict[SlotState, AgentStatus]] = {
    "free": "Ready",
    "reserved": "Reserved",
    "talking": "Talking",
}


class Routed:
    """A leading router and the stand-ins for ivr and agent-state that write what it reads.

    `now` is in microseconds since the beginning of the day, `at` the same as the router's clock.
    """

    def __init__(self, centre: Centre) -> None:
        """Configure the centre and sign everybody in."""
        self.centre = centre
        self.site_of = {one.agent_id: one.site for one in centre.staff}
        self._skills = {one.agent_id: one.skills for one in centre.staff}
        self._offsets = {t.name: 0 for t in (CALL_ARRIVED, ANSWERED, AGENT_STATE, ROUTING_CONFIG)}
        self._numbers: dict[str, int] = {}
        self.now = 0
        self.at = START
        self.state = State(POOL)
        self.state.lead(Leadership(1, "bench", 0))
        self._indexes: Indexes | None = None
        for document in centre.documents():
            self._write(ROUTING_CONFIG, document.document_id, document)
        for one in centre.staff:
            self._agent(one.agent_id, "free")
        self.indexes = self._indexes = Indexes(self.state)
        self.decide()

    def move_to(self, now: int) -> None:
        """Let it be later."""
        if now != self.now:
            self.now = now
            self.at = START + timedelta(microseconds=now)

    def decide(self) -> list[OwnDecision]:
        """Return all that the router says at this moment."""
        said: list[OwnDecision] = []
        while (when := due(self.indexes)) is not None and when <= self.at:
            turn = decide(self.indexes, self.at)
            if not turn:
                break
            said += turn
        return said

    def due(self) -> int | None:
        """Return when the router looks again though nothing is written; None for never."""
        when = due(self.indexes)
        return None if when is None else max(self.now, (when - START) // timedelta(microseconds=1))

    def queued(self, call_id: str, home: int, queue: int) -> None:
        """Let a call come and wait."""
        arrived = CallArrived(
            call_id=call_id,
            channel="voice",
            direction="inbound",
            dnis="+74950000001",
            entry_site_id=self.centre.sites[home],
        )
        self._write(CALL_ARRIVED, call_id, arrived)
        queued = CallQueued(call_id=call_id, attempt=1, queue_id=self.centre.queues[queue])
        self._write(CALL_ARRIVED, call_id, queued)

    def ringing(self, offer: CallRouted) -> None:
        """Let the agent be rung."""
        self._agent(offer.agent_id, "reserved", offer)

    def answered(self, offer: CallRouted) -> None:
        """Let the agent take the offer and be joined with the caller."""
        self._write(ANSWERED, offer.agent_id, CallAnswered(**_of(offer)))
        self._agent(offer.agent_id, "talking", offer)
        joined = CallConnected(
            call_id=offer.call_id,
            attempt=offer.attempt,
            reservation_id=offer.reservation_id,
            agent_id=offer.agent_id,
        )
        self._write(CALL_ARRIVED, offer.call_id, joined)

    def ended(self, offer: CallRouted) -> None:
        """Let the talk end and the agent be free."""
        over = CallDisconnected(call_id=offer.call_id, attempt=offer.attempt, by="caller")
        self._write(CALL_ARRIVED, offer.call_id, over)
        self._agent(offer.agent_id, "free", offer)

    def abandoned(self, call_id: str, offer: CallRouted | None) -> None:
        """Let the caller leave the queue; an agent who is being rung is free again."""
        self._write(CALL_ARRIVED, call_id, CallAbandoned(call_id=call_id, attempt=1))
        if offer is not None:
            gone = CallRejected(**_of(offer), reason="caller_gone")
            self._write(ANSWERED, offer.agent_id, gone)
            self._agent(offer.agent_id, "free", offer)

    def _agent(self, agent_id: str, state: SlotState, offer: CallRouted | None = None) -> None:
        filled = offer if state != "free" else None
        slot = Slot(
            slot=0,
            state=state,
            call_id=filled.call_id if filled else None,
            attempt=filled.attempt if filled else None,
            reservation_id=filled.reservation_id if filled else None,
            last_reservation_id=offer.reservation_id if offer else None,
        )
        changed = AgentChanged(
            agent_id=agent_id,
            presence="Ready",
            status=_STATUS[state],
            site_id=self.centre.sites[self.site_of[agent_id]],
            slots=(slot,),
            cause="bench",
            skills=self._skills[agent_id],
        )
        self._write(AGENT_STATE, agent_id, changed)

    def _write(self, topic: Topic, stream: str, event: Event) -> None:
        """Fold the event as the next record of its topic, numbered in its stream."""
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        envelope = Envelope(
            id="",
            source="bench",
            subject=stream,
            time=self.at,
            pool=POOL,
            stream=stream,
            sequence=number,
            data=event,
        )
        offset = self._offsets[topic.name]
        self._offsets[topic.name] = offset + 1
        touched = fold(self.state, Fact(topic.name, offset, envelope))
        if self._indexes is not None:
            self._indexes.touch(touched)


def _of(offer: CallRouted) -> dict[str, Any]:
    return {
        "call_id": offer.call_id,
        "attempt": offer.attempt,
        "reservation_id": offer.reservation_id,
        "agent_id": offer.agent_id,
        "slot": offer.slot,
    }
