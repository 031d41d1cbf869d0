"""Who is joined with whom: acceptances, losses, telephones, hanging up and passing on."""

from typing import assert_never

from contact_events.calls import (
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallConnected,
    CallDisconnected,
    CallQueued,
    CallRecovered,
    RecoveryReason,
)
from contact_events.registry import Event
from ivr.domain.call import Call, Connected, Joining, Waiting, is_due
from ivr.domain.commands import (
    AgentCommand,
    EndLeg,
    GiveUpJoining,
    Join,
    LegCommand,
    LoseAgent,
    PickUp,
    Release,
    RingTelephone,
    Transfer,
)


def of_the_agent(call_id: str, call: Call, command: AgentCommand) -> list[Event]:
    """Return the facts that an agent's or the join timer's command makes true."""
    match command:
        case Join():
            return _join(call_id, call, command)
        case GiveUpJoining(now=now):
            if isinstance(call, Joining) and is_due(call, now):
                return [_recovered(call_id, call, "not_joined")]
            return []  # joined, left or recovered first: the timer lost the race
        case LoseAgent():
            return _lose(call_id, call, command)
        case Release(reservation_id=reservation_id):
            return _release(call_id, call, reservation_id)
        case Transfer():
            return _transfer(call_id, call, command)
        case _:
            assert_never(command)


def of_the_leg(call_id: str, call: Call, command: LegCommand) -> list[Event]:
    """Return the facts that befall the telephone of an agent, and the call by it."""
    match command:
        case RingTelephone():
            return _ring(call_id, call, command)
        case PickUp(reservation_id=reservation_id):
            return _pick_up(call_id, call, reservation_id)
        case EndLeg():
            return _end_leg(call_id, call, command)
        case _:
            assert_never(command)


def _join(call_id: str, call: Call, command: Join) -> list[Event]:
    """Join the accepted legs; an acceptance below the agent's last Offline is not joined.

    A telephone that does not answer yet is waited for; one that is gone is not.
    """
    if not isinstance(call, Joining):
        return []
    leg = call.legs.get(call.reservation_id)
    if leg is None and not command.telephone:
        stale = command.offline_sequence > call.accepted_sequence
        return [_recovered(call_id, call, "not_joined") if stale else _connected(call_id, call)]
    if leg is None or leg.state == "ringing":
        return []
    return [
        _connected(call_id, call) if leg.state == "up" else _recovered(call_id, call, "not_joined")
    ]


def _lose(call_id: str, call: Call, command: LoseAgent) -> list[Event]:
    """An Offline takes only the talk that was accepted before it."""
    if not isinstance(call, Connected) or call.joined_agent_id != command.agent_id:
        return []
    if call.accepted_sequence >= command.sequence:
        return []
    return [_recovered(call_id, call, "agent_offline")]


def _release(call_id: str, call: Call, reservation_id: str) -> list[Event]:
    match call:
        case Connected(reservation_id=joined) if joined == reservation_id:
            return [CallDisconnected(call_id=call_id, attempt=call.attempt, by="agent")]
        case Joining(reservation_id=accepted) if accepted == reservation_id:
            return [_recovered(call_id, call, "not_joined")]
        case _:
            return []  # the call has left this reservation


def _transfer(call_id: str, call: Call, command: Transfer) -> list[Event]:
    if not isinstance(call, Connected) or call.reservation_id != command.reservation_id:
        return []
    if (command.to_queue_id is None) == (command.to_agent_id is None):
        return []  # nowhere, or to two places: the talk goes on
    return [
        CallQueued(
            call_id=call_id,
            attempt=call.attempt + 1,
            queue_id=command.to_queue_id,
            agent_id=command.to_agent_id,
            priority=call.priority,
            sent_by=call.joined_agent_id,
            reason="transfer",
        )
    ]


def _ring(call_id: str, call: Call, command: RingTelephone) -> list[Event]:
    """Ring only while the call waits in that attempt and the offer is not settled."""
    if not isinstance(call, Waiting | Joining) or call.attempt != command.attempt:
        return []
    reservation_id = command.reservation_id
    if reservation_id in call.legs or reservation_id in call.settled:
        return []
    if isinstance(call, Joining) and call.reservation_id != reservation_id:
        return []
    return [
        CallAgentLegRinging(
            call_id=call_id, reservation_id=reservation_id, agent_id=command.agent_id
        )
    ]


def _pick_up(call_id: str, call: Call, reservation_id: str) -> list[Event]:
    if not isinstance(call, Waiting | Joining):
        return []
    leg = call.legs.get(reservation_id)
    if leg is None or leg.state != "ringing":
        return []
    answered = CallAgentLegAnswered(
        call_id=call_id, reservation_id=reservation_id, agent_id=leg.agent_id
    )
    if isinstance(call, Joining) and call.reservation_id == reservation_id:
        return [answered, _connected(call_id, call)]
    return [answered]


def _end_leg(call_id: str, call: Call, command: EndLeg) -> list[Event]:
    """An agent's hanging up ends the talk; only an abnormal end of the leg is a loss."""
    match call:
        case Connected() if call.reservation_id == command.reservation_id:
            if command.abnormal:
                return [_recovered(call_id, call, "leg_lost")]
            return [CallDisconnected(call_id=call_id, attempt=call.attempt, by="agent")]
        case Joining() if call.reservation_id == command.reservation_id:
            return [_recovered(call_id, call, "not_joined")]
        case _:
            return []  # remembered, should this reservation still be accepted


def _connected(call_id: str, call: Joining) -> Event:
    return CallConnected(
        call_id=call_id,
        attempt=call.attempt,
        reservation_id=call.reservation_id,
        agent_id=call.joining_agent_id,
    )


def _recovered(call_id: str, call: Joining | Connected, reason: RecoveryReason) -> Event:
    """Back to the last queue; to the same named agent where the call was never in a queue."""
    return CallRecovered(
        call_id=call_id,
        attempt=call.attempt + 1,
        reason=reason,
        queue_id=call.queue_id,
        agent_id=call.agent_id if call.queue_id is None else None,
        priority=call.priority,
        sent_by=call.sent_by,
    )
