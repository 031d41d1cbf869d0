"""What the leader says next, from what was folded and the time: nothing else goes in.

Order of a turn: steps reached, status of sites, reservations asked back, offers, calls sent
elsewhere. Offers go by the order of all that wait, and nobody waits afterwards whom an agent could
take who is free and within the steps that the call has reached.
"""

from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any, Final, Literal, TypeAlias

from contact_events.config import QueueChanged
from contact_events.identity import reservation_id
from contact_events.routing import (
    CallOverflowed,
    CallRescinded,
    CallRouted,
    RouterProgress,
    SiteStatusChanged,
)
from router.domain.choose import Choice, choose, home_call
from router.domain.evolve import OwnDecision
from router.domain.indexes import Indexes
from router.domain.lines import Place, Source
from router.domain.rules import GRACE_S, RING_S, known_queue, overflow_queue, returns_at, standing
from router.domain.sites import look_again_at, verdict
from router.domain.state import Call, State

MOST_DECISIONS: Final = 200
"""In one turn, which is one batch, and the log takes a batch whole or not at all."""


def decide(indexes: Indexes, now: datetime) -> list[OwnDecision]:
    """Return the next decisions, already applied to the state behind `indexes`."""
    indexes.advance(now)
    turn = _Turn(indexes, now)
    turn.change_sites()
    turn.rescind()
    turn.offer()
    turn.overflow()
    return turn.decisions


def progress(indexes: Indexes, now: datetime, *, leaving: bool = False) -> list[OwnDecision]:
    """Return the word that the leader lives, or leaves, and has folded so far, already applied."""
    turn = _Turn(indexes, now)
    turn.say(RouterProgress(**turn.head(), leaving=leaving))
    return turn.decisions


class _Turn:
    """One turn: the decisions so far, and what each of them carries."""

    def __init__(self, indexes: Indexes, now: datetime) -> None:
        self.indexes = indexes
        self.state: State = indexes.state
        self.now = now
        self.positions = dict(self.state.positions)
        self.decisions: list[OwnDecision] = []
        self._aside: list[Place] = []

    def head(self) -> dict[str, Any]:
        leadership = self.state.leadership
        return {
            "pool": self.state.pool,
            "epoch": leadership.epoch,
            "owner": leadership.owner,
            "number": leadership.number + 1,
            "decided_at": self.now,
            "positions": self.positions,
        }

    def say(self, decision: OwnDecision) -> None:
        self.decisions.append(decision)
        self.indexes.apply(decision)

    def full(self) -> bool:
        return len(self.decisions) >= MOST_DECISIONS

    def change_sites(self) -> None:
        """Say which sites stand otherwise now, each once a turn: one may depend on another."""
        indexes, changed = self.indexes, set[str]()
        while (due := indexes.due_sites.first()) and due[0] <= self.now:
            indexes.due_sites.drop(due[1])
            indexes.doubtful_sites.add(due[1])
        while not self.full() and (doubtful := indexes.doubtful_sites - changed):
            site_id = min(doubtful)
            indexes.doubtful_sites.discard(site_id)
            status, cause = verdict(indexes, site_id, self.now)
            if self.state.status(site_id) != status:
                changed.add(site_id)
                self.say(
                    SiteStatusChanged(**self.head(), site_id=site_id, status=status, cause=cause)
                )
            if again := look_again_at(self.state, site_id, self.now):
                indexes.due_sites.put(site_id, again)

    def rescind(self) -> None:
        while not self.full() and (due := self.indexes.first_due_offer()) and due[0] <= self.now:
            reservation = self.state.reservations[due[1]]
            expired = reservation.expires_at + timedelta(seconds=GRACE_S) <= self.now
            self.say(
                CallRescinded(
                    **self.head(),
                    call_id=reservation.call_id,
                    attempt=reservation.attempt,
                    reservation_id=due[1],
                    agent_id=reservation.agent_id,
                    slot=reservation.slot,
                    reason="expired" if expired else "site_closed",
                )
            )

    def offer(self) -> None:
        """Offer calls in their order, until none of those that wait can be offered."""
        indexes = self.indexes
        sources = ((indexes.first_at(source), source) for source in indexes.stirred)
        heads = [(rank, source) for rank, source in sources if rank]
        heapify(heads)
        while heads and not self.full():
            rank, source = heappop(heads)
            if indexes.first_at(source) == rank and not self._offer_first(source, rank.call_id):
                continue
            if following := indexes.first_at(source):
                heappush(heads, (following, source))
        for place in self._aside:
            indexes.waiting[place.source].put(place)
        if not heads:
            indexes.stirred.clear()
        if self.decisions:
            indexes.stir_comparing()

    def _offer_first(self, source: Source, call_id: str) -> bool:
        """Offer the first call of the source; tell whether another of it may be offered yet."""
        place = self.indexes.places[call_id]
        choice = choose(self.indexes, place)
        if choice is None:
            return self._pass_over(place)
        other = home_call(self.indexes, place, choice)
        self._offer(*(other or (place, choice)))
        return True

    def _pass_over(self, place: Place) -> bool:
        """Tell whether the calls behind this one may be offered though this one cannot be.

        They may when only its asker, whom a consultation leaves out, is free. It is put aside
        for this turn: it comes back before the turn ends.
        """
        asker = self.state.calls[place.rank.call_id].asked_by_agent_id
        if asker is None or not self.indexes.crews.free_for(asker, place.source.channel):
            return False
        self.indexes.waiting[place.source].drop(place)
        self._aside.append(place)
        return True

    def _offer(self, place: Place, choice: Choice) -> None:
        state, head = self.state, self.head()
        call_id = place.rank.call_id
        call = state.calls[call_id]
        agent = state.agents[choice.agent_id]
        _, slot = standing(state, choice.agent_id, agent, place.source.channel)
        assert slot is not None
        queue = known_queue(state, call.queue_id)
        ring_s = queue.ring_s if queue else RING_S
        self.say(
            CallRouted(
                **head,
                call_id=call_id,
                attempt=call.attempt,
                reservation_id=reservation_id(
                    state.pool, head["epoch"], head["owner"], head["number"]
                ),
                agent_id=choice.agent_id,
                slot=slot,
                site_id=agent.site_id,
                expires_at=self.now + timedelta(seconds=ring_s),
                why=choice.why(waited_s(call, self.now), self._revisions(queue)),
                queue_id=call.queue_id,
                home_first=state.policy.home_first,
            )
        )

    def _revisions(self, queue: QueueChanged | None) -> dict[str, int]:
        """Return the documents that the choice was made by, with their revisions."""
        asked = [document for document in (queue, self.state.policy) if document]
        return {each.document_id: each.revision for each in asked if each.revision}

    def overflow(self) -> None:
        due_calls = self.indexes.due_calls
        while not self.full() and (due := due_calls.first()) and due[0] <= self.now:
            call = self.state.calls[due[1]]
            place = self.indexes.places[due[1]]
            reason, to, queue_id = _elsewhere(self.indexes, call, place, self.now)
            self.say(
                CallOverflowed(
                    **self.head(),
                    call_id=due[1],
                    attempt=call.attempt,
                    to=to,
                    reason=reason,
                    queue_id=queue_id,
                    unserved=self.indexes.is_unserved(call),
                )
            )


