"""What a command makes true of a call: the rules that ivr alone decides by."""

from typing import assert_never

from contact_events.calls import (
    CallAbandoned,
    CallArrived,
    CallDisconnected,
    CallFailed,
    CallQueued,
)
from contact_events.registry import Event
from ivr.domain import consulting, flow, joining
from ivr.domain.call import (
    Call,
    Connected,
    Ended,
    InFlow,
    Joining,
    Unborn,
    Waiting,
    is_due,
    is_too_long,
)
from ivr.domain.commands import (
    Arrive,
    CallerCommand,
    Command,
    Consult,
    Divert,
    EndLeg,
    EndTooLong,
    GiveUpJoining,
    HangUp,
    Join,
    LoseAgent,
    Overflow,
    PickUp,
    PressDigits,
    Release,
    RingTelephone,
    TakeOver,
    TimeOutInput,
    Transfer,
)
from ivr.domain.refusals import CallOver


def decide(call_id: str, call: Call, command: Command) -> list[Event]:
    """Return the facts that `command` makes true, in order; none if it changes nothing.

    Raises:
        CallOver: keys are pressed on a call that has ended.
    """
    match command:
        case Arrive() | PressDigits() | TimeOutInput() | HangUp() | EndTooLong():
            return _of_the_caller(call_id, call, command)
        case Join() | GiveUpJoining() | LoseAgent() | Release() | Transfer():
            return joining.of_the_agent(call_id, call, command)
        case RingTelephone() | PickUp() | EndLeg():
            return joining.of_the_leg(call_id, call, command)
        case Consult() | TakeOver() | Divert():
            return consulting.of_consultations(call_id, call, command)
        case Overflow():
            return _overflow(call_id, call, command)
        case _:
            assert_never(command)


def _of_the_caller(call_id: str, call: Call, command: CallerCommand) -> list[Event]:
    match command:
        case Arrive():
            return _arrive(call_id, call, command)
        case PressDigits():
            return _press(call_id, call, command)
        case TimeOutInput(now=now, project=project, closed=closed):
            if isinstance(call, InFlow) and is_due(call, now):
                return flow.silent(call_id, call, project, closed)
            return []  # the caller chose first: the timer lost the race
        case HangUp():
            return _hang_up(call_id, call)
        case EndTooLong(now=now):
            return _too_long(call_id, call) if is_too_long(call, now) else []
        case _:
            assert_never(command)


def _arrive(call_id: str, call: Call, command: Arrive) -> list[Event]:
    if not isinstance(call, Unborn):
        return []  # the same arrival again
    project = command.project
    arrived = CallArrived(
        call_id=call_id,
        channel=command.channel,
        direction="inbound",
        dnis=command.dnis,
        entry_site_id=command.entry_site_id,
        caller=command.caller,
        client_name=project.client_name,
        project_name=project.name,
        agent_greeting=project.agent_greeting,
        attributes=command.attributes,
    )
    return [arrived, *flow.welcome(call_id, project, command.closed)]


def _press(call_id: str, call: Call, command: PressDigits) -> list[Event]:
    match call:
        case InFlow():
            return flow.choose(call_id, call, command)
        case Ended():
            raise CallOver(call_id, call.ended_as)
        case Unborn() | Waiting() | Joining() | Connected():
            return []  # keys pressed too late, or meant for the other party
        case _:
            assert_never(call)


def _hang_up(call_id: str, call: Call) -> list[Event]:
    match call:
        case InFlow():
            return [CallAbandoned(call_id=call_id, attempt=0)]
        case Waiting() | Joining():
            return [CallAbandoned(call_id=call_id, attempt=call.attempt)]
        case Connected():
            return [CallDisconnected(call_id=call_id, attempt=call.attempt, by="caller")]
        case Unborn() | Ended():
            return []
        case _:
            assert_never(call)


def _too_long(call_id: str, call: Call) -> list[Event]:
    """End the call as the centre does: a talk as such, anything before one as a failure."""
    if isinstance(call, Connected):
        return [CallDisconnected(call_id=call_id, attempt=call.attempt, by="system")]
    attempt = call.attempt if isinstance(call, Waiting | Joining) else 0
    return [CallFailed(call_id=call_id, attempt=attempt, reason="too_long")]


def _overflow(call_id: str, call: Call, command: Overflow) -> list[Event]:
    """Obey only while the call waits in that attempt, with no join pending.

    "sender" is the agent who transferred, then the project's default queue; a consultation fails
    instead, since its sender waits for it. Call-back and voicemail cannot be offered yet: the call
    fails as with "end", so that nobody waits for ever.
    """
    if not isinstance(call, Waiting) or call.attempt != command.attempt:
        return []
    fails = command.to == "sender" and call.parent_call_id is not None
    sender = call.sent_by if command.to == "sender" else None
    queue_id = command.queue_id if command.to == "queue" else None
    if sender is None and command.to in ("queue", "sender"):
        queue_id = queue_id or command.default_queue_id
    if fails or (sender is None and queue_id is None):
        return [CallFailed(call_id=call_id, attempt=call.attempt, reason="no_agent")]
    return [
        CallQueued(
            call_id=call_id,
            attempt=call.attempt + 1,
            queue_id=queue_id,
            agent_id=sender,
            priority=call.priority,
            reason="overflow",
        )
    ]
