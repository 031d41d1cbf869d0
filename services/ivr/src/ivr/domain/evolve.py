"""The state of a call after a fact: one of its own, or one of agent-state's that ivr has read.

The state is the fold of both, in the order in which they were written and read.
"""

from typing import TypeVar, assert_never, cast

import msgspec

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
)
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
from contact_events.people import CallerRead
from ivr.domain.call import (
    Call,
    Connected,
    Ended,
    EndedAs,
    InFlow,
    Joining,
    Known,
    Leg,
    Unborn,
    Waiting,
)

Enqueued = CallQueued | CallRecovered
LegFact = CallAgentLegRinging | CallAgentLegAnswered
InTheTalk = CallPriorityChanged | CallPartyJoined | CallPartyLeft | CallerRead
Own = CallFlowStep | Enqueued | CallConnected | LegFact | Terminal | InTheTalk
Negative = CallRejected | CallRangOut
Request = (
    CallReleaseRequested | CallTransferRequested | CallConsultRequested | CallSuperviseRequested
)
Heard = CallAnswered | Negative | Request | CallHeld | CallResumed

K = TypeVar("K", InFlow, Waiting, Joining, Connected, Ended)


def evolve(call: Call, envelope: Envelope) -> Call:
    """Return the call after one of its own facts. Total: a fact that happened is never refused."""
    if isinstance(call, Unborn):
        fact = envelope.data
        return _arrived(envelope, fact) if isinstance(fact, CallArrived) else call
    if isinstance(call, Ended) or isinstance(envelope.data, CallArrived):
        return call
    after = _own(call, cast(Own, envelope.data), envelope)
    return msgspec.structs.replace(after, version=envelope.sequence)


def _own(call: Known, fact: Own, envelope: Envelope) -> Known:
    if isinstance(fact, Terminal):
        return _ended(call, fact, envelope)
    match fact:
        case CallFlowStep():
            return _stepped(call, fact, envelope)
        case CallQueued() | CallRecovered():
            return _enqueued(call, fact)
        case CallConnected():
            return _connected(call, fact, envelope)
        case CallAgentLegRinging() | CallAgentLegAnswered():
            return _with_leg(call, fact)
        case CallPartyJoined():
            return _taken_over(call, fact)
        case CallPriorityChanged() | CallPartyLeft() | CallerRead():
            return call  # who left was replaced before; changed priorities are not ours yet
        case _:
            assert_never(fact)


def hear(call: Call, envelope: Envelope) -> Call:
    """Return the call after a fact of the topic `answered`.

    An acceptance counts only while the call waits in that attempt; every other outcome settles
    its reservation and takes the agent's leg away. Requests are commands: they change nothing
    by being heard, but that a talk knows the last consultation its agent asked for.
    """
    fact = cast(Heard, envelope.data)
    match fact:
        case CallAnswered():
            return _accepted(call, fact, envelope)
        case CallRejected() | CallRangOut():
            return _settled(call, fact)
        case CallHeld() | CallResumed():
            return call  # the caller stays joined with the agent
        case CallConsultRequested():
            return _consulting(call, fact)
        case CallReleaseRequested() | CallTransferRequested() | CallSuperviseRequested():
            return call
        case _:
            assert_never(fact)


def leg_gone(call: Call, reservation_id: str) -> Call:
    """Return the call after the agent's leg for the reservation is no more."""
    if not isinstance(call, Waiting | Joining | Connected) or reservation_id not in call.legs:
        return call
    gone = Leg(call.legs[reservation_id].agent_id, "gone")
    return msgspec.structs.replace(call, legs={**call.legs, reservation_id: gone})


def _arrived(envelope: Envelope, fact: CallArrived) -> Call:
    return InFlow(
        version=envelope.sequence,
        pool=envelope.pool,
        client_id=envelope.client or "",
        project_id=envelope.project or "",
        channel=fact.channel,
        caller=fact.caller,
        arrived_at=envelope.time,
        prompted_at=envelope.time,
        entry_site_id=fact.entry_site_id,
        parent_call_id=fact.parent_call_id,
    )


