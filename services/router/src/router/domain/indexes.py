"""Who waits and who is free, ordered, so that a decision never scans agents or calls.

Derived from the state and the time of the last turn alone: built from them at the claim, then
recomputed for what a fold touched and for the steps that time reached.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from router.domain.crews import Crew, Crews, Member
from router.domain.evolve import OwnDecision, apply
from router.domain.heaps import Heap
from router.domain.lines import Line, Place, Rank, Source, Waiting
from router.domain.paces import occupancy_key
from router.domain.rules import (
    AT_ONCE,
    home_site,
    known_queue,
    overflow_at,
    priority_of,
    rescind_at,
    standing,
    stay_began,
    waits,
)
from router.domain.search import Plan, crew_key, next_at, plan, reached, steps_of
from router.domain.state import Agent, Call, State
from router.domain.touched import Kind, Touched


class Indexes:
    """What `decide` looks into. `state` is the leader's, and changes only through here."""

    def __init__(self, state: State) -> None:
        """Build everything from the state, as if no time had passed since it was made."""
        self.state = state
        self.now = AT_ONCE
        """The time of the last turn: steps that were reached by then are taken."""
        self.crews = Crews()
        self.waiting: dict[Source, Waiting] = {}
        self.lines: dict[str, Line] = {}
        """By queue: all who wait in it."""
        self.places: dict[str, Place] = {}
        self.stirred: set[Source] = set()
        """Where a call may be offered since the last look: a call came, or an agent."""
        self.doubtful_sites: set[str] = set()
        """Sites whose status may be another than was last decided."""
        self.due_offers: Heap[datetime] = Heap()
        self.due_calls: Heap[datetime] = Heap()
        self.due_steps: Heap[datetime] = Heap()
        self.due_sites: Heap[datetime] = Heap()
        self._channels: set[str] = {"voice"}
        self._plans: dict[tuple[str, str, int], Plan] = {}
        self._comparing: set[str] = set()
        self._reserves: set[str] = set()
        self._unserved: set[tuple[str, str]] = set()
        self._agents_at: dict[str, set[str]] = {}
        self._site_of: dict[str, str] = {}
        self._preferring: dict[str, set[str]] = {}
        self._recompute: dict[Kind, Callable[[str], None]] = {
            "call": self._call,
            "agent": self._agent,
            "site": self._site,
            "crowd": self.doubtful_sites.add,
            "queue": self._queue,
            "policy": self._rebuild,
            "calendar": self._rebuild,
        }
        self._rebuild()

    def touch(self, touched: Touched) -> None:
        """Recompute what a fold touched."""
        for kind, item in touched:
            self._recompute[kind](item)
        if touched:
            self.doubtful_sites |= self._reserves
            self.stir_comparing()

    def stir_comparing(self) -> None:
        """Have the queues looked at that compare waits: whatever happens may change a wait."""
        self._stir_queues(self._comparing)

    def apply(self, decision: OwnDecision) -> None:
        """Fold a decision of this leader and recompute what it touched."""
        self.touch(apply(self.state, decision))

    def advance(self, now: datetime) -> None:
        """Take the steps that calls have reached by now."""
        self.now = max(self.now, now)
        while (due := self.due_steps.first()) and due[0] <= self.now:
            self.due_steps.drop(due[1])
            self._call(due[1])
            self.doubtful_sites |= self._reserves

    def first_at(self, source: Source) -> Rank | None:
        """Return the rank of the first call that waits at the source, or None."""
        waiting = self.waiting.get(source)
        found = waiting.ranks.first() if waiting else None
        return found[0] if found else None

    def first_due_offer(self) -> tuple[datetime, str] | None:
        """Return when the first offer is to be asked back, and which; None if there is none."""
        while (found := self.due_offers.first()) and found[1] not in self.state.reservations:
            self.due_offers.drop(found[1])
        return found

    def plan_of(self, source: Source) -> Plan:
        """Return what the queue does for calls that wait at the source."""
        return self._plan(source.item, source.channel, source.step)

    def plan_for(self, call: Call) -> Plan | None:
        """Return what its queue does for a call that waits now; None without a queue."""
        queue = known_queue(self.state, call.queue_id)
        if queue is None or call.agent_id is not None:
            return None
        count = reached(queue, stay_began(call), self.now)
        return self._plan(queue.queue_id, call.channel, count)

    def excluded_from(self, crew: Crew) -> dict[str, int]:
        """Return how many agents stand how for a crew, those outside it included."""
        counts = dict(crew.standing)
        counts["skills"] = len(self.state.agents) - sum(counts.values())
        return counts

    def is_served(self, queue_id: str, channel: str) -> bool:
        """Tell whether anybody is signed in who could take the queue's calls at some step."""
        return (queue_id, channel) not in self._unserved

    def asks_for(self, site_id: str) -> bool:
        """Tell whether a call waits that has reached a step that opens the reserve site."""
        return any(
            source.kind == "queue" and site_id in self.plan_of(source).opens
            for line in self.lines.values()
            for source in line.sources
        )

    @property
    def unserved(self) -> frozenset[str]:
        """Return the queues where calls wait that nobody who is signed in could take."""
        return frozenset(
            queue_id
            for queue_id, channel in self._unserved
            if any(s.channel == channel for s in self._sources(queue_id))
        )

    def _rebuild(self, _changed: str = "") -> None:
        """Recompute everything. Rare: at the claim, and when the policy or a calendar changed."""
        state = self.state
        for queue_id in state.queues:
            self._queue(queue_id)
        for agent_id in state.agents:
            self._agent(agent_id)
        for call_id in state.calls:
            self._call(call_id)
        for site_id in state.sites:
            self._reserved(site_id)
        self.doubtful_sites.update(state.sites)

    # calls

    def _call(self, call_id: str) -> None:
        call = self.state.calls.get(call_id)
        self._offers(call)
        place = self._place(call_id, call)
        before = self.places.get(call_id)
        if before is not None and before != place:
            self._take_out(before)
        if place is None or call is None:
            self.due_calls.drop(call_id)
            self.due_steps.drop(call_id)
            return
        if before != place:
            self._put_in(place)
        self._due(call_id, call)

    def _put_in(self, place: Place) -> None:
        call_id, source = place.rank.call_id, place.source
        self.places[call_id] = place
        if source not in self.waiting:
            self.waiting[source] = Waiting()
        self.waiting[source].put(place)
        self.stirred.add(source)
        if place.queue_id is not None:
            self.lines.setdefault(place.queue_id, Line()).put(place)
        if source.kind == "agent":
            self._preferring.setdefault(source.item, set()).add(call_id)

    def _take_out(self, place: Place) -> None:
        call_id, source = place.rank.call_id, place.source
        del self.places[call_id]
        self.waiting[source].drop(place)
        if place.queue_id is not None:
            self.lines[place.queue_id].drop(place)
        if source.kind == "agent":
            self._preferring[source.item].discard(call_id)

    def _place(self, call_id: str, call: Call | None) -> Place | None:
        if call is None or not waits(self.state, call):
            return None
        assert call.waiting_since is not None and call.queued_at is not None
        home = home_site(self.state, call)
        source, raised = self._source(call, home)
        return Place(
            source=source,
            home=home,
            rank=self._rank(call_id, call, priority_of(self.state, call) + raised),
            since=call.queued_at - timedelta(seconds=call.waited_s),
            queue_id=call.queue_id,
        )

    def _rank(self, call_id: str, call: Call, priority: int) -> Rank:
        assert call.waiting_since is not None
        again, ageing = (0 if call.recovered else 1), self.state.policy.ageing_per_s
        if ageing <= 0:
            return Rank(again, -priority, call.waiting_since, call_id)
        ahead = timedelta(seconds=priority / ageing)
        return Rank(again, 0, call.waiting_since - ahead, call_id)

    def _source(self, call: Call, home: str | None) -> tuple[Source, int]:
        """Return for what the call waits now, and by how much its steps raise its priority."""
        if call.agent_id is not None:
            return Source("agent", call.agent_id, call.channel), 0
        queue = known_queue(self.state, call.queue_id)
        if queue is None:
            return Source("queue", call.queue_id or "", call.channel), 0
        count = reached(queue, stay_began(call), self.now)
        found = self._plan(queue.queue_id, call.channel, count)
        if call.preferred_agent_id is not None and self._prefers(call, queue.preferred_agent_s):
            return Source("agent", call.preferred_agent_id, call.channel), found.raised
        at = home if found.by_home else None
        return Source("queue", queue.queue_id, call.channel, count, at), found.raised

    def _prefers(self, call: Call, preferred_s: float) -> bool:
        """Tell whether the call waits for its preferred agent still, who may take it."""
        if stay_began(call) + timedelta(seconds=preferred_s) <= self.now or preferred_s <= 0:
            return False
        agent_id = call.preferred_agent_id or ""
        agent = self.state.agents.get(agent_id)
        if agent is None or agent.presence == "Offline" or agent_id == call.asked_by_agent_id:
            return False
        asked = self.crews.asked_by(call.queue_id or "")
        return any(
            crew.key in asked and crew.key.channel == call.channel
            for crew in self.crews.crews_of(agent_id)
        )

    def _due(self, call_id: str, call: Call) -> None:
        unserved = not self.is_served(call.queue_id or "", call.channel)
        at = overflow_at(self.state, call, unserved=unserved)
        found = self.plan_for(call)
        if found and found.moves:
            at = AT_ONCE
        self._keep(self.due_calls, call_id, at)
        self._keep(self.due_steps, call_id, self._next_step(call))

    def _next_step(self, call: Call) -> datetime | None:
        queue = known_queue(self.state, call.queue_id)
        if queue is None or call.agent_id is not None:
            return None
        began = stay_began(call)
        step = next_at(queue, began, reached(queue, began, self.now))
        if call.preferred_agent_id is None or queue.preferred_agent_s <= 0:
            return step
        anybody = began + timedelta(seconds=queue.preferred_agent_s)
        if anybody <= self.now:
            return step
        return min(step, anybody) if step else anybody

    @staticmethod
    def _keep(heap: Heap[datetime], item: str, at: datetime | None) -> None:
        if at is None:
            heap.drop(item)
        else:
            heap.put(item, at)

    def _offers(self, call: Call | None) -> None:
        """Recompute when the call's offers are asked back. Settled ones go when they surface."""
        for reservation_id in call.reservations if call else ():
            at = rescind_at(self.state, self.state.reservations[reservation_id])
            self._keep(self.due_offers, reservation_id, at)

    # agents

    def _agent(self, agent_id: str) -> None:
        agent = self.state.agents.get(agent_id)
        if agent is None:
            return
        if self._site_of.get(agent_id) != agent.site_id:
            self._agents_at.get(self._site_of.get(agent_id, ""), set()).discard(agent_id)
            self._agents_at.setdefault(agent.site_id, set()).add(agent_id)
            self._site_of[agent_id] = agent.site_id
        members = self._members(agent_id, agent)
        crews = {crew.key: crew for crew in self.crews.crews_of(agent_id)}
        freed = self.crews.put(agent_id, members)
        crews.update((crew.key, crew) for crew in self.crews.crews_of(agent_id))
        for crew in crews.values():
            self._look_served(crew)
            if freed:
                self._stir_queues(crew.queues)
        for call_id in tuple(self._preferring.get(agent_id, ())):
            self._call(call_id)
            if freed and call_id in self.places:
                self.stirred.add(self.places[call_id].source)

    def _members(self, agent_id: str, agent: Agent) -> tuple[Member, ...]:
        """Return how the agent is counted, for each channel that a slot of theirs takes."""
        channels = sorted({slot.channel for slot in agent.slots})
        for channel in channels:
            self._open(channel)
        profile, members = frozenset(agent.skills.items()), []
        for channel in channels:
            condition, slot = standing(self.state, agent_id, agent, channel)
            member = Member(channel, profile, agent.team_id, agent.site_id, condition)
            if slot is not None:
                uses = (self.state.slots.get((agent_id, s.slot)) for s in agent.slots)
                offered = max((use.order for use in uses if use), default=0)
                member = member._replace(
                    changed=agent.offset, offered=offered, occupied=occupancy_key(agent)
                )
            members.append(member)
        return tuple(members)

    def _look_served(self, crew: Crew) -> None:
        """Look again at what nobody could take, where the first agent came or the last one went."""
        channel = crew.key.channel
        for queue_id in crew.queues:
            keys = self.crews.asked_by(queue_id)
            served = any(self.crews.of(key).signed_in() for key in keys if key.channel == channel)
            if served != self.is_served(queue_id, channel):
                (self._unserved.discard if served else self._unserved.add)((queue_id, channel))
                self._calls_of(queue_id)

    # queues and sites

    def _queue(self, queue_id: str) -> None:
        """Recompute a queue and its calls: rare."""
        self._serve(queue_id)
        self._calls_of(queue_id)
        self._stir_queue(queue_id)

    def _serve(self, queue_id: str) -> None:
        queue = known_queue(self.state, queue_id)
        self._plans = {key: kept for key, kept in self._plans.items() if key[0] != queue_id}
        self._comparing.discard(queue_id)
        keys = frozenset(
            crew_key(queue, self.state.policy, channel, step)
            for channel in self._channels
            for step in (steps_of(queue) if queue else ())
            if queue is not None and step.reach is not None
        )
        self.crews.serve(queue_id, keys)
        if queue and any(step.wait_improved_s is not None for step in steps_of(queue)):
            self._comparing.add(queue_id)
        for channel in self._channels:
            self._unserved.add((queue_id, channel))
        for key in keys:
            if self.crews.of(key).signed_in():
                self._unserved.discard((queue_id, key.channel))

    def _open(self, channel: str) -> None:
        """Have every queue ask for agents of a channel that was not heard of before."""
        if channel not in self._channels:
            self._channels.add(channel)
            for queue_id in self.state.queues:
                self._serve(queue_id)

    def _plan(self, queue_id: str, channel: str, count: int) -> Plan:
        found = self._plans.get((queue_id, channel, count))
        if found is None:
            self._open(channel)
            queue = known_queue(self.state, queue_id)
            found = plan(queue, self.state.policy, channel, count) if queue else _NO_PLAN
            self._plans[queue_id, channel, count] = found
        return found

    def _calls_of(self, queue_id: str) -> None:
        line = self.lines.get(queue_id)
        for call_id in [item for item, _ in line.since.items()] if line else ():
            self._call(call_id)

    def _sources(self, queue_id: str) -> tuple[Source, ...]:
        line = self.lines.get(queue_id)
        return tuple(line.sources) if line else ()

    def _stir_queue(self, queue_id: str) -> None:
        self.stirred.update(self._sources(queue_id))

    def _stir_queues(self, queue_ids: Iterable[str]) -> None:
        for queue_id in queue_ids:
            self._stir_queue(queue_id)

    def _site(self, site_id: str) -> None:
        """Recompute a site: rare, so everything that may depend on it is looked at."""
        self._reserved(site_id)
        self.doubtful_sites.add(site_id)
        for agent_id in self._agents_at.get(site_id, ()):
            self._agent(agent_id)
        for call_id in self.state.calls:
            self._call(call_id)

    def _reserved(self, site_id: str) -> None:
        site = self.state.sites.get(site_id)
        if site is not None and site.reserve is not None and not site.deleted:
            self._reserves.add(site_id)
        else:
            self._reserves.discard(site_id)


_NO_PLAN = Plan(searches=(), by_home=False, raised=0, opens=(), moves=None)
