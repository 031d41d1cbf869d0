"""What integrators are told of each fact: ids and states, never a number or a name of anybody."""

from typing import Literal, get_args

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from contact_events.agents import AgentChanged, AgentStatus, Presence
from contact_events.answering import CallAnswered
from contact_events.envelope import Envelope
from contact_events.routing import CallRouted
from contact_events.wrapping import CallReleased, CallWrappedUp
from contact_runtime.http.bodies import View
from contact_runtime.webhooks.notices import Notice
from contact_runtime.webhooks.telling import TAKEN, Payload

CallTypeName = Literal["call.offered", "call.answered", "call.released", "call.wrapped_up"]
TypeName = Literal[CallTypeName, "agent.changed"]
OF_CALLS: frozenset[str] = frozenset(get_args(CallTypeName))
"""The types that a client's webhook may be told of; agents' states are the operator's."""


class OfCall(View):
    """The call, and the agent's part in it: `reservation_id` names one offer and what follows."""

    call_id: str = Field(examples=["bcd8792456b2509d59996fad73be1c41"])
    attempt: int = Field(description="which stay in a queue, from 1", examples=[1])
    reservation_id: str = Field(examples=["2da66c134f6fc6b4c27ab6cbc5f4dfa8"])
    agent_id: str = Field(examples=["agent-0417"])
    client: str | None = Field(description="null where it is not known", examples=["acme"])
    project: str | None = Field(examples=["sales"])


class Offered(OfCall):
    """The router chose the agent, who is rung until `expires_at` (business time)."""

    queue_id: str | None = Field(examples=["sales"])
    expires_at: AwareDatetime


class Answered(OfCall):
    """The agent took the offer."""


class Released(OfCall):
    """The agent's part of the call is over; `connected` tells whether they were ever joined."""

    connected: bool
    reason: Literal["ended", "moved", "recovered", "left"]


class WrappedUp(OfCall):
    """The after-call work is done, by the agent or by the timer."""

    by: Literal["agent", "timer"]
    codes: list[str] = Field(examples=[["sold"]])


class Changed(View):
    """The agent after a change. A lower `sequence` than one seen is older: pass it over."""

    agent_id: str = Field(examples=["agent-0417"])
    sequence: int = Field(examples=[3])
    site_id: str = Field(examples=["saransk"])
    status: AgentStatus
    presence: Presence
    reason: str | None = Field(description="why NotReady or Offline", examples=["lunch"])


class OfferedPayload(Payload):
    """An agent is offered a call."""

    type: Literal["call.offered"]
    data: Offered


class AnsweredPayload(Payload):
    """An agent took an offer."""

    type: Literal["call.answered"]
    data: Answered


class ReleasedPayload(Payload):
    """An agent's part of a call is over."""

    type: Literal["call.released"]
    data: Released


class WrappedUpPayload(Payload):
    """An agent has done the after-call work."""

    type: Literal["call.wrapped_up"]
    data: WrappedUp


class ChangedPayload(Payload):
    """An agent's state has changed; told to the operator's webhooks only."""

    type: Literal["agent.changed"]
    data: Changed


def notice_of(envelope: Envelope) -> Notice | None:
    """Return what integrators are told of a fact; None if they are told nothing of its kind."""
    told = _told(envelope)
    if told is None:
        return None
    name, data = told
    return Notice(
        id=envelope.id,
        type=name,
        at=envelope.time,
        client=envelope.client if name in OF_CALLS else None,
        data=data.model_dump(mode="json"),
    )


def _told(envelope: Envelope) -> tuple[TypeName, View] | None:
    fact = envelope.data
    match fact:
        case CallRouted():
            return "call.offered", Offered(
                **_of_call(envelope, fact), queue_id=fact.queue_id, expires_at=fact.expires_at
            )
        case CallAnswered():
            return "call.answered", Answered(**_of_call(envelope, fact))
        case CallReleased():
            return "call.released", Released(
                **_of_call(envelope, fact), connected=fact.connected, reason=fact.reason
            )
        case CallWrappedUp():
            return "call.wrapped_up", WrappedUp(
                **_of_call(envelope, fact), by=fact.by, codes=list(fact.codes)
            )
        case AgentChanged():
            return "agent.changed", Changed(
                agent_id=fact.agent_id,
                sequence=envelope.sequence,
                site_id=fact.site_id,
                status=fact.status,
                presence=fact.presence,
                reason=fact.reason,
            )
        case _:
            return None


def _of_call(
    envelope: Envelope, fact: CallRouted | CallAnswered | CallReleased | CallWrappedUp
) -> dict[str, object]:
    return {
        "call_id": fact.call_id,
        "attempt": fact.attempt,
        "reservation_id": fact.reservation_id,
        "agent_id": fact.agent_id,
        "client": envelope.client,
        "project": envelope.project,
    }


outgoing = APIRouter()
"""For the OpenAPI document only: what this service sends, and what it expects as the answer."""


@outgoing.post("call.offered", status_code=204, responses=TAKEN)
def call_offered(body: OfferedPayload) -> None:
    """An agent is offered a call. It rings, unless the agent's state has just changed."""


@outgoing.post("call.answered", status_code=204, responses=TAKEN)
def call_answered(body: AnsweredPayload) -> None:
    """The agent took the offer; caller and agent are joined a moment later."""


@outgoing.post("call.released", status_code=204, responses=TAKEN)
def call_released(body: ReleasedPayload) -> None:
    """The agent's part of the call is over."""


@outgoing.post("call.wrapped_up", status_code=204, responses=TAKEN)
def call_wrapped_up(body: WrappedUpPayload) -> None:
    """The agent's after-call work is done."""


@outgoing.post("agent.changed", status_code=204, responses=TAKEN)
def agent_changed(body: ChangedPayload) -> None:
    """An agent's state has changed; told to the operator's webhooks only."""