def _stepped(call: Known, fact: CallFlowStep, envelope: Envelope) -> Known:
    if not isinstance(call, InFlow):
        return call
    return msgspec.structs.replace(
        call,
        prompted_at=envelope.time,
        mistakes=call.mistakes + (fact.step == "menu"),
        choice=fact.choice,
    )


def _enqueued(call: Known, fact: Enqueued) -> Known:
    """A new stay: nothing of the last attempt but its queue and the first joining is kept."""
    return _become(
        Waiting,
        call,
        attempt=fact.attempt,
        queue_id=fact.queue_id or getattr(call, "queue_id", None),
        agent_id=fact.agent_id,
        priority=fact.priority,
        sent_by=fact.sent_by,
        legs={},
        settled=(),
    )


def _accepted(call: Call, fact: CallAnswered, envelope: Envelope) -> Call:
    if not isinstance(call, Waiting) or call.attempt != fact.attempt:
        return call
    return _become(
        Joining,
        call,
        reservation_id=fact.reservation_id,
        joining_agent_id=fact.agent_id,
        accepted_sequence=envelope.sequence,
        accepted_at=envelope.time,
    )


def _settled(call: Call, fact: Negative) -> Call:
    if not isinstance(call, Waiting | Joining) or call.attempt != fact.attempt:
        return call
    if fact.reservation_id in call.settled:
        return call
    return msgspec.structs.replace(
        call,
        settled=(*call.settled, fact.reservation_id),
        legs={r: leg for r, leg in call.legs.items() if r != fact.reservation_id},
    )


def _connected(call: Known, fact: CallConnected, envelope: Envelope) -> Known:
    if not isinstance(call, Joining):
        return call
    return _become(
        Connected,
        call,
        joined_agent_id=fact.agent_id,
        legs={r: leg for r, leg in call.legs.items() if r == fact.reservation_id},
        connected_at=call.connected_at or envelope.time,
    )


def _taken_over(call: Known, fact: CallPartyJoined) -> Known:
    """Whom the consultation reached has the caller; of the telephones only theirs is kept."""
    if not isinstance(call, Connected):
        return call
    return msgspec.structs.replace(
        call,
        reservation_id=fact.reservation_id,
        joined_agent_id=fact.agent_id,
        accepted_sequence=fact.accepted_sequence or 0,
        legs={r: leg for r, leg in call.legs.items() if r == fact.reservation_id},
        consult_call_id=None,
    )


def _consulting(call: Call, fact: CallConsultRequested) -> Call:
    if not isinstance(call, Connected) or call.reservation_id != fact.reservation_id:
        return call
    return msgspec.structs.replace(call, consult_call_id=fact.consult_call_id)


def _with_leg(call: Known, fact: LegFact) -> Known:
    if not isinstance(call, Waiting | Joining):
        return call
    leg = Leg(fact.agent_id, "ringing" if isinstance(fact, CallAgentLegRinging) else "up")
    return msgspec.structs.replace(call, legs={**call.legs, fact.reservation_id: leg})


def _ended(call: Known, fact: Terminal, envelope: Envelope) -> Known:
    ended_as, reason = _how(fact)
    return _become(
        Ended,
        call,
        ended_as=ended_as,
        reason=reason,
        ended_at=envelope.time,
        agent_id=getattr(call, "joined_agent_id", None),
        next_call_id=fact.next_call_id if isinstance(fact, CallDiverted) else None,
    )


def _how(fact: Terminal) -> tuple[EndedAs, str | None]:
    match fact:
        case CallContained():
            return "contained", None
        case CallRefused():
            return "refused", fact.reason
        case CallAbandoned():
            return "abandoned", None
        case CallDiverted():
            return "diverted", fact.to
        case CallDisconnected():
            return "disconnected", fact.by
        case CallFailed():
            return "failed", fact.reason
        case _:
            assert_never(fact)


def _become(state: type[K], call: Known, **changes: object) -> K:
    """Return the call in another state, with what both states know and these changes."""
    kept = {name: getattr(call, name) for name in state.__struct_fields__ if hasattr(call, name)}
    return state(**{**kept, **changes})
