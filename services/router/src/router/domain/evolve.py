"""How each record changes the state. Total: a fact that happened is never refused.

Every fold returns what it touched, so that indexes recompute that and nothing else.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, TypeAlias, assert_never, cast

from msgspec.structs import replace

from contact_events.agents import AgentChanged, Slot
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
from router.domain.paces import busier, came, just_lost, paced, went
from router.domain.rules import closes
from router.domain.state import (
    DEFAULT_POLICY,
    Agent,
    Call,
    Crowd,
    Fact,
    Handling,
    Pace,
    Reservation,
    SiteStatus,
    SlotUse,
    Standing,
    State,
)
from router.domain.touched import NOTHING, Kind, Touched

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


LOST: Final = "connection_lost"
"""The cause that agent-state gives when it signs an agent out whose connection did not return."""


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
            state.standings[site_id] = _standing(state, site_id, status, decision.decided_at)
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
    state.routed += 1
    state.slots[routed.agent_id, routed.slot] = SlotUse(
        reservation_id, order=state.routed, queue_id=routed.queue_id
    )
    call = state.calls.get(routed.call_id, Call())
    state.calls[routed.call_id] = replace(call, reservations=(*call.reservations, reservation_id))
    return ("call", routed.call_id), ("agent", routed.agent_id)


def _standing(state: State, site_id: str, status: SiteStatus, at: datetime) -> Standing:
    """Return what was decided of a site with what it was decided from."""
    crowd, site = state.crowds.get(site_id, Crowd()), state.sites.get(site_id)
    before = state.standings.get(site_id, Standing())
    return Standing(
        status=status,
        since=at,
        signed_in=crowd.signed_in,
        lost=just_lost(state.policy.lost, crowd, before.since),
        revision=site.revision if site else 0,
    )


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
        state.slots[place] = replace(state.slots[place], settled=True)
    return ("call", call_id), ("agent", reservation.agent_id)


def _agent(state: State, envelope: Envelope, offset: int) -> Touched:
    event = envelope.data
    if not isinstance(event, AgentChanged):
        return NOTHING  # a call for help: the supervisors' matter
    agent_id, before, at = event.agent_id, state.agents.get(event.agent_id), envelope.time
    state.agents[agent_id] = Agent(
        offset=offset,
        at=at,
        presence=event.presence,
        site_id=event.site_id,
        skills=event.skills,
        slots=event.slots,
        blocked=event.blocked,
        team_id=event.team_id,
        busy_s=busier(before, at),
    )
    for slot in event.slots:
        _handled(state, agent_id, slot, at)
    return (("agent", agent_id), *_crowded(state, before, event, at))


def _handled(state: State, agent_id: str, slot: Slot, at: datetime) -> None:
    """Learn how long a contact kept the slot: from the talk to the end of the wrap-up."""
    place = (agent_id, slot.slot)
    handling = state.handling.get(place)
    if handling is not None and handling.reservation_id != slot.reservation_id:
        del state.handling[place]
        use = state.slots.get(place)
        if use and use.queue_id is not None and use.reservation_id == handling.reservation_id:
            handle_s = max(0.0, (at - handling.since).total_seconds())
            state.paces[use.queue_id] = paced(state.paces.get(use.queue_id, Pace()), handle_s)
        handling = None
    fills = slot.state in ("talking", "hold", "wrap_up")
    if handling is None and fills and slot.reservation_id is not None:
        state.handling[place] = Handling(slot.reservation_id, at)


def _crowded(
    state: State, before: Agent | None, event: AgentChanged, at: datetime
) -> Iterator[tuple[Kind, str]]:
    """Count who is signed in where; yield the sites of which the count changed."""
    was = before.site_id if before and before.presence != "Offline" else None
    now = event.site_id if event.presence != "Offline" else None
    if was == now:
        return
    if was is not None:
        lost = now is None and event.cause == LOST
        state.crowds[was] = went(state.crowds.get(was, Crowd()), at, lost=lost)
        yield ("crowd", was)
    if now is not None:
        state.crowds[now] = came(state.crowds.get(now, Crowd()))
        yield ("crowd", now)


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
            if event.policy_id != state.pool:
                return NOTHING
            state.policy = DEFAULT_POLICY if event.deleted else event
            return (("policy", event.policy_id),)
        case CalendarChanged():
            state.calendars[event.calendar_id] = event
            return (("calendar", event.calendar_id),)
        case SkillChanged():
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
