"""Random days of a centre as its services would write them: two clients, all fates of a call."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from contact_events.agents import AgentChanged, AgentStatus, Slot
from contact_events.answering import CallAnswered, CallHeld, CallRangOut, CallRejected, CallResumed
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    CallDiverted,
    Caller,
    CallFailed,
    CallFlowStep,
    CallQueued,
    CallRecovered,
    CallRefused,
    RecoveryReason,
    Text,
)
from contact_events.config import QueueChanged, SiteChanged
from contact_events.envelope import Envelope
from contact_events.identity import router_stream
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from contact_events.routing import CallRouted, Why
from contact_events.wrapping import CallReleased, CallWrappedUp
from tests.support.histories import EPOCH, OWNER, Story

PROJECTS = (("acme", "cards"), ("acme", "loans"), ("zeta", "tv"))
QUEUES = {"acme": ("cards", "vip"), "zeta": ("tv",)}
SKILLS = {"cards": {"cards": 1}, "vip": {"cards": 3, "vip": 1}, "tv": {"tv": 1}}
SITES = {"moscow": "Europe/Moscow", "omsk": "Asia/Omsk", "berlin": "Europe/Berlin"}
REGIONS = ("RU-MOW", "RU-OMS", "DE-BE")
AGENTS = ("a1", "a2", "a3")
STATUSES: tuple[AgentStatus, ...] = (
    "Ready", "Reserved", "Talking", "Hold", "WrapUp", "NotReady", "Offline",
)  # fmt: skip
EDGES_S = (0, 1, 4, 5, 6, 19, 20, 21, 30, 60, 120, 301)
"""Lengths at and around the thresholds."""

TOLD_S = (None, 0.0, 12.5, 90.0)
"""What callers are told of their waits."""


@dataclass
class Teller:
    """Tells the life of one call after another, from its arrival to the end of all work on it."""

    rnd: random.Random
    begins: datetime
    days: float
    story: Story = field(default_factory=Story)
    calls: dict[str, list[tuple[datetime, Event]]] = field(default_factory=dict)
    whose: dict[str, tuple[str, str]] = field(default_factory=dict)

    def call(self, call_id: str) -> None:
        """Tell one call."""
        client, _ = self.whose[call_id] = self.rnd.choice(PROJECTS)
        self.calls[call_id] = []
        self.story.now = self.begins + timedelta(seconds=self.rnd.uniform(0, self.days * 86_400))
        self._says(call_id, self._arrival(call_id, client))
        if self.rnd.random() < 0.7:
            region = self.rnd.choice(REGIONS)
            located = CallerLocated(
                call_id=call_id, precision="region", source="test", region=region
            )
            self._says(call_id, located, stream=f"geo-{call_id}")
        if self._self_service(call_id):
            self._waits(call_id, 1, self.rnd.choice(QUEUES[client]), "flow")

    def _arrival(self, call_id: str, client: str) -> CallArrived:
        known = self.rnd.random() < 0.8
        ref = f"{client}-{self.rnd.randint(1, 3)}"
        return CallArrived(
            call_id=call_id,
            channel="voice",
            direction="inbound",
            dnis="+74951234567",
            entry_site_id="moscow",
            caller=Caller(ref=ref, ref_version=1, prefix="+7495", sealed="") if known else None,
        )

    def _self_service(self, call_id: str) -> bool:
        if self._happens(0.05):
            self._says(call_id, CallRefused(call_id=call_id, reason="closed"))
            return False
        for step in ("menu", "balance")[: self.rnd.randint(0, 2)]:
            self._passes()
            self._says(call_id, CallFlowStep(call_id=call_id, flow_id="main", step=step))
        self._passes()
        if self._happens(0.15):
            self._says(call_id, CallContained(call_id=call_id))
            return False
        if self._happens(0.1):
            self._says(call_id, CallAbandoned(call_id=call_id, attempt=0))
            return False
        return True

    def _waits(self, call_id: str, attempt: int, queue: str, reason: Any) -> None:
        sent_by = "a1" if reason == "transfer" else None
        queued = CallQueued(
            call_id=call_id,
            attempt=attempt,
            queue_id=queue,
            reason=reason,
            sent_by=sent_by,
            expected_wait_s=TOLD_S[len(self.story.log) % len(TOLD_S)],
        )
        self._says(call_id, queued)
        self._stays(call_id, attempt, queue)

    def _stays(self, call_id: str, attempt: int, queue: str) -> None:
        while self._happens(0.25):
            self._passes()
            self._refused_offer(call_id, attempt)
        self._passes()
        fate = self.rnd.random() if attempt < 5 else 1.0
        other = self.rnd.choice(QUEUES[self.whose[call_id][0]])
        if fate < 0.2:
            self._says(call_id, CallAbandoned(call_id=call_id, attempt=attempt))
        elif fate < 0.27:
            self._waits(call_id, attempt + 1, other, "overflow")
        elif fate < 0.33:
            self._says(call_id, CallDiverted(call_id=call_id, attempt=attempt, to="callback"))
        elif fate < 0.37:
            self._says(call_id, CallFailed(call_id=call_id, attempt=attempt, reason="no_agent"))
        elif fate < 0.43:
            reservation, agent = self._offered(call_id, attempt)
            self._says(call_id, self._settled(CallAnswered, call_id, attempt, reservation, agent))
            self._recovers(call_id, attempt + 1, queue, "not_joined")
        else:
            self._talks(call_id, attempt, queue)

    def _refused_offer(self, call_id: str, attempt: int) -> None:
        reservation, agent = self._offered(call_id, attempt)
        self._passes()
        if self._happens(0.5):
            event = self._settled(
                CallRangOut, call_id, attempt, reservation, agent, rang_for_s=20.0
            )
        else:
            reason: Literal["agent", "stale"] = self.rnd.choice(("agent", "stale"))
            event = self._settled(CallRejected, call_id, attempt, reservation, agent, reason=reason)
        self._says(call_id, event)

    def _talks(self, call_id: str, attempt: int, queue: str) -> None:
        reservation, agent = self._offered(call_id, attempt)
        self._passes(3)
        self._says(call_id, self._settled(CallAnswered, call_id, attempt, reservation, agent))
        who: dict[str, Any] = {
            "call_id": call_id, "reservation_id": reservation, "agent_id": agent,
        }  # fmt: skip
        self._says(call_id, CallConnected(attempt=attempt, **who))
        while self._happens(0.3):
            self._passes()
            self._says(call_id, CallHeld(**who))
            self._passes()
            if self._happens(0.7):
                self._says(call_id, CallResumed(**who))
        self._passes(600)
        fate = self.rnd.random() if attempt < 5 else 1.0
        other = self.rnd.choice(QUEUES[self.whose[call_id][0]])
        if fate < 0.2:
            self._wrapped_up(who, attempt, "moved")
            self._waits(call_id, attempt + 1, other, "transfer")
        elif fate < 0.25:
            self._wrapped_up(who, attempt, "recovered")
            self._recovers(call_id, attempt + 1, queue, "agent_offline")
        else:
            self._says(call_id, CallDisconnected(call_id=call_id, attempt=attempt, by="caller"))
            self._wrapped_up(who, attempt, "ended")

    def _recovers(self, call_id: str, attempt: int, queue: str, reason: RecoveryReason) -> None:
        recovered = CallRecovered(call_id=call_id, attempt=attempt, reason=reason, queue_id=queue)
        self._says(call_id, recovered)
        self._stays(call_id, attempt, queue)

    def _wrapped_up(self, who: dict[str, Any], attempt: int, reason: Any) -> None:
        now = self.story.now
        released = CallReleased(attempt=attempt, slot=0, connected=True, reason=reason, **who)
        self._says(who["call_id"], released)
        if self._happens(0.9):
            self._passes()
            self._says(who["call_id"], CallWrappedUp(attempt=attempt, slot=0, by="agent", **who))
        self.story.now = now

    def _offered(self, call_id: str, attempt: int) -> tuple[str, str]:
        self._number = getattr(self, "_number", 0) + 1
        reservation, agent = f"R{self._number}", self.rnd.choice(AGENTS)
        routed = CallRouted(
            pool="main",
            epoch=EPOCH,
            owner=OWNER,
            number=self._number,
            decided_at=self.story.now,
            positions={},
            call_id=call_id,
            attempt=attempt,
            reservation_id=reservation,
            agent_id=agent,
            slot=0,
            site_id=self.rnd.choice([*SITES]),
            expires_at=self.story.now + timedelta(seconds=20),
            why=Why(step="any", eligible=1, home_site_id=self.rnd.choice([*SITES])),
        )
        self._says(call_id, routed, stream=router_stream("main", EPOCH, OWNER))
        return reservation, agent

    def _settled(
        self, kind: Any, call_id: str, attempt: int, reservation: str, agent: str, **more: Any
    ) -> Event:
        event: Event = kind(
            call_id=call_id,
            attempt=attempt,
            reservation_id=reservation,
            agent_id=agent,
            slot=0,
            **more,
        )
        return event

    def agent(self, agent_id: str) -> None:
        """Tell what an agent was, state by state, at one site and then perhaps at another."""
        now = self.begins + timedelta(seconds=self.rnd.uniform(0, 3_600))
        site = self.rnd.choice([*SITES])
        for _ in range(self.rnd.randint(2, 9)):
            self.story.now = now
            status = self.rnd.choice(STATUSES)
            changed = AgentChanged(
                agent_id=agent_id,
                presence="Ready",
                status=status,
                site_id=site,
                slots=(Slot(slot=0, state="free"),),
                cause="test",
            )
            self.story.append(changed, agent_id, client=None, project=None)
            self.calls.setdefault(f"agent {agent_id}", []).append((now, changed))
            now += timedelta(seconds=self.rnd.choice((7, 899, 900, 2_500.5)))

    def documents(self) -> None:
        """Tell which sites and queues there are."""
        self.story.now = self.begins - timedelta(days=1)
        for site, zone in SITES.items():
            self._document(
                SiteChanged(
                    document_id=f"site:{site}",
                    revision=1,
                    changed_by="test",
                    site_id=site,
                    name=Text(ru=site, en=site),
                    time_zone=zone,
                )
            )
        for client, queues in QUEUES.items():
            for queue in queues:
                self._document(
                    QueueChanged(
                        document_id=f"queue:{queue}",
                        revision=1,
                        changed_by="test",
                        queue_id=queue,
                        name=Text(ru=queue, en=queue),
                        client_id=client,
                        skills=SKILLS[queue],
                    )
                )

    def _document(self, document: Any) -> None:
        self.story.append(document, document.document_id, client=None, project=None)

    def _says(self, call_id: str, event: Event, stream: str | None = None) -> None:
        client, project = self.whose[call_id]
        self.story.append(event, stream or call_id, client=client, project=project)
        self.calls[call_id].append((self.story.now, event))

    def _passes(self, most: int = 0) -> None:
        seconds = self.rnd.choice(EDGES_S) + self.rnd.choice((0, 0, 0.25))
        self.story.passes(seconds + self.rnd.randint(0, most))

    def _happens(self, share: float) -> bool:
        return self.rnd.random() < share


def random_day(
    rnd: random.Random,
    *,
    calls: int = 20,
    days: float = 1.0,
    begins: datetime = datetime(2026, 3, 28, 18, tzinfo=UTC),
) -> Teller:
    """Return a told day (or some); by default Berlin's clocks change in it."""
    teller = Teller(rnd, begins, days)
    teller.documents()
    for number in range(calls):
        teller.call(f"c{number}")
    for agent_id in AGENTS:
        teller.agent(agent_id)
    return teller


def envelopes(teller: Teller) -> list[Envelope]:
    """Return all that was told, as a reader takes it."""
    return [seen.envelope for seen in teller.story.log]
