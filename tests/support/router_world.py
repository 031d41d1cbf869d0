"""A small world around router replicas: topics as lists, and stand-ins for ivr and agent-state.

The stand-ins keep the promises of the protocol and nothing more. Everything happens step by step,
in the order a test or a seed wishes: reads lag, batches land late, claims race, replicas die.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_events.agents import AgentChanged, Slot
from contact_events.answering import CallAnswered, CallRangOut, CallRejected
from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallConnected,
    CallDisconnected,
    CallFailed,
    CallQueued,
    CallRecovered,
    Text,
)
from contact_events.config import PolicyChanged, QueueChanged, SiteChanged
from contact_events.envelope import Decoded, Envelope, decode, encode
from contact_events.intake import Intake
from contact_events.locations import CallerLocated
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted, RouterEpochStarted
from contact_events.topics import (
    ANSWERED,
    CALL_ARRIVED,
    ROUTED,
)
from router.codec import claim_envelope, decision_envelope
from router.domain.state import INPUTS, Fact, State
from router.leader import Batch
from router.replica import Replica

POOL = "main"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SITES = ("krasnoyarsk", "minsk", "moscow", "saransk")
REGIONS = {"moscow": "RU-MOW", "saransk": "RU-MO", "minsk": "BY-HM", "krasnoyarsk": "RU-KYA"}


def site(site_id: str, *, revision: int = 1, **changes: Any) -> SiteChanged:
    return SiteChanged(
        **{
            "document_id": f"site:{site_id}",
            "revision": revision,
            "changed_by": "test",
            "site_id": site_id,
            "name": Text(site_id, site_id),
            "regions": (REGIONS[site_id],) if site_id in REGIONS else (),
            **changes,
        }
    )


def queue(queue_id: str, *, revision: int = 1, **changes: Any) -> QueueChanged:
    return QueueChanged(
        **{
            "document_id": f"queue:{queue_id}",
            "revision": revision,
            "changed_by": "test",
            "queue_id": queue_id,
            "name": Text(queue_id, queue_id),
            "skills": {queue_id: 1},
            **changes,
        }
    )


def policy(*, revision: int = 1, **changes: Any) -> PolicyChanged:
    about = {"document_id": f"policy:{POOL}", "revision": revision, "changed_by": "test"}
    return PolicyChanged(**{**about, "policy_id": POOL, **changes})


def agent_changed(
    agent_id: str,
    presence: Any = "Ready",
    *,
    site_id: str = "moscow",
    skills: Iterable[str] | dict[str, int] = ("sales",),
    slots: tuple[Slot, ...] = (Slot(slot=0, state="free"),),
    cause: str = "test",
    team_id: str | None = None,
    blocked: tuple[int, ...] = (),
) -> AgentChanged:
    return AgentChanged(
        agent_id=agent_id,
        presence=presence,
        status=presence,
        site_id=site_id,
        slots=slots,
        cause=cause,
        skills=skills if isinstance(skills, dict) else dict.fromkeys(skills, 1),
        team_id=team_id,
        blocked=blocked,
    )


def arrived(call_id: str, entry_site_id: str = "moscow", **changes: Any) -> CallArrived:
    return CallArrived(
        **{
            "call_id": call_id,
            "channel": "voice",
            "direction": "inbound",
            "dnis": "+74950000001",
            "entry_site_id": entry_site_id,
            **changes,
        }
    )


@dataclass
class Topics:
    """The log: facts by topic, with the sequence of each stream."""

    facts: dict[str, list[Fact]] = field(
        default_factory=lambda: {name: [] for name in (*INPUTS, ROUTED.name)}
    )
    now: datetime = START
    _numbers: dict[str, int] = field(default_factory=dict)

    def write(self, event: Event, stream: str | None = None) -> Envelope:
        """Append an input event at the present time, numbered in its stream."""
        declared = event_type_of(type(event))
        key = str(getattr(event, declared.key))
        stream = f"{declared.topic.owner}/{stream or key}"
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        envelope = Envelope(
            id=f"{stream}#{number}",
            source=f"/polycentre/{declared.topic.owner}",
            subject=key,
            time=self.now,
            pool=POOL,
            stream=stream.partition("/")[2],
            sequence=number,
            data=event,
        )
        self.put(declared.topic.name, envelope)
        return envelope

    def put(self, topic: str, envelope: Envelope) -> None:
        """Append a record as it would be read; of what a router says not a byte may change so."""
        value = encode(envelope)
        decoded = decode(value)
        assert isinstance(decoded, Decoded)
        assert decoded.envelope == envelope
        assert topic != ROUTED.name or encode(decoded.envelope) == value
        self.facts[topic].append(Fact(topic, len(self.facts[topic]), decoded.envelope))

    def again(self, topic: str, offset: int) -> None:
        """Append the record at `offset` once more."""
        envelope = self.facts[topic][offset].envelope
        assert envelope is not None
        self.put(topic, envelope)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def decisions(self, kind: type[Any]) -> list[Any]:
        """Return the valid decisions of one kind, in order."""
        intake = Intake()
        return [
            fact.envelope.data
            for fact in self.facts[ROUTED.name]
            if fact.envelope
            and intake.takes(ROUTED.name, fact.envelope)
            and isinstance(fact.envelope.data, kind)
        ]


class Router:
    """A replica with its place in the topics, and what it has not got onto the log yet."""

    def __init__(self, topics: Topics, name: str = "x") -> None:
        self.topics = topics
        self.replica = Replica(POOL, name, "test")
        self.unsent: list[Envelope] = []
        self.at_turn: State | None = None

    def read(self, topic: str) -> bool:
        """Read one record of a topic; check the follower against the leader at each read-back."""
        offset = self.replica.read_to[topic]
        if offset >= len(self.topics.facts[topic]):
            return False
        leader = self.replica.leader
        flying = leader.in_flight if leader else None
        self.replica.read(self.topics.facts[topic][offset])
        if offset % 3 == 0:
            self.replica.look(most=3, leave=2)
        if flying and leader is self.replica.leader and leader and leader.in_flight is None:
            assert self.replica.follower == self.at_turn, "follower differs from leader"
        return True

    def read_all(self) -> None:
        while any([self.read(topic) for topic in (*INPUTS, ROUTED.name)]):
            pass

    def claim(self, judged: int | None = None) -> RouterEpochStarted | None:
        epoch = self.replica.leadership.epoch if judged is None else judged
        claim = self.replica.claim(epoch)
        if claim is not None:
            self.topics.put(ROUTED.name, claim_envelope(claim, self.topics.now))
        return claim

    def turn(self, *, alive: bool = False) -> Batch | None:
        batch = self.replica.turn(self.topics.now, alive=alive)
        if batch is not None and self.replica.leader is not None:
            state = self.replica.leader.state
            self.at_turn = state.copy()
            self.unsent = self.enveloped(batch)
        return batch

    def enveloped(self, batch: Batch) -> list[Envelope]:
        assert self.replica.leader is not None
        return [decision_envelope(d, self.replica.leader.state) for d in batch.decisions]

    def send(self) -> bool:
        """Get the batch in flight onto the log."""
        sent, self.unsent = self.unsent, []
        for envelope in sent:
            self.topics.put(ROUTED.name, envelope)
        return bool(sent)

    def lead(self) -> "Router":
        self.read_all()
        self.claim()
        self.read_all()
        assert self.replica.leader is not None
        return self

    def settle(self) -> None:
        """Read, decide and write until there is nothing more to say."""
        for _ in range(50):
            self.read_all()
            if self.turn() is None:
                return
            self.send()
        raise AssertionError("it says the same again and again")


@dataclass
class _Slot:
    state: str = "free"
    call_id: str | None = None
    attempt: int | None = None
    reservation_id: str | None = None
    last: str | None = None
    expires_at: datetime | None = None


@dataclass
class _Agent:
    agent_id: str
    site_id: str
    skills: dict[str, int]
    channel: str = "voice"
    team_id: str | None = None
    presence: str = "Offline"
    slot: _Slot = field(default_factory=_Slot)


class Agents:
    """agent-state, as far as the router can tell: each offer is settled exactly once."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.agents: dict[str, _Agent] = {}
        self.ends: set[str] = set()
        self.attempts: dict[str, int] = {}
        self.taken: set[tuple[str, int]] = set()
        self.outcomes: dict[str, int] = {}
        self._intake = Intake()
        self._read = {CALL_ARRIVED.name: 0, ROUTED.name: 0}

    def hire(
        self, agent_id: str, site_id: str, skills: Iterable[str] | dict[str, int], **about: Any
    ) -> None:
        levels = skills if isinstance(skills, dict) else dict.fromkeys(skills, 1)
        self.agents[agent_id] = _Agent(agent_id, site_id, levels, **about)

    def present(self, agent_id: str, presence: str, cause: str | None = None) -> None:
        agent = self.agents[agent_id]
        agent.presence = presence
        if presence == "Offline" and agent.slot.state == "reserved":
            self._reject(agent, "not_ready", cause)
        else:
            self._changed(agent, cause or presence)

    def accept(self, agent_id: str) -> None:
        agent = self.agents[agent_id]
        slot = agent.slot
        if slot.state != "reserved":
            return
        key = (slot.call_id or "", slot.attempt or 0)
        if key in self.taken:
            self._reject(agent, "already_taken")
            return
        self.taken.add(key)
        slot.state = "talking"
        self._outcome(CallAnswered(**self._about(agent)), agent)

    def reject(self, agent_id: str) -> None:
        agent = self.agents[agent_id]
        if agent.slot.state == "reserved":
            agent.presence = "NotReady"
            self._reject(agent, "agent")

    def wrapped_up(self, agent_id: str) -> None:
        agent = self.agents[agent_id]
        if agent.slot.state == "wrap_up":
            self._free(agent)
            self._changed(agent, "wrapped_up")

    def ring_out(self) -> None:
        for agent in self.agents.values():
            slot = agent.slot
            if slot.state == "reserved" and slot.expires_at and slot.expires_at < self.topics.now:
                agent.presence = "NotReady"
                about = self._about(agent)
                self._free(agent)
                self._outcome(CallRangOut(**about, rang_for_s=1.0), agent)

    def read(self, topic: str) -> bool:
        offset = self._read[topic]
        if offset >= len(self.topics.facts[topic]):
            return False
        self._read[topic] += 1
        envelope = self.topics.facts[topic][offset].envelope
        if envelope is not None and self._intake.takes(topic, envelope):
            self._take(envelope.data)
        return True

    def _take(self, event: Event) -> None:
        match event:
            case CallRouted():
                self._offered(event)
            case CallRescinded(agent_id=agent_id, reservation_id=reservation_id):
                slot = self.agents[agent_id].slot
                if slot.state == "reserved" and slot.reservation_id == reservation_id:
                    self._reject(self.agents[agent_id], "rescinded")
            case CallQueued(call_id=call_id, attempt=attempt):
                self._moved(call_id, attempt)
            case CallRecovered(call_id=call_id, attempt=attempt):
                self._moved(call_id, attempt)
            case CallAbandoned() | CallDisconnected() | CallFailed():
                self.ends.add(event.call_id)
                self._over(event.call_id, "caller_gone")
            case _:
                pass

    def _offered(self, offer: CallRouted) -> None:
        agent = self.agents[offer.agent_id]
        agent.slot.last = offer.reservation_id
        why = self._refusal(agent, offer)
        if why is not None:
            about = {name: getattr(offer, name) for name in ("call_id", "attempt")}
            rejected = CallRejected(
                **about,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
                slot=offer.slot,
                reason=why,
            )
            self._outcome(rejected, agent)
            return
        agent.slot = _Slot(
            "reserved",
            offer.call_id,
            offer.attempt,
            offer.reservation_id,
            offer.reservation_id,
            offer.expires_at,
        )
        self._changed(agent, "reserved")

    def _refusal(self, agent: _Agent, offer: CallRouted) -> Any:
        if offer.call_id in self.ends:
            return "caller_gone"
        if self.attempts.get(offer.call_id, 0) > offer.attempt:
            return "superseded"
        if self.topics.now > offer.expires_at:
            return "stale"
        if (offer.call_id, offer.attempt) in self.taken:
            return "already_taken"
        return "not_ready" if agent.presence != "Ready" or agent.slot.state != "free" else None

    def _moved(self, call_id: str, attempt: int) -> None:
        self.attempts[call_id] = max(attempt, self.attempts.get(call_id, 0))
        self._over(call_id, "superseded", below=attempt)

    def _over(self, call_id: str, why: Any, below: int = 1 << 30) -> None:
        for agent in self.agents.values():
            slot = agent.slot
            if slot.call_id != call_id or (slot.attempt or 0) >= below:
                continue
            if slot.state == "reserved":
                self._reject(agent, why)
            elif slot.state == "talking":
                slot.state = "wrap_up"
                self._changed(agent, "released")

    def _about(self, agent: _Agent) -> dict[str, Any]:
        slot = agent.slot
        return {
            "call_id": slot.call_id,
            "attempt": slot.attempt,
            "reservation_id": slot.reservation_id,
            "agent_id": agent.agent_id,
            "slot": 0,
        }

    def _reject(self, agent: _Agent, reason: Any, cause: str | None = None) -> None:
        rejected = CallRejected(**self._about(agent), reason=reason)
        self._free(agent)
        self._outcome(rejected, agent, cause)

    def _free(self, agent: _Agent) -> None:
        agent.slot = _Slot(last=agent.slot.last)

    def _outcome(self, outcome: Any, agent: _Agent, cause: str | None = None) -> None:
        count = self.outcomes.get(outcome.reservation_id, 0)
        self.outcomes[outcome.reservation_id] = count + 1
        self.topics.write(outcome, stream=agent.agent_id)
        self._changed(agent, cause or "outcome")

    def _changed(self, agent: _Agent, cause: str) -> None:
        slot = Slot(
            slot=0,
            channel=agent.channel,
            state=agent.slot.state,  # type: ignore[arg-type]
            call_id=agent.slot.call_id,
            attempt=agent.slot.attempt,
            reservation_id=agent.slot.reservation_id,
            last_reservation_id=agent.slot.last,
        )
        changed = agent_changed(
            agent.agent_id,
            agent.presence,
            site_id=agent.site_id,
            skills=agent.skills,
            slots=(slot,),
            cause=cause,
            team_id=agent.team_id,
        )
        self.topics.write(changed)


