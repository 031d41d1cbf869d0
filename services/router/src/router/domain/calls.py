"""How the facts of `call-arrived` change a call."""

from datetime import datetime
from typing import Final, TypeAlias, assert_never, cast

from msgspec.structs import replace

from contact_events.calls import (
    CallAbandoned,
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallArrived,
    CallConnected,
    CallContained,
    CallDisconnected,
    CallDiverted,
    CallFailed,
    CallFlowStep,
    CallPartyJoined,
    CallPartyLeft,
    CallPriorityChanged,
    CallQueued,
    CallRecovered,
    CallRefused,
    Terminal,
)
from contact_events.envelope import Envelope
from router.domain.paces import stayed
from router.domain.state import Call, Patience, State
from router.domain.touched import NOTHING, Touched

CallEvent: TypeAlias = (
    CallArrived
    | CallFlowStep
    | CallQueued
    | CallPriorityChanged
    | CallAgentLegRinging
    | CallAgentLegAnswered
    | CallConnected
    | CallPartyJoined
    | CallPartyLeft
    | CallRecovered
    | Terminal
)


PREFERRED: Final = "preferred_agent_id"
"""The attribute of a call that names who is to be asked first."""

CALLERS_REMEMBERED: Final = 100_000
"""Of how many callers the router knows who last spoke with them."""


def fold_call(state: State, envelope: Envelope, offset: int) -> Touched:
    """Fold an event of the caller's side of a call."""
    event = cast("CallEvent", envelope.data)  # `evolve.fold` has compared the topic
    call = state.calls.get(event.call_id, Call())
    learn(state, call, event, envelope.time)
    match event:
        case CallArrived():
            call = _arrived(call, event, envelope)
        case CallQueued() | CallRecovered():
            call = _queued(state, call, event, envelope.time)
        case CallPriorityChanged(attempt=attempt, priority=priority):
            call = replace(call, priority=priority) if attempt == call.attempt else call
        case CallConnected():
            call = replace(_stopped_waiting(call, envelope.time), phase="connected")
        case (
            CallContained()
            | CallRefused()
            | CallAbandoned()
            | CallDiverted()
            | CallDisconnected()
            | CallFailed()
        ):
            call = replace(call, phase="ended")
        case (
            CallFlowStep()
            | CallAgentLegRinging()
            | CallAgentLegAnswered()
            | CallPartyJoined()
            | CallPartyLeft()
        ):
            return NOTHING
        case _:
            assert_never(event)
    keep(state, event.call_id, call)
    return (("call", event.call_id),)


def _arrived(call: Call, arrived: CallArrived, envelope: Envelope) -> Call:
    return replace(
        call,
        channel=arrived.channel,
        entry_site_id=arrived.entry_site_id,
        client=envelope.client,
        project=envelope.project,
        caller_ref=arrived.caller.ref if arrived.caller else None,
        attributes=arrived.attributes,
        asked_by_agent_id=arrived.asked_by_agent_id,
    )


def _queued(state: State, call: Call, queued: CallQueued | CallRecovered, at: datetime) -> Call:
    before = _stopped_waiting(call, at)
    preferred = None
    if isinstance(queued, CallQueued) and queued.sent_by is None:
        preferred = call.attributes.get(PREFERRED) or state.last_agents.get(call.caller_ref or "")
    return replace(
        before,
        phase="waiting",
        attempt=queued.attempt,
        queue_id=queued.queue_id,
        agent_id=queued.agent_id,
        sent_by=queued.sent_by if isinstance(queued, CallQueued) else None,
        priority=queued.priority,
        recovered=isinstance(queued, CallRecovered),
        preferred_agent_id=preferred,
        waiting_since=call.waiting_since or at,
        queued_at=at,
    )


def learn(state: State, call: Call, event: CallEvent, at: datetime) -> None:
    """Learn from the end of a stay how callers of the queue leave it, and who spoke with whom."""
    match event:
        case CallConnected(agent_id=agent_id):
            ended = "talk"
            _remember(state, call.caller_ref, agent_id)
        case CallAbandoned():
            ended = "left"
        case CallQueued() | CallDiverted() | CallFailed():
            ended = "moved"
        case _:
            return
    if call.phase == "waiting" and call.queue_id is not None and call.queued_at is not None:
        before = state.patience.get(call.queue_id, Patience())
        stay_s = (at - call.queued_at).total_seconds()
        state.patience[call.queue_id] = stayed(before, at, stay_s, ended)


def _remember(state: State, caller_ref: str | None, agent_id: str) -> None:
    """Remember who spoke with the caller, as long as not too many others called since."""
    if caller_ref is None:
        return
    state.last_agents.pop(caller_ref, None)
    state.last_agents[caller_ref] = agent_id
    if len(state.last_agents) > CALLERS_REMEMBERED:
        del state.last_agents[next(iter(state.last_agents))]


def _stopped_waiting(call: Call, at: datetime) -> Call:
    """Return the call with the present stay, if it is one, added to what it has waited."""
    if call.phase != "waiting" or call.queued_at is None:
        return call
    return replace(call, waited_s=call.waited_s + (at - call.queued_at).total_seconds())


def keep(state: State, call_id: str, call: Call) -> None:
    """Keep the call, or drop it when it has ended and nothing of it is unsettled."""
    if call.phase == "ended" and not call.reservations:
        state.calls.pop(call_id, None)
    else:
        state.calls[call_id] = call
