"""A folded state, and a decision made in it, as they are answered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from contact_events.calls import Text as Words
from contact_events.registry import event_type_of
from contact_events.routing import CallOverflowed, CallRouted, Decision
from router.domain.decide import decide, progress, waited_s
from router.domain.evolve import OwnDecision, own
from router.domain.expected import SHARE, Estimate
from router.domain.explain import Account, Candidate, account
from router.domain.indexes import Indexes
from router.domain.lines import Place
from router.domain.positions import Position, positions
from router.domain.rules import standing
from router.domain.sentences import Names, decision_sentence
from router.domain.state import Agent, State
from router.explain.folds import Decided, Folded
from router.explain.views import (
    AgentAt,
    CandidateView,
    DecisionView,
    OfferAt,
    QueueAt,
    SiteAt,
    SlotAt,
    StateView,
    Text,
    Wait,
    WaitingCall,
)
from router.version import code_version


def state_view(folded: Folded, at: datetime) -> StateView:
    """Return the whole state as the router saw it at that moment."""
    state = folded.state
    indexes = Indexes(state)
    indexes.advance(at)
    places = sorted(indexes.places.values(), key=lambda place: place.rank)
    leadership = state.leadership
    return StateView(
        pool=state.pool,
        at=at,
        epoch=leadership.epoch,
        owner=leadership.owner,
        code_version=folded.code_version,
        routed=folded.routed,
        positions=dict(state.positions),
        queues=_all_queues(indexes, places, at),
        named=_calls(state, (place for place in places if place.queue_id is None), {}, at),
        agents=[
            _agent(state, agent_id, state.agents[agent_id]) for agent_id in sorted(state.agents)
        ],
        sites=[_site(state, site_id) for site_id in sorted(state.sites)],
        offers=[
            OfferAt(reservation_id=reservation_id, **msgspec.structs.asdict(reservation))
            for reservation_id, reservation in sorted(state.reservations.items())
        ],
    )


def decision_view(decided: Decided, offset: int, names: Names) -> DecisionView:
    """Return the decision as it was made; its states are used up."""
    envelope = decided.decision
    assert isinstance(envelope.data, Decision)
    decision, at = own(envelope.data), envelope.data.decided_at
    found = _account(decided.state, decision, at)
    said: dict[str, Any] = msgspec.to_builtins(decision)
    return DecisionView(
        decision_id=envelope.id,
        kind=event_type_of(type(decision)).name,
        pool=decision.pool,
        offset=offset,
        code_version=decided.code_version,
        explained_by_version=code_version(),
        decided_at=at,
        call_id=said.get("call_id"),
        said=said,
        sentence=Text.of(decision_sentence(decision, names, found)),
        comes_out_again=_again(decided.turn, decision),
        needed=dict(found.needed) if found else {},
        free_at=found.free_at if found else {},
        excluded=found.excluded if found else {},
        candidates=[_candidate(each) for each in found.candidates] if found else None,
    )


def _account(state: State, decision: OwnDecision, at: datetime) -> Account | None:
    """Return what the call met; None where no agent was looked for."""
    if isinstance(decision, CallRouted | CallOverflowed):
        return account(Indexes(state), decision.call_id, at)
    return None


def _again(turn: State, decision: OwnDecision) -> bool:
    """Tell whether the turn, taken again, says this decision in its place."""
    indexes = Indexes(turn)
    decided = decide(indexes, decision.decided_at) or progress(indexes, decision.decided_at)
    return decision in decided


def _candidate(candidate: Candidate) -> CandidateView:
    return CandidateView(
        agent_id=candidate.agent_id,
        site_id=candidate.site_id,
        reason=candidate.reason,
        order=candidate.order,
        skill=candidate.skill,
        level=candidate.level,
        needed=candidate.needed,
    )


def _all_queues(indexes: Indexes, places: Iterable[Place], at: datetime) -> list[QueueAt]:
    """Return the queues that there are, and those that were deleted while calls wait in them."""
    state, stated = indexes.state, positions(indexes)
    waiting: dict[str, list[Place]] = {
        queue_id: [] for queue_id, queue in state.queues.items() if not queue.deleted
    }
    for place in places:
        if place.queue_id is not None:
            waiting.setdefault(place.queue_id, []).append(place)
    return [
        _queue(state, queue_id, _calls(state, waiting[queue_id], stated.get(queue_id, {}), at))
        for queue_id in sorted(waiting)
    ]


def _queue(state: State, queue_id: str, calls: list[WaitingCall]) -> QueueAt:
    queue = state.queues.get(queue_id)
    return QueueAt(
        queue_id=queue_id,
        name=Text.of(queue.name if queue else Words(queue_id, queue_id)),
        waiting=len(calls),
        longest_wait_s=max((call.waited_s for call in calls), default=None),
        calls=calls,
    )


def _calls(
    state: State, places: Iterable[Place], stated: Mapping[str, Position], at: datetime
) -> list[WaitingCall]:
    return [
        _call(state, place, number, stated.get(place.rank.call_id), at)
        for number, place in enumerate(places, 1)
    ]


def _call(
    state: State, place: Place, number: int, stated: Position | None, at: datetime
) -> WaitingCall:
    call = state.calls[place.rank.call_id]
    assert call.waiting_since is not None, "it waits"
    return WaitingCall(
        place=number,
        call_id=place.rank.call_id,
        client_id=call.client,
        attempt=call.attempt,
        steps_reached=place.source.step,
        home_site_id=place.home,
        waiting_since=call.waiting_since,
        waited_s=waited_s(call, at),
        recovered=call.recovered,
        waits_for_agent_id=place.source.item if place.source.kind == "agent" else None,
        expected_wait=_wait(stated.wait if stated else None),
    )


def _wait(estimate: Estimate | None) -> Wait | None:
    if estimate is None:
        return None
    return Wait(mean_s=estimate.mean_s, low_s=estimate.low_s, high_s=estimate.high_s, share=SHARE)


def _agent(state: State, agent_id: str, agent: Agent) -> AgentAt:
    stands = {
        channel: standing(state, agent_id, agent, channel)[0]
        for channel in {slot.channel for slot in agent.slots}
    }
    return AgentAt(
        agent_id=agent_id,
        site_id=agent.site_id,
        team_id=agent.team_id,
        presence=agent.presence,
        skills=agent.skills,
        slots=[
            SlotAt(
                slot=slot.slot,
                channel=slot.channel,
                state=slot.state,
                stands=stands[slot.channel],
                call_id=slot.call_id,
                reservation_id=slot.reservation_id,
            )
            for slot in agent.slots
        ],
    )


def _site(state: State, site_id: str) -> SiteAt:
    name = state.sites[site_id].name
    return SiteAt(site_id=site_id, name=Text.of(name), status=state.status(site_id))