@dataclass
class _Call:
    call_id: str
    queue_id: str | None
    agent_id: str | None = None
    state: str = "waiting"
    attempt: int = 1
    taker: str | None = None


class Calls:
    """ivr, as far as the router can tell: it numbers attempts, joins and ends."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.calls: dict[str, _Call] = {}
        self._intake = Intake()
        self._read = {ANSWERED.name: 0, ROUTED.name: 0}

    def arrive(
        self,
        queue_id: str,
        *,
        site_id: str = "moscow",
        priority: int = 0,
        **changes: Any,
    ) -> str:
        call_id = f"call-{len(self.calls) + 1}"
        self.calls[call_id] = _Call(call_id, queue_id)
        self.topics.write(arrived(call_id, site_id, **changes))
        queued = CallQueued(
            call_id=call_id,
            attempt=1,
            queue_id=queue_id,
            priority=priority,
        )
        self.topics.write(queued)
        return call_id

    def move(
        self, call_id: str, *, queue_id: str | None = None, agent_id: str | None = None
    ) -> None:
        call = self.calls[call_id]
        if call.state == "ended":
            return
        call.attempt += 1
        call.state, call.taker = "waiting", None
        call.queue_id, call.agent_id = queue_id, agent_id
        self.topics.write(
            CallQueued(call_id=call_id, attempt=call.attempt, queue_id=queue_id, agent_id=agent_id)
        )

    def lose_agent(self, call_id: str) -> None:
        call = self.calls[call_id]
        if call.state == "connected":
            call.attempt += 1
            call.state, call.taker = "waiting", None
            self.topics.write(
                CallRecovered(
                    call_id=call_id,
                    attempt=call.attempt,
                    reason="leg_lost",
                    queue_id=call.queue_id,
                    agent_id=call.agent_id,
                )
            )

    def hang_up(self, call_id: str) -> None:
        call = self.calls[call_id]
        if call.state == "waiting":
            self.topics.write(CallAbandoned(call_id=call_id, attempt=call.attempt))
        elif call.state == "connected":
            self.topics.write(CallDisconnected(call_id=call_id, attempt=call.attempt, by="caller"))
        call.state = "ended"

    def locate(self, call_id: str, region: str) -> None:
        located = CallerLocated(call_id=call_id, precision="region", source="test", region=region)
        self.topics.write(located)

    def read(self, topic: str) -> bool:
        offset = self._read[topic]
        if offset >= len(self.topics.facts[topic]):
            return False
        self._read[topic] += 1
        envelope = self.topics.facts[topic][offset].envelope
        if envelope is not None and self._intake.takes(topic, envelope):
            self._take(envelope.data)
        return True

    def _take(self, event: Event) -> None:
        match event:
            case CallAnswered():
                call = self.calls[event.call_id]
                if call.state == "waiting" and call.attempt == event.attempt:
                    call.state, call.taker = "connected", event.agent_id
                    self.topics.write(
                        CallConnected(
                            call_id=event.call_id,
                            attempt=event.attempt,
                            reservation_id=event.reservation_id,
                            agent_id=event.agent_id,
                        )
                    )
            case CallOverflowed():
                self._overflowed(event)
            case _:
                pass

    def _overflowed(self, order: CallOverflowed) -> None:
        call = self.calls[order.call_id]
        if call.state != "waiting" or call.attempt != order.attempt:
            return
        if order.to == "queue":
            self.move(order.call_id, queue_id=order.queue_id)
        elif order.to == "sender":
            self.move(order.call_id, queue_id="sales")
        else:
            call.state = "ended"
            self.topics.write(
                CallFailed(call_id=order.call_id, attempt=call.attempt, reason="no_agent")
            )


READS = {
    "agents": (CALL_ARRIVED.name, ROUTED.name),
    "calls": (ANSWERED.name, ROUTED.name),
}
