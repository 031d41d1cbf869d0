"""Consultations: calls of their own, in which the agent who asks has the caller's part.

A consultation ends with the talk that it is about, or when the asker leaves it. Completing it joins
the caller with whom it reached; completing it before anybody answered is a transfer unannounced.
"""

from typing import assert_never

from msgspec.structs import replace

from contact_events.calls import (
    CallArrived,
    CallDiverted,
    CallFailed,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
)
from contact_events.registry import Event
from ivr.domain.call import Call, Connected, Joining, Unborn, Waiting
from ivr.domain.commands import Consult, ConsultCommand, Divert, TakeOver, Transfer


def of_consultations(call_id: str, call: Call, command: ConsultCommand) -> list[Event]:
    """Return the facts that begin a consultation, or complete it on either of the two calls."""
    match command:
        case Consult():
            return _begin(call_id, call, command)
        case TakeOver(consultation=consultation):
            return _take_over(call_id, call, consultation)
        case Divert():
            return _divert(call_id, call, command)
        case _:
            assert_never(command)


def completion(parent: Connected, consultation: Call) -> TakeOver | Transfer | None:
    """Return what completing the consultation asks of its parent; None if it is over."""
    match consultation:
        case Connected():
            return TakeOver(consultation)
        case Waiting() | Joining():
            named = consultation.agent_id is not None
            return Transfer(
                reservation_id=parent.reservation_id,
                to_queue_id=None if named else consultation.queue_id,
                to_agent_id=consultation.agent_id,
            )
        case _:
            return None


def left_behind(before: Call, after: Call) -> str | None:
    """Return the consultation that ends with this change of its parent, if one does."""
    if not isinstance(before, Connected):
        return None
    still = after.consult_call_id if isinstance(after, Connected) else None
    return before.consult_call_id if before.consult_call_id != still else None


def with_legs_of(call: Call, consultation: Connected) -> Call:
    """Return the parent with the telephone of whom the consultation reached."""
    if not isinstance(call, Connected):
        return call
    return replace(call, legs={**call.legs, **consultation.legs})


def _begin(call_id: str, call: Call, command: Consult) -> list[Event]:
    if not isinstance(call, Unborn):
        return []  # the same request again
    parent = command.parent
    arrived = CallArrived(
        call_id=call_id,
        channel=parent.channel,
        direction="internal",
        dnis="",
        entry_site_id=parent.entry_site_id,
        client_name=command.client_name,
        project_name=command.project_name,
        parent_call_id=command.parent_call_id,
        asked_by_agent_id=parent.joined_agent_id,
    )
    if command.to_queue_id is None and command.to_agent_id is None:
        return [arrived, CallFailed(call_id=call_id, attempt=0, reason="no_such_queue")]
    queued = CallQueued(
        call_id=call_id,
        attempt=1,
        queue_id=command.to_queue_id,
        agent_id=command.to_agent_id,
        priority=parent.priority,
        sent_by=parent.joined_agent_id,
        reason="consult",
    )
    return [arrived, queued]


def _take_over(call_id: str, call: Call, consultation: Connected) -> list[Event]:
    if not isinstance(call, Connected):
        return []
    joined = CallPartyJoined(
        call_id=call_id,
        attempt=call.attempt,
        reservation_id=consultation.reservation_id,
        agent_id=consultation.joined_agent_id,
        accepted_sequence=consultation.accepted_sequence,
    )
    left = CallPartyLeft(
        call_id=call_id,
        attempt=call.attempt,
        reservation_id=call.reservation_id,
        agent_id=call.joined_agent_id,
    )
    return [joined, left]


def _divert(call_id: str, call: Call, command: Divert) -> list[Event]:
    if not isinstance(call, Connected):
        return []
    return [
        CallDiverted(
            call_id=call_id,
            attempt=call.attempt,
            to="parent",
            next_call_id=command.parent_call_id,
            reservation_id=call.reservation_id,
            next_attempt=command.parent_attempt,
        )
    ]
