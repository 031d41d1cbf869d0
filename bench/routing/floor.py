"""Stand-ins for ivr and agent-state: they write the facts that the router reads, and no others.

Of a call these are its arrival and queueing, the outcome of its offer, the join and the end, and
the agent's state at each of them.
"""

from collections.abc import Callable
from datetime import UTC, datetime
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

POOL: Final = "main"
START: Final = datetime(2026, 3, 2, tzinfo=UTC)

_STATUS: Final[dict[SlotState, AgentStatus]] = {
    "free": "Ready",
    "reserved": "Reserved",
    "talking": "Talking",
}


class Floor:
    """Callers and agents of a centre; every fact goes to `write`, dated `at`."""

    def __init__(self, centre: Centre, write: Callable[[Topic, Envelope], None]) -> None:
        """Nobody is there yet."""
        self.centre = centre
        self.at = START
        self.site_of = {one.agent_id: one.site for one in centre.staff}
        self._skills = {one.agent_id: one.skills for one in centre.staff}
        self._numbers: dict[str, int] = {}
        self._to = write

    def open(self) -> None:
        """Configure the centre and sign everybody in."""
        for document in self.centre.documents():
            self._write(ROUTING_CONFIG, document.document_id, document)
        for one in self.centre.staff:
            self._agent(one.agent_id, "free")

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

    def abandoned(self, call_id: str, offer: CallRouted | None = None) -> None:
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
        """Write the event, numbered in its stream."""
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        envelope = Envelope(
            id=f"{stream}#{number}",
            source="/polycentre/bench",
            subject=stream,
            time=self.at,
            pool=POOL,
            stream=stream,
            sequence=number,
            data=event,
        )
        self._to(topic, envelope)


def _of(offer: CallRouted) -> dict[str, Any]:
    return {
        "call_id": offer.call_id,
        "attempt": offer.attempt,
        "reservation_id": offer.reservation_id,
        "agent_id": offer.agent_id,
        "slot": offer.slot,
    }
