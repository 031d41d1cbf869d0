"""`answered`: the one outcome of every offer, and what agents ask for in the talk."""

from typing import Literal

from contact_events.registry import Event, event
from contact_events.topics import ANSWERED

Rejection = Literal[
    "agent", "not_ready", "caller_gone", "rescinded", "already_taken", "superseded", "stale"
]


@event("call.answered", version=1, topic=ANSWERED, key="call_id")
class CallAnswered(Event, frozen=True):
    """The agent took the offer. Joined is something else: see `call.connected`."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int


@event("call.rejected", version=1, topic=ANSWERED, key="call_id")
class CallRejected(Event, frozen=True):
    """The offer was settled without being taken, for this reason.

    `agent_reason` is why the agent did not want it, where the reason is `agent`.
    """

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    reason: Rejection
    agent_reason: str | None = None


@event("call.rang_out", version=1, topic=ANSWERED, key="call_id")
class CallRangOut(Event, frozen=True):
    """The agent was rung for `rang_for_s` seconds and did not answer (RONA)."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    rang_for_s: float


@event("call.held", version=1, topic=ANSWERED, key="call_id")
class CallHeld(Event, frozen=True):
    """The agent put the caller on hold."""

    call_id: str
    reservation_id: str
    agent_id: str


@event("call.resumed", version=1, topic=ANSWERED, key="call_id")
class CallResumed(Event, frozen=True):
    """The agent took the caller off hold."""

    call_id: str
    reservation_id: str
    agent_id: str


@event("call.release_requested", version=1, topic=ANSWERED, key="call_id")
class CallReleaseRequested(Event, frozen=True):
    """The agent hung up; with `consult_call_id`, only that consultation shall end."""

    call_id: str
    reservation_id: str
    agent_id: str
    consult_call_id: str | None = None


@event("call.transfer_requested", version=1, topic=ANSWERED, key="call_id")
class CallTransferRequested(Event, frozen=True):
    """The agent sends the caller to a queue, an agent, a skill, or whom the consultation reached.

    A skill is reached through a queue that asks for it. `note` is not written: what agents write
    about callers is personal, and stands in no log.
    """

    call_id: str
    reservation_id: str
    agent_id: str
    to_queue_id: str | None = None
    to_agent_id: str | None = None
    consult_call_id: str | None = None
    note: str | None = None
    to_skill_id: str | None = None


@event("call.consult_requested", version=1, topic=ANSWERED, key="call_id")
class CallConsultRequested(Event, frozen=True):
    """The agent wants to speak with a queue, an agent or a skill while the caller waits."""

    call_id: str
    reservation_id: str
    agent_id: str
    consult_call_id: str
    to_queue_id: str | None = None
    to_agent_id: str | None = None
    to_skill_id: str | None = None


@event("call.supervise_requested", version=1, topic=ANSWERED, key="call_id")
class CallSuperviseRequested(Event, frozen=True):
    """A supervisor wants to listen, whisper or join."""

    call_id: str
    reservation_id: str
    agent_id: str
    supervisor_id: str
    mode: Literal["listen", "whisper", "join"]


Outcome = CallAnswered | CallRejected | CallRangOut
OUTCOMES: tuple[type[Event], ...] = (CallAnswered, CallRejected, CallRangOut)
