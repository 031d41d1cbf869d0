"""`wrapped-up`: the end of the agent's part of a call."""

from typing import Literal

from contact_events.registry import Event, event
from contact_events.topics import WRAPPED_UP


@event("call.released", version=1, topic=WRAPPED_UP, key="call_id")
class CallReleased(Event, frozen=True):
    """The agent's part of the call is over. `connected` tells whether they were ever joined."""

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    connected: bool
    reason: Literal["ended", "moved", "recovered", "left"]


@event("call.wrapped_up", version=1, topic=WRAPPED_UP, key="call_id")
class CallWrappedUp(Event, frozen=True):
    """The after-call work is done, said by the agent or not (`timer`).

    `notes_sealed` is encrypted under a key of the person's. `cause` is how it ended: done, due,
    supervisor, or why the agent is gone (signed_out, connection_lost).
    """

    call_id: str
    attempt: int
    reservation_id: str
    agent_id: str
    slot: int
    by: Literal["agent", "timer"]
    codes: tuple[str, ...] = ()
    notes_sealed: str | None = None
    cause: str | None = None


@event("call.notes_read", version=1, topic=WRAPPED_UP, key="call_id")
class CallNotesRead(Event, frozen=True):
    """Somebody (`by`, in this role) read what agents wrote of the call when their part was over.

    `reservation_ids` name those parts; what could not be opened any more is not among them.
    """

    call_id: str
    by: str
    role: str
    reservation_ids: tuple[str, ...]