def waited_s(call: Call, now: datetime) -> float:
    """Return how long the call has waited in all its stays, business seconds."""
    here_s = (now - call.queued_at).total_seconds() if call.queued_at else 0.0
    return call.waited_s + max(0.0, here_s)


Reason: TypeAlias = Literal["agent_unavailable", "no_such_queue", "max_wait"]
Goal: TypeAlias = Literal["queue", "callback", "voicemail", "sender", "end"]


def _elsewhere(
    indexes: Indexes, call: Call, place: Place, now: datetime
) -> tuple[Reason, Goal, str | None]:
    """Return why the call is sent elsewhere, and where.

    A named agent's goes to the sender, and so does one that nobody took where the queue says so.
    """
    state = indexes.state
    if call.agent_id is not None:
        return "agent_unavailable", "sender", None
    queue = known_queue(state, call.queue_id)
    if queue is None:
        return "no_such_queue", *_next_queue(state, call.queue_id)
    returns = returns_at(state, call)
    if returns is not None and returns <= now:
        return "max_wait", "sender", None
    moves = indexes.plan_at(place.source).moves if place.source.kind == "queue" else None
    if moves and moves.move_to:
        return "max_wait", *_moved(state, queue, moves.move_to, moves.queue_id)
    limit = timedelta(seconds=queue.max_wait_s) if queue.max_wait_s is not None else None
    late = limit is not None and call.queued_at is not None and call.queued_at + limit <= now
    return ("max_wait" if late else "agent_unavailable"), *_moved(state, queue, queue.beyond, None)


def _moved(
    state: State, queue: QueueChanged, goal: Goal, queue_id: str | None
) -> tuple[Goal, str | None]:
    if goal != "queue":
        return goal, None
    wanted = state.queues.get(queue_id or "")
    if wanted is not None and not wanted.deleted:
        return "queue", wanted.queue_id
    return _next_queue(state, queue.queue_id)


def _next_queue(state: State, queue_id: str | None) -> tuple[Goal, str | None]:
    found = overflow_queue(state, queue_id)
    return ("queue" if found else "end"), found
