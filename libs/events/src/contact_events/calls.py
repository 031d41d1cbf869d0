"""`call-arrived`: the caller's side of a call's life, as ivr, which holds the legs, tells it."""

from typing import Final, Literal

import msgspec

from contact_events.registry import Event, event
from contact_events.topics import CALL_ARRIVED

Channel = Literal["voice", "callback", "chat", "email", "fax", "video"]
Direction = Literal["inbound", "outbound", "internal"]
RecoveryReason = Literal["leg_lost", "agent_offline", "not_joined"]
RefusalReason = Literal["closed", "blocked", "full"]
FailureReason = Literal["no_agent", "gateway_lost", "no_such_queue", "too_long"]

LONGEST_CALL_S: Final = 4 * 3600.0
"""Seconds of business time after its arrival at which ivr ends a call, and the auditor asks."""


class Caller(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Who calls, without a number or a name in clear.

    `ref` is an HMAC of the E.164 number under version `ref_version` of the client's key; `prefix`
    leaves at least 10,000 numbers open; `sealed` is the number and name under a per-person key.
    """

    ref: str
    ref_version: int
    prefix: str
    sealed: str


class Text(msgspec.Struct, frozen=True):
    """What people read or hear, in the two languages of the centre."""

    ru: str
    en: str


@event("call.arrived", version=1, topic=CALL_ARRIVED, key="call_id")
class CallArrived(Event, frozen=True):
    """A contact reached the front door.

    `caller` is None where the number is withheld. A consultation names its parent call and the
    agent who asked for it. `attributes` are facts that flows and integrators attach (`vip`,
    and `preferred_agent_id`: who is to be asked first, where the queue gives them time).
    """

    call_id: str
    channel: Channel
    direction: Direction
    dnis: str
    entry_site_id: str
    caller: Caller | None = None
    client_name: str = ""
    project_name: str = ""
    agent_greeting: Text | None = None
    attributes: dict[str, str] = {}
    parent_call_id: str | None = None
    asked_by_agent_id: str | None = None


@event("call.flow_step", version=1, topic=CALL_ARRIVED, key="call_id")
class CallFlowStep(Event, frozen=True):
    """The caller came to a step of the self-service flow, by which choice.

    `label` is what the choice is called in the project's menu.
    """

    call_id: str
    flow_id: str
    step: str
    choice: str | None = None
    label: Text | None = None


@event("call.queued", version=1, topic=CALL_ARRIVED, key="call_id")
class CallQueued(Event, frozen=True):
    """A stay in a queue, or for a named agent, began: attempt 1, 2, ..

    Exactly one of `queue_id` and `agent_id` is set. `sent_by` is the agent who transferred.
    `expected_wait_s` is the wait that ivr tells who joins the queue at that moment, by the
    router's last hint; None where nothing was known. Nothing is decided from it.
    """

    call_id: str
    attempt: int
    queue_id: str | None = None
    agent_id: str | None = None
    priority: int = 0
    sent_by: str | None = None
    reason: Literal["flow", "transfer", "overflow", "consult"] = "flow"
    expected_wait_s: float | None = None


@event("call.priority_changed", version=1, topic=CALL_ARRIVED, key="call_id")
class CallPriorityChanged(Event, frozen=True):
    """The waiting call's priority is now this."""

    call_id: str
    attempt: int
    priority: int


@event("call.agent_leg_ringing", version=1, topic=CALL_ARRIVED, key="call_id")
class CallAgentLegRinging(Event, frozen=True):
    """The telephone of the agent who was offered the call rings."""

    call_id: str
    reservation_id: str
    agent_id: str


@event("call.agent_leg_answered", version=1, topic=CALL_ARRIVED, key="call_id")
class CallAgentLegAnswered(Event, frozen=True):
    """The agent picked the telephone up."""

    call_id: str
    reservation_id: str
    agent_id: str


@event("call.connected", version=1, topic=CALL_ARRIVED, key="call_id")
class CallConnected(Event, frozen=True):
    """Caller and agent are joined. "Answered", in every figure, is the first of these."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str


@event("call.party_joined", version=1, topic=CALL_ARRIVED, key="call_id")
class CallPartyJoined(Event, frozen=True):
    """Another agent joined the talk; the reservation's slot moves to this call.

    `accepted_sequence` is that of the agent's acceptance in their own stream: an Offline below it
    is older than the talk.
    """

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    accepted_sequence: int | None = None


@event("call.party_left", version=1, topic=CALL_ARRIVED, key="call_id")
class CallPartyLeft(Event, frozen=True):
    """An agent left the talk, which goes on without them."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str


@event("call.recovered", version=1, topic=CALL_ARRIVED, key="call_id")
class CallRecovered(Event, frozen=True):
    """The agent was lost; the caller waits again, at the head, with the original time."""

    call_id: str
    attempt: int
    reason: RecoveryReason
    queue_id: str | None = None
    agent_id: str | None = None
    priority: int = 0
    sent_by: str | None = None


@event("call.contained", version=1, topic=CALL_ARRIVED, key="call_id")
class CallContained(Event, frozen=True):
    """Self-service was enough. Terminal."""

    call_id: str


@event("call.refused", version=1, topic=CALL_ARRIVED, key="call_id")
class CallRefused(Event, frozen=True):
    """The front door did not let the call in. Terminal."""

    call_id: str
    reason: RefusalReason


@event("call.abandoned", version=1, topic=CALL_ARRIVED, key="call_id")
class CallAbandoned(Event, frozen=True):
    """The caller left: the queue in attempt 1 or above, the self-service flow in attempt 0."""

    call_id: str
    attempt: int


@event("call.diverted", version=1, topic=CALL_ARRIVED, key="call_id")
class CallDiverted(Event, frozen=True):
    """The contact goes on elsewhere, as `next_call_id` where it is ours. Terminal.

    A completed consultation names the reservation and attempt that moved to the parent call.
    """

    call_id: str
    attempt: int
    to: Literal["callback", "voicemail", "outside", "pool", "parent"]
    next_call_id: str | None = None
    reservation_id: str | None = None
    next_attempt: int | None = None


@event("call.disconnected", version=1, topic=CALL_ARRIVED, key="call_id")
class CallDisconnected(Event, frozen=True):
    """The call ended after a talk. Terminal."""

    call_id: str
    attempt: int
    by: Literal["caller", "agent", "system"]


@event("call.failed", version=1, topic=CALL_ARRIVED, key="call_id")
class CallFailed(Event, frozen=True):
    """The centre could not go on with the call. Terminal."""

    call_id: str
    attempt: int
    reason: FailureReason


Terminal = (
    CallContained | CallRefused | CallAbandoned | CallDiverted | CallDisconnected | CallFailed
)
TERMINAL: tuple[type[Event], ...] = (
    CallContained,
    CallRefused,
    CallAbandoned,
    CallDiverted,
    CallDisconnected,
    CallFailed,
)
