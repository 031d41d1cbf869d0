"""How the facts of `call-arrived` change a call."""

from datetime import datetime
from typing import TypeAlias, assert_never, cast

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
from router.domain.state import Call, State
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


def fold_call(state: State, envelope: Envelope, offset: int) -> Touched:
    """Fold an event of the caller's side of a call."""
    event = cast("CallEvent", envelope.data)  # `evolve.fold` has compared the topic
    call = state.calls.get(event.call_id, Call())
    match event:
        case CallArrived():
            call = _arrived(call, event, envelope)
        case CallQueued() | CallRecovered():
            call = _queued(call, event, envelope.time)
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
        entry_site_id=arrived.entry_site_id,
        client=envelope.client,
        project=envelope.project,
        asked_by_agent_id=arrived.asked_by_agent_id,
    )


def _queued(call: Call, queued: CallQueued | CallRecovered, at: datetime) -> Call:
    before = _stopped_waiting(call, at)
    return replace(
        before,
        phase="waiting",
        attempt=queued.attempt,
        queue_id=queued.queue_id,
        agent_id=queued.agent_id,
        priority=queued.priority,
        recovered=isinstance(queued, CallRecovered),
        waiting_since=call.waiting_since or at,
        queued_at=at,
    )


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
