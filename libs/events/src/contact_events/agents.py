"""`agent-state`: what an agent is after each change."""

from datetime import datetime
from typing import Literal

import msgspec

from contact_events.registry import Event, event
from contact_events.topics import AGENT_STATE

Presence = Literal["Offline", "NotReady", "Ready"]
SlotState = Literal["free", "reserved", "talking", "hold", "wrap_up"]
StayLimit = Literal["planned", "longest_stay"]
AgentStatus = Literal["Offline", "NotReady", "Ready", "Reserved", "Talking", "Hold", "WrapUp"]


class Slot(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One contact's room with an agent.

    `reservation_id`, `call_id` and `attempt` name what fills it. `last_reservation_id` is the
    last offer agent-state has read for it: the router trusts "free" only if that is its own last.
    """

    slot: int
    state: SlotState
    channel: str = "voice"
    call_id: str | None = None
    attempt: int | None = None
    reservation_id: str | None = None
    last_reservation_id: str | None = None


@event("agent.changed", version=1, topic=AGENT_STATE, key="agent_id")
class AgentChanged(Event, frozen=True):
    """The agent's state after a change, whole, with the change's cause.

    `blocked` are the free slots that can take nothing while a contact of another channel is on.
    `telephone_address` is where the agent's telephone is rung, if not by the agent's id.
    `next_presence` is what a NotReady agent becomes without being asked again: Ready at
    `returns_at`, or Offline once no contact is under way. `by` is who else ordered the change.
    """

    agent_id: str
    presence: Presence
    status: AgentStatus
    site_id: str
    slots: tuple[Slot, ...]
    cause: str
    reason: str | None = None
    team_id: str | None = None
    skills: dict[str, int] = {}
    telephone: bool = False
    telephone_address: str | None = None
    blocked: tuple[int, ...] = ()
    next_presence: Presence | None = None
    returns_at: datetime | None = None
    by: str | None = None


@event("agent.help_requested", version=1, topic=AGENT_STATE, key="agent_id")
class AgentHelpRequested(Event, frozen=True):
    """The agent asks for a supervisor, about a call or about nothing in particular."""

    agent_id: str
    team_id: str | None = None
    call_id: str | None = None


@event("agent.help_answered", version=1, topic=AGENT_STATE, key="agent_id")
class AgentHelpAnswered(Event, frozen=True):
    """The supervisor `by` comes to help."""

    agent_id: str
    by: str


@event("agent.help_ended", version=1, topic=AGENT_STATE, key="agent_id")
class AgentHelpEnded(Event, frozen=True):
    """The call for help is over; `by` is the supervisor who said so, None the agent."""

    agent_id: str
    by: str | None = None


@event("agent.stay_overran", version=1, topic=AGENT_STATE, key="agent_id")
class AgentStayOverran(Event, frozen=True):
    """The agent is NotReady for this reason longer than they may be; told once.

    It was due to end at `overdue_at`: by the roster (`planned`), or by the longest stay for the
    reason. It is over once `agent.changed` tells of another status or reason.
    """

    agent_id: str
    reason: str
    overdue_at: datetime
    limit: StayLimit
    team_id: str | None = None
