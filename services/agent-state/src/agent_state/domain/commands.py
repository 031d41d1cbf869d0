"""What agents, administrators, ivr, the router and the clock ask of one agent's state."""

from datetime import datetime
from typing import Literal

import msgspec

from agent_state.domain.agent import Profile, RonaPolicy, Station
from agent_state.domain.break_commands import AskForBreak as AskForBreak
from agent_state.domain.break_commands import BreakCommand as BreakCommand
from agent_state.domain.break_commands import ShowBreak as ShowBreak
from agent_state.domain.break_commands import TellOverrun as TellOverrun
from agent_state.domain.break_commands import WithdrawBreak as WithdrawBreak
from agent_state.domain.card import Card
from agent_state.domain.wrap_up_commands import EndWrapUp as EndWrapUp
from agent_state.domain.wrap_up_commands import ExtendWrapUp as ExtendWrapUp
from agent_state.domain.wrap_up_commands import FinishWrapUp as FinishWrapUp
from agent_state.domain.wrap_up_rules import WrapUpRules
from contact_events.calls import RecoveryReason


class _Command(msgspec.Struct, frozen=True, kw_only=True):
    """An order to one agent's state."""


class SetProfile(_Command, frozen=True):
    """Describe the agent anew."""

    profile: Profile


class SignIn(_Command, frozen=True):
    """Begin to work, not ready yet, at a station, or else where the profile says."""

    station: Station | None = None


class BecomeReady(_Command, frozen=True):
    """Take calls; signs in if needed."""


class BecomeNotReady(_Command, frozen=True):
    """Take no more calls, for a reason; what rings or talks goes on.

    `refused` is why nobody may give this reason: it is unknown, the system's, or deactivated; or
    it is a break, of which the team has only so many at once, and none was granted.
    """

    reason: str
    refused: Literal["unknown", "system", "deactivated", "not_granted"] | None = None


class SignOut(_Command, frozen=True):
    """Stop working; in a talk it is refused, or, `after_work`, done when all work is over."""

    after_work: bool = False


class EndShift(_Command, frozen=True):
    """The shift is over: no more calls; who `leaves` is signed out once all work is over."""

    leaves: bool


class ExtendShift(_Command, frozen=True):
    """The shift is not over after all."""


class TakeDesk(_Command, frozen=True):
    """A socket of the agent is open in the process `place`."""

    place: str


class LeaveDesk(_Command, frozen=True):
    """The last socket of the agent in the process `place` has closed."""

    place: str


class LoseConnection(_Command, frozen=True):
    """The desk that was left in `place` was not taken again within the grace."""

    place: str


class AskForHelp(_Command, frozen=True):
    """Ask for a supervisor, about the call of this reservation or none."""

    reservation_id: str | None = None


class AnswerHelp(_Command, frozen=True):
    """The supervisor `by` comes to help."""

    by: str


class EndHelp(_Command, frozen=True):
    """The call for help is over, says the supervisor `by`, or the agent."""

    by: str | None = None


class AcceptOffer(_Command, frozen=True):
    """Take the ringing offer; `taken` if another took this attempt of the call before."""

    reservation_id: str
    taken: bool = False


class RejectOffer(_Command, frozen=True):
    """Do not take the ringing offer, for the agent's `reason`."""

    reservation_id: str
    reason: str | None = None


class HoldCall(_Command, frozen=True):
    """Put the caller on hold."""

    reservation_id: str


class ResumeCall(_Command, frozen=True):
    """Take the caller off hold."""

    reservation_id: str


class ReleaseCall(_Command, frozen=True):
    """Hang up: a request, that ivr carries out."""

    reservation_id: str


class TransferCall(_Command, frozen=True):
    """Send the caller to a queue, an agent or a skill, exactly one of them: a request too."""

    reservation_id: str
    queue_id: str | None = None
    agent_id: str | None = None
    skill_id: str | None = None
    note: str | None = None


class ConsultCall(_Command, frozen=True):
    """Speak with a queue, an agent or a skill, exactly one of them; the caller is on hold.

    The consultation is a call of its own, `consult_call_id`.
    """

    reservation_id: str
    consult_call_id: str
    queue_id: str | None = None
    agent_id: str | None = None
    skill_id: str | None = None
    note: str | None = None


class CompleteTransfer(_Command, frozen=True):
    """Hand the caller over to whom the consultation reached, or shall reach: a request."""

    reservation_id: str


class LeaveConsultation(_Command, frozen=True):
    """End the consultation and keep the caller: a request."""

    reservation_id: str


AgentCommand = (
    SignIn
    | BecomeReady
    | BecomeNotReady
    | SignOut
    | AcceptOffer
    | RejectOffer
    | HoldCall
    | ResumeCall
    | ReleaseCall
    | TransferCall
    | ConsultCall
    | CompleteTransfer
    | LeaveConsultation
    | FinishWrapUp
    | ExtendWrapUp
    | AskForHelp
    | EndHelp
)


class RingOffer(_Command, frozen=True):
    """Ring the agent for an offer of the router, or say at once why not.

    `ended`, `superseded` and `taken` are what is known of the call and its attempt.
    """

    slot: int
    call_id: str
    attempt: int
    reservation_id: str
    expires_at: datetime
    queue_id: str | None = None
    card: Card | None = None
    wrap_up: WrapUpRules | None = None
    ended: bool = False
    superseded: bool = False
    taken: bool = False


class RescindOffer(_Command, frozen=True):
    """Give the offer back if it still rings."""

    reservation_id: str


class LearnCard(_Command, frozen=True):
    """Show the agent whose caller this is."""

    call_id: str
    card: Card


class MoveSlot(_Command, frozen=True):
    """A completed consultation goes on as this call: the slot of its agent moves there."""

    reservation_id: str
    call_id: str
    attempt: int
    card: Card | None = None


class EndCall(_Command, frozen=True):
    """The call is over, says ivr; `moved` where it is a consultation that was completed."""

    call_id: str
    moved: MoveSlot | None = None


class LeaveCall(_Command, frozen=True):
    """The agent of this reservation is out of the call, which goes on with another."""

    reservation_id: str


class MoveCall(_Command, frozen=True):
    """The call waits again, in this attempt; `recovered` says why if the agent was lost."""

    call_id: str
    attempt: int
    recovered: RecoveryReason | None = None


class JoinCall(_Command, frozen=True):
    """ivr has joined the caller with the agent of this reservation."""

    call_id: str
    attempt: int
    reservation_id: str


class AnswerLeg(_Command, frozen=True):
    """The agent has picked the telephone up; `taken` as for `AcceptOffer`."""

    reservation_id: str
    taken: bool = False


class Tick(_Command, frozen=True):
    """Settle what is due; `rona` is what becomes of who let an offer ring out."""

    rona: RonaPolicy = RonaPolicy()


SupervisorCommand = BecomeReady | BecomeNotReady | SignOut | AnswerHelp | EndHelp | EndWrapUp
ShiftCommand = EndShift | ExtendShift
DeskCommand = TakeDesk | LeaveDesk | LoseConnection
CallCommand = LearnCard | EndCall | MoveCall | JoinCall | MoveSlot | LeaveCall
LogCommand = RingOffer | RescindOffer | AnswerLeg | CallCommand
_OfCentre = DeskCommand | ShiftCommand | ShowBreak | TellOverrun | SetProfile | Tick
Command = AgentCommand | LogCommand | _OfCentre | AnswerHelp | EndWrapUp
