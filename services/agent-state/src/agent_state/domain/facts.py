"""Facts that only the agent's own row needs: they are folded, and never leave the service.

All others are the events of `answered`, `wrapped-up` and `agent-state`.
"""

from datetime import datetime

import msgspec

from agent_state.domain.agent import BreakPlace, Profile, Station
from agent_state.domain.card import Card
from agent_state.domain.wrap_up_rules import WrapUpRules
from contact_events.agents import (
    AgentChanged,
    AgentHelpAnswered,
    AgentHelpEnded,
    AgentHelpRequested,
    AgentStayOverran,
)
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
from contact_events.wrapping import CallReleased, CallWrappedUp


class OfferRead(msgspec.Struct, frozen=True):
    """The router's last offer for the slot is this one."""

    slot: int
    reservation_id: str


class OfferRung(msgspec.Struct, frozen=True, kw_only=True):
    """The offer fills the slot and rings until `due`."""

    slot: int
    call_id: str
    attempt: int
    reservation_id: str
    due: datetime
    queue_id: str | None
    card: Card | None
    wrap_up: WrapUpRules | None = None


class CallJoined(msgspec.Struct, frozen=True):
    """ivr has joined the caller with the agent who holds this reservation."""

    reservation_id: str


class CardLearned(msgspec.Struct, frozen=True):
    """What the agent sees of the call is now known."""

    call_id: str
    card: Card


class SlotMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The reservation's slot holds another call now: its consultation was completed."""

    reservation_id: str
    call_id: str
    attempt: int
    card: Card | None


class NoteTaken(msgspec.Struct, frozen=True):
    """What the agent wrote for whom they send the call to. It stands in no log: it is personal."""

    reservation_id: str
    note: str | None


class ConsultJoined(msgspec.Struct, frozen=True):
    """Whether somebody is joined with the agent in this consultation."""

    call_id: str
    connected: bool


class ConsultOver(msgspec.Struct, frozen=True):
    """The agent's consultation has ended."""

    call_id: str


class WrapUpExtended(msgspec.Struct, frozen=True):
    """The after-call work of this reservation lasts until `due`, once more put off."""

    reservation_id: str
    due: datetime


class ProfileSet(msgspec.Struct, frozen=True):
    """Administrators described the agent."""

    profile: Profile


class StationTaken(msgspec.Struct, frozen=True):
    """The agent works there from now on; None is where the profile says."""

    station: Station | None


class BreakShown(msgspec.Struct, frozen=True):
    """The agent's place in the team's breaks is this one."""

    place: BreakPlace | None


class DeskTaken(msgspec.Struct, frozen=True):
    """A socket of the agent is open in the process `place`."""

    place: str


class DeskLeft(msgspec.Struct, frozen=True):
    """The last socket in the process `place` has closed."""

    place: str


OfConsult = ConsultJoined | ConsultOver | NoteTaken
Private = (
    OfferRead
    | OfferRung
    | CallJoined
    | CardLearned
    | WrapUpExtended
    | SlotMoved
    | OfConsult
    | ProfileSet
    | StationTaken
    | DeskTaken
    | DeskLeft
    | BreakShown
)
Published = (
    AgentChanged
    | AgentHelpRequested
    | AgentHelpAnswered
    | AgentHelpEnded
    | AgentStayOverran
    | CallAnswered
    | CallRejected
    | CallRangOut
    | CallHeld
    | CallResumed
    | CallReleaseRequested
    | CallTransferRequested
    | CallConsultRequested
    | CallSuperviseRequested
    | CallReleased
    | CallWrappedUp
)
Fact = Published | Private
