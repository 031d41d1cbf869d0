"""What people and desktops send: the shapes at the edge, and the commands they become."""

from collections.abc import Callable
from typing import Annotated, Literal, assert_never

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agent_state.commands import BreakOrder, Order
from agent_state.domain.agent import Station
from agent_state.domain.commands import (
    AcceptOffer,
    AgentCommand,
    AnswerHelp,
    AskForBreak,
    AskForHelp,
    BecomeNotReady,
    BecomeReady,
    CompleteTransfer,
    ConsultCall,
    EndHelp,
    EndWrapUp,
    ExtendWrapUp,
    FinishWrapUp,
    HoldCall,
    LeaveConsultation,
    RejectOffer,
    ReleaseCall,
    ResumeCall,
    SignIn,
    SignOut,
    SupervisorCommand,
    TransferCall,
    WithdrawBreak,
)
from agent_state.domain.documents import SUPERVISOR, UNSAID
from contact_events.identity import derived_id
from contact_runtime.http.bodies import Body, Id

Name = Literal[
    "sign_in",
    "ready",
    "not_ready",
    "sign_out",
    "accept",
    "reject",
    "hold",
    "resume",
    "release",
    "transfer",
    "consult",
    "complete",
    "leave",
    "wrap_up",
    "extend_wrap_up",
    "ask_for_help",
    "end_help",
    "ask_for_break",
    "withdraw_break",
]
Telephone = Annotated[
    str,
    Field(
        pattern=r"^(sip:[^\s@]{1,64}@[^\s@]{1,190}|[0-9]{2,8})$",
        description="an extension or a SIP address",
        examples=["1042", "sip:1042@saransk.example"],
    ),
]

_ABOUT_A_CALL = (
    "accept",
    "reject",
    "hold",
    "resume",
    "release",
    "transfer",
    "consult",
    "complete",
    "leave",
    "wrap_up",
    "extend_wrap_up",
)
_SOMEWHERE = ("transfer", "consult")


class CommandBody(Body):
    """A command of an agent. The same `command_id` twice has one effect and one answer."""

    command_id: Id = Field(examples=["c1"])
    command: Name = Field(examples=["ready"])
    reservation_id: Id | None = Field(default=None, description="for every command about a call")
    reason: Id | None = Field(
        default=None,
        description="of not_ready, one of `/v1/not-ready-reasons`; of ask_for_break, one that "
        "`is_break`; of reject",
    )
    site_id: Id | None = Field(default=None, description="of sign_in: where the agent works now")
    telephone: Telephone | None = Field(
        default=None, description="of sign_in at a site: the telephone there; without, the desktop"
    )
    after_work: bool = Field(
        default=False, description="of sign_out: as soon as no contact is under way"
    )
    queue: Id | None = Field(default=None, description="where to transfer, or to consult")
    agent_id: Id | None = Field(default=None, description="instead: to whom, or whom")
    skill: Id | None = Field(
        default=None, description="instead: to a specialist, through the queue that asks for this"
    )
    codes: list[Id] = Field(
        default=[],
        max_length=20,
        description="of wrap_up: what the call was about, of `/v1/wrap-up-codes`",
        examples=[["refund"]],
    )
    notes: str | None = Field(
        default=None,
        min_length=1,
        description="of wrap_up: what the agent writes of the caller; kept sealed",
        examples=["Перезвонить завтра"],
    )

    note: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="of transfer and consult: for whom it reaches; in no log"
    )

    @model_validator(mode="after")
    def _names_what_it_needs(self) -> "CommandBody":
        if self.command in _ABOUT_A_CALL and self.reservation_id is None:
            raise PydanticCustomError("missing", "names the reservation_id it is about")
        if self.command == "ask_for_break" and self.reason is None:
            raise PydanticCustomError("missing", "names the reason of the break")
        where = (self.queue, self.agent_id, self.skill)
        if self.command in _SOMEWHERE and sum(each is not None for each in where) != 1:
            raise PydanticCustomError("one_of", "names one of queue, agent_id and skill")
        if self.telephone is not None and self.site_id is None:
            raise PydanticCustomError("missing", "names the site_id where the telephone is")
        return self

    def order(self, agent_id: str, traceparent: str | None = None) -> Order | BreakOrder:
        """Return what it orders of this agent's state, or of the line for breaks."""
        if self.command == "ask_for_break":
            return BreakOrder(agent_id, AskForBreak(reason=self.reason or ""), self.command_id)
        if self.command == "withdraw_break":
            return BreakOrder(agent_id, WithdrawBreak(), self.command_id)
        return Order(agent_id, _ORDERS[self.command](self), self.command_id, traceparent)

    @property
    def about(self) -> str:
        """Return the reservation that it is about, where it is about one."""
        return self.reservation_id or ""

    @property
    def station(self) -> Station | None:
        """Return where the agent signs in; None where their profile says."""
        return None if self.site_id is None else Station(self.site_id, self.telephone)


