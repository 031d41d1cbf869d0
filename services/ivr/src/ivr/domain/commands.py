"""What can be asked of a call. What the rules need to know arrives in the command."""

from datetime import datetime
from typing import Literal

import msgspec

from contact_events.calls import Caller, Channel
from ivr.domain.call import Connected
from ivr.domain.opening import NOTHING_CLOSED, Closed
from ivr.domain.projects import Project


class Arrive(msgspec.Struct, frozen=True, kw_only=True):
    """A caller dialled a number of the project; `caller` is None where theirs is withheld."""

    project: Project
    dnis: str
    entry_site_id: str
    channel: Channel = "voice"
    caller: Caller | None = None
    attributes: dict[str, str] = {}
    closed: Closed = NOTHING_CLOSED


class PressDigits(msgspec.Struct, frozen=True, kw_only=True):
    """The caller pressed these keys, one after the other."""

    digits: str
    project: Project
    closed: Closed = NOTHING_CLOSED


class TimeOutInput(msgspec.Struct, frozen=True, kw_only=True):
    """The caller may have chosen nothing in time."""

    now: datetime
    project: Project
    closed: Closed = NOTHING_CLOSED


class HangUp(msgspec.Struct, frozen=True):
    """The caller left."""


class EndTooLong(msgspec.Struct, frozen=True):
    """The call may have lasted as long as a call may."""

    now: datetime


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """An acceptance was heard: join the legs if they are there.

    `offline_sequence` is the agent's last Offline that was read; `telephone` whether the agent
    talks on a telephone that ivr rings.
    """

    offline_sequence: int = 0
    telephone: bool = False


class GiveUpJoining(msgspec.Struct, frozen=True):
    """The legs may not have been joined in time."""

    now: datetime


class LoseAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The agent went Offline with this sequence of their stream."""

    agent_id: str
    sequence: int


class Release(msgspec.Struct, frozen=True):
    """The agent of the reservation hung up."""

    reservation_id: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """The agent of the reservation sends the caller to a queue or a named agent, unannounced."""

    reservation_id: str
    to_queue_id: str | None = None
    to_agent_id: str | None = None


class Consult(msgspec.Struct, frozen=True, kw_only=True):
    """The agent joined in the call `parent` wants to speak with a queue or an agent meanwhile."""

    parent_call_id: str
    parent: Connected
    client_name: str = ""
    project_name: str = ""
    to_queue_id: str | None = None
    to_agent_id: str | None = None


class TakeOver(msgspec.Struct, frozen=True):
    """Whom the consultation reached takes the caller over; `consultation` is it as it is."""

    consultation: Connected


class Divert(msgspec.Struct, frozen=True, kw_only=True):
    """The consultation is completed: its agent goes on in the parent call."""

    parent_call_id: str
    parent_attempt: int


class RingTelephone(msgspec.Struct, frozen=True, kw_only=True):
    """The offer was read by agent-state: ring the agent's telephone."""

    reservation_id: str
    attempt: int
    agent_id: str


class PickUp(msgspec.Struct, frozen=True):
    """The agent picked the telephone up."""

    reservation_id: str


class EndLeg(msgspec.Struct, frozen=True):
    """The agent's leg is gone; `abnormal` unless they hung up (BYE)."""

    reservation_id: str
    abnormal: bool


class Overflow(msgspec.Struct, frozen=True, kw_only=True):
    """The router says what shall become of the call, if it still waits in that attempt.

    `default_queue_id` is the project's, None where there is no such project any more.
    """

    attempt: int
    to: Literal["queue", "callback", "voicemail", "sender", "end"]
    default_queue_id: str | None
    queue_id: str | None = None


CallerCommand = Arrive | PressDigits | TimeOutInput | HangUp | EndTooLong
AgentCommand = Join | GiveUpJoining | LoseAgent | Release | Transfer
LegCommand = RingTelephone | PickUp | EndLeg
ConsultCommand = Consult | TakeOver | Divert
Command = CallerCommand | AgentCommand | LegCommand | ConsultCommand | Overflow
