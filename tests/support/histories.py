"""Logs written by hand: what stands on the topics when a story happens."""

from datetime import datetime, timedelta
from typing import Any

from contact_events.agents import AgentChanged, AgentStatus, Presence, Slot, SlotState
from contact_events.answering import CallAnswered, CallRejected
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallDisconnected,
    CallQueued,
)
from contact_events.envelope import Envelope
from contact_events.identity import derived_id, router_stream
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallRouted, RouterEpochStarted, Why
from contact_events.wrapping import CallReleased, CallWrappedUp
from reporting.domain.audit.findings import Place, Seen
from tests.support.specimens import NOON

EPOCH, OWNER = 1, "x"


class Story:
    """Appends events as their owners would: numbered streams, valid decisions, places."""

    def __init__(self) -> None:
        self.log: list[Seen] = []
        self.now: datetime = NOON
        self._numbers: dict[tuple[str, str], int] = {}
        self._decisions = 0

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ends(self) -> dict[str, int]:
        ends: dict[str, int] = {}
        for seen in self.log:
            ends[seen.place.topic] = ends.get(seen.place.topic, 0) + 1
        return ends

    def append(self, event: Event, stream: str, **given: Any) -> Seen:
        declared = event_type_of(type(event))
        key = (declared.topic.owner, stream)
        self._numbers[key] = self._numbers.get(key, 0) + 1
        fields: dict[str, Any] = {
            "id": derived_id(*key, self._numbers[key], declared.name),
            "sequence": self._numbers[key],
            "source": f"/polycentre/{declared.topic.owner}",
            "subject": stream,
            "time": self.now,
            "pool": "main",
            "stream": stream,
            "client": "acme",
            "project": "cards",
        }
        envelope = Envelope(data=event, **(fields | given))
        return self.repeat(envelope)

    def repeat(self, envelope: Envelope) -> Seen:
        topic = event_type_of(type(envelope.data)).topic.name
        place = Place(topic, 0, self.ends().get(topic, 0))
        seen = Seen(place, int(self.now.timestamp() * 1_000), envelope)
        self.log.append(seen)
        return seen

    def claim(self, epoch: int = EPOCH, owner: str = OWNER) -> None:
        claimed = RouterEpochStarted(pool="main", epoch=epoch, owner=owner, code_version="1")
        self.append(claimed, router_stream("main", epoch, owner))

    def arrives(self, call: str) -> None:
        arrived = CallArrived(
            call_id=call,
            channel="voice",
            direction="inbound",
            dnis="+74951234567",
            entry_site_id="moscow",
        )
        self.append(arrived, call)

    def queues(self, call: str, attempt: int = 1, queue: str = "cards") -> None:
        self.append(CallQueued(call_id=call, attempt=attempt, queue_id=queue), call)

    def routes(self, call: str, agent: str, attempt: int = 1, **given: Any) -> str:
        self._decisions += 1
        reservation = f"R{self._decisions}"
        fields: dict[str, Any] = {
            "epoch": EPOCH,
            "owner": OWNER,
            "number": self._decisions,
            "positions": {"answered": self.ends().get("answered", 0)},
        }
        fields |= given
        routed = CallRouted(
            pool="main",
            decided_at=self.now,
            call_id=call,
            attempt=attempt,
            reservation_id=reservation,
            agent_id=agent,
            slot=0,
            site_id="moscow",
            expires_at=self.now + timedelta(seconds=20),
            why=Why(step="home", eligible=1, home_site_id="minsk"),
            **fields,
        )
        self.append(routed, router_stream("main", fields["epoch"], fields["owner"]))
        return reservation

    def agent(
        self,
        agent: str,
        status: AgentStatus,
        *,
        presence: Presence = "Ready",
        reason: str | None = None,
        state: SlotState = "free",
        reservation: str | None = None,
        call: str | None = None,
    ) -> None:
        slot = Slot(slot=0, state=state, reservation_id=reservation, call_id=call)
        changed = AgentChanged(
            agent_id=agent,
            presence=presence,
            status=status,
            site_id="moscow",
            slots=(slot,),
            cause="test",
            reason=reason,
        )
        self.append(changed, agent, client=None, project=None)

    def answers(self, call: str, agent: str, reservation: str, attempt: int = 1) -> None:
        answered = CallAnswered(
            call_id=call, attempt=attempt, reservation_id=reservation, agent_id=agent, slot=0
        )
        self.append(answered, agent)

    def rejects(self, call: str, agent: str, reservation: str, reason: Any) -> None:
        rejected = CallRejected(
            call_id=call,
            attempt=1,
            reservation_id=reservation,
            agent_id=agent,
            slot=0,
            reason=reason,
        )
        self.append(rejected, agent)

    def connects(self, call: str, agent: str, reservation: str, attempt: int = 1) -> None:
        connected = CallConnected(
            call_id=call, attempt=attempt, reservation_id=reservation, agent_id=agent
        )
        self.append(connected, call)

    def abandons(self, call: str, attempt: int = 1) -> None:
        self.append(CallAbandoned(call_id=call, attempt=attempt), call)

    def disconnects(self, call: str, attempt: int = 1) -> None:
        self.append(CallDisconnected(call_id=call, attempt=attempt, by="caller"), call)

    def wraps_up(self, call: str, agent: str, reservation: str, seconds: float) -> None:
        names: dict[str, Any] = {
            "call_id": call,
            "attempt": 1,
            "reservation_id": reservation,
            "agent_id": agent,
            "slot": 0,
        }
        self.append(CallReleased(**names, connected=True, reason="ended"), agent)
        self.agent(agent, "WrapUp", state="wrap_up", reservation=reservation)
        self.passes(seconds)
        self.append(CallWrappedUp(**names, by="agent"), agent)
        self.agent(agent, "Ready")


def plain_call() -> Story:
    """Return the story of one call: 3 s of self-service, 7 s waiting, 60 s talk, 30 s wrap-up."""
    story = Story()
    story.claim()
    story.agent("a1", "Ready")
    story.arrives("c1")
    story.passes(3)
    story.queues("c1")
    story.passes(5)
    reservation = story.routes("c1", "a1")
    story.agent("a1", "Reserved", state="reserved", reservation=reservation)
    story.passes(2)
    story.answers("c1", "a1", reservation)
    story.agent("a1", "Talking", state="talking", reservation=reservation)
    story.connects("c1", "a1", reservation)
    story.passes(60)
    story.disconnects("c1")
    story.wraps_up("c1", "a1", reservation, 30)
    story.agent("a1", "Offline", presence="Offline")
    return story