_ORDERS: dict[Name, Callable[[CommandBody], AgentCommand]] = {
    "sign_in": lambda said: SignIn(said.station),
    "ready": lambda said: BecomeReady(),
    "not_ready": lambda said: BecomeNotReady(reason=said.reason or UNSAID),
    "sign_out": lambda said: SignOut(said.after_work),
    "accept": lambda said: AcceptOffer(reservation_id=said.about),
    "reject": lambda said: RejectOffer(reservation_id=said.about, reason=said.reason),
    "hold": lambda said: HoldCall(reservation_id=said.about),
    "resume": lambda said: ResumeCall(reservation_id=said.about),
    "release": lambda said: ReleaseCall(reservation_id=said.about),
    "transfer": lambda said: TransferCall(
        reservation_id=said.about,
        queue_id=said.queue,
        agent_id=said.agent_id,
        skill_id=said.skill,
        note=said.note,
    ),
    "consult": lambda said: ConsultCall(
        reservation_id=said.about,
        consult_call_id=derived_id("consultation", said.about, said.command_id),
        queue_id=said.queue,
        agent_id=said.agent_id,
        skill_id=said.skill,
        note=said.note,
    ),
    "complete": lambda said: CompleteTransfer(reservation_id=said.about),
    "leave": lambda said: LeaveConsultation(reservation_id=said.about),
    "wrap_up": lambda said: FinishWrapUp(
        reservation_id=said.about, codes=tuple(said.codes), notes=said.notes
    ),
    "extend_wrap_up": lambda said: ExtendWrapUp(reservation_id=said.about),
    "ask_for_help": lambda said: AskForHelp(said.reservation_id),
    "end_help": lambda said: EndHelp(),
}


class SupervisorBody(Body):
    """What a supervisor orders of an agent. The same `command_id` twice has one effect."""

    command_id: Id = Field(examples=["s1"])
    command: Literal["ready", "not_ready", "sign_out", "answer_help", "end_help", "end_wrap_up"] = (
        Field(examples=["sign_out"])
    )
    reservation_id: Id | None = Field(default=None, description="of end_wrap_up")
    reason: Id | None = Field(default=None, description="of not_ready", examples=["training"])

    @model_validator(mode="after")
    def _names_what_it_ends(self) -> "SupervisorBody":
        if self.command == "end_wrap_up" and self.reservation_id is None:
            raise PydanticCustomError("missing", "names the reservation_id it is about")
        return self

    def order(self, by: str) -> SupervisorCommand:
        """Return the command that supervisor `by` asks for; nobody is signed out of a talk."""
        match self.command:
            case "ready":
                return BecomeReady()
            case "not_ready":
                return BecomeNotReady(reason=self.reason or SUPERVISOR)
            case "sign_out":
                return SignOut(after_work=True)
            case "answer_help":
                return AnswerHelp(by)
            case "end_help":
                return EndHelp(by)
            case "end_wrap_up":
                return EndWrapUp(reservation_id=self.reservation_id or "")
            case _:
                assert_never(self.command)
