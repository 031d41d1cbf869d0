"""How each record changes the state. Total: a fact that happened is never refused.

Every fold returns what it touched, so that indexes recompute that and nothing else.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never, cast

from msgspec.structs import replace

from contact_events.agents import AgentChanged
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallHeld,
    CallRangOut,
    CallRejected,
    CallReleaseRequested,
    CallResumed,
    CallSuperviseRequested,
    CallTransferRequested,
    Outcome,
)
from contact_events.config import (
    CalendarChanged,
    PolicyChanged,
    QueueChanged,
    SiteChanged,
    SkillChanged,
)
from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated
from contact_events.registry import event_type_of
from contact_events.routing import (
    CallOverflowed,
    CallRescinded,
    CallRouted,
    Decision,
    RouterProgress,
    SiteStatusChanged,
)
from contact_events.topics import (
    AGENT_STATE,
    ANSWERED,
    CALL_ARRIVED,
    CALLER_LOCATED,
    ROUTING_CONFIG,
)
from contact_events.validity import Leadership
from router.domain.calls import fold_call, keep
from router.domain.rules import closes
from router.domain.state import Agent, Call, Fact, Reservation, SlotUse, State
from router.domain.touched import NOTHING, Touched

AnsweredEvent: TypeAlias = (
    Outcome
    | CallHeld
    | CallResumed
    | CallReleaseRequested
    | CallTransferRequested
    | CallConsultRequested
    | CallSuperviseRequested
)
ConfigEvent: TypeAlias = SiteChanged | QueueChanged | SkillChanged | PolicyChanged | CalendarChanged
OwnDecision: TypeAlias = (
    CallRouted | CallRescinded | CallOverflowed | SiteStatusChanged | RouterProgress
)


def fold(state: State, fact: Fact) -> Touched:
    """Fold the next record of an input topic and return what it touched."""
    state.positions[fact.topic] = fact.offset + 1
    envelope = fact.envelope
    if envelope is None or event_type_of(type(envelope.data)).topic.name != fact.topic:
        return NOTHING
    if not state.intake.takes(fact.topic, envelope):
        return NOTHING
    return _FOLDS[fact.topic](state, envelope, fact.offset)


def apply(state: State, decision: OwnDecision) -> Touched:
    """Fold one of the router's own valid decisions and return what it touched."""
    state.lead(Leadership(decision.epoch, decision.owner, decision.number))
    match decision:
        case CallRouted():
            return _routed(state, decision)
        case CallRescinded(reservation_id=reservation_id, call_id=call_id):
            if reservation_id in state.reservations:
                state.reservations[reservation_id] = replace(
                    state.reservations[reservation_id], rescinded=True
                )
            return (("call", call_id),)
        case CallOverflowed(call_id=call_id, attempt=attempt):
            call = state.calls.get(call_id)
            if call is not None:
                state.calls[call_id] = replace(call, overflowed=max(call.overflowed, attempt))
            return (("call", call_id),)
        case SiteStatusChanged(site_id=site_id, status=status):
            state.statuses[site_id] = status
            return (("site", site_id),)
        case RouterProgress():
            return NOTHING
        case _:
            assert_never(decision)


def own(decision: Decision) -> OwnDecision:
    """Return the decision as one of those that the router makes.

    Raises:
        TypeError: it is none of them; a new kind of decision was declared and forgotten here.
    """
    if isinstance(
        decision,
        CallRouted | CallRescinded | CallOverflowed | SiteStatusChanged | RouterProgress,
    ):
        return decision
    raise TypeError(f"the router folds no {type(decision).__name__}")


def _routed(state: State, routed: CallRouted) -> Touched:
    reservation_id = routed.reservation_id
    state.reservations[reservation_id] = Reservation(
        call_id=routed.call_id,
        attempt=routed.attempt,
        agent_id=routed.agent_id,
        slot=routed.slot,
        site_id=routed.site_id,
        expires_at=routed.expires_at,
    )
    state.slots[routed.agent_id, routed.slot] = SlotUse(reservation_id)
    call = state.calls.get(routed.call_id, Call())
    state.calls[routed.call_id] = replace(call, reservations=(*call.reservations, reservation_id))
    return ("call", routed.call_id), ("agent", routed.agent_id)


def _located(state: State, envelope: Envelope, offset: int) -> Touched:
    event = envelope.data
    assert isinstance(event, CallerLocated)
    call = state.calls.get(event.call_id)
    if call is None:
        if (CALL_ARRIVED.name, event.call_id) in state.intake.sequences:
            return NOTHING  # ended and dropped: to be located now would bring it back as a ghost
        call = Call()
    state.calls[event.call_id] = replace(call, region=event.region)
    return (("call", event.call_id),)


def _answered(state: State, envelope: Envelope, offset: int) -> Touched:
    event = cast("AnsweredEvent", envelope.data)  # `fold` has compared the topic
    match event:
        case CallAnswered() | CallRejected() | CallRangOut():
            return _settled(state, event)
        case (
            CallHeld()
            | CallResumed()
            | CallReleaseRequested()
            | CallTransferRequested()
            | CallConsultRequested()
            | CallSuperviseRequested()
        ):
            return NOTHING
        case _:
            assert_never(event)


def _settled(state: State, outcome: Outcome) -> Touched:
    reservation = state.reservations.pop(outcome.reservation_id, None)
    if reservation is None:
        return NOTHING  # the outcome of a void offer; nothing hangs on it
    call_id, place = reservation.call_id, (reservation.agent_id, reservation.slot)
    call = state.calls[call_id]
    left = tuple(r for r in call.reservations if r != outcome.reservation_id)
    closed = max(call.closed, reservation.attempt) if closes(outcome) else call.closed
    keep(state, call_id, replace(call, reservations=left, closed=closed))
    if state.slots[place].reservation_id == outcome.reservation_id:
        state.slots[place] = SlotUse(outcome.reservation_id, settled=True)
    return ("call", call_id), ("agent", reservation.agent_id)


def _agent(state: State, envelope: Envelope, offset: int) -> Touched:
    event = envelope.data
    assert isinstance(event, AgentChanged)
    state.agents[event.agent_id] = Agent(
        offset=offset,
        presence=event.presence,
        site_id=event.site_id,
        skills=event.skills,
        slots=event.slots,
    )
    return (("agent", event.agent_id),)


def _config(state: State, envelope: Envelope, offset: int) -> Touched:
    event = cast("ConfigEvent", envelope.data)  # `fold` has compared the topic
    match event:
        case SiteChanged():
            state.sites[event.site_id] = event
            return (("site", event.site_id),)
        case QueueChanged():
            state.queues[event.queue_id] = event
            return (("queue", event.queue_id),)
        case PolicyChanged():
            state.policy = None if event.deleted else event
            return (("policy", event.policy_id),)
        case SkillChanged() | CalendarChanged():
            return NOTHING
        case _:
            assert_never(event)


_FOLDS: dict[str, Callable[[State, Envelope, int], Touched]] = {
    CALL_ARRIVED.name: fold_call,
    CALLER_LOCATED.name: _located,
    ANSWERED.name: _answered,
    AGENT_STATE.name: _agent,
    ROUTING_CONFIG.name: _config,
}
