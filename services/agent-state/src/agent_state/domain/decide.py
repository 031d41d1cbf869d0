"""What an agent's state makes of a command: the facts that become true, in order."""

from datetime import datetime
from typing import assert_never

from agent_state.domain import (
    consults,
    due,
    help,
    offers,
    presence,
    shift_ends,
    talks,
    wrap_up,
)
from agent_state.domain.agent import Agent
from agent_state.domain.commands import (
    AcceptOffer,
    AnswerHelp,
    AnswerLeg,
    AskForHelp,
    BecomeNotReady,
    BecomeReady,
    CallCommand,
    Command,
    CompleteTransfer,
    ConsultCall,
    EndCall,
    EndHelp,
    EndShift,
    EndWrapUp,
    ExtendShift,
    ExtendWrapUp,
    FinishWrapUp,
    HoldCall,
    JoinCall,
    LearnCard,
    LeaveCall,
    LeaveConsultation,
    LeaveDesk,
    LoseConnection,
    MoveCall,
    MoveSlot,
    RejectOffer,
    ReleaseCall,
    RescindOffer,
    ResumeCall,
    RingOffer,
    SetProfile,
    ShiftCommand,
    ShowBreak,
    SignIn,
    SignOut,
    TakeDesk,
    TellOverrun,
    Tick,
    TransferCall,
)
from agent_state.domain.facts import BreakShown, Fact
from agent_state.domain.refusals import UnknownAgent


def decide(agent: Agent, command: Command, at: datetime) -> list[Fact]:
    """Return the facts that `command` makes true at `at`, in order; none if it changes nothing.

    Raises:
        Refusal: the agent's state does not allow what the agent asks; see `refusals`.
    """
    match command:
        case (
            SetProfile()
            | TakeDesk()
            | LeaveDesk()
            | LoseConnection()
            | EndShift()
            | ExtendShift()
            | ShowBreak()
            | TellOverrun()
        ):
            return _on_place(agent, command, at)
        case SignIn() | BecomeReady() | BecomeNotReady() | SignOut():
            return _on_presence(agent, command, at)
        case AcceptOffer() | RejectOffer() | RingOffer() | RescindOffer() | AnswerLeg():
            return _on_offers(agent, command, at)
        case (
            HoldCall()
            | ResumeCall()
            | ReleaseCall()
            | TransferCall()
            | FinishWrapUp()
            | ExtendWrapUp()
            | EndWrapUp()
        ):
            return _on_talks(_described(agent), command, at)
        case ConsultCall() | CompleteTransfer() | LeaveConsultation():
            return _on_consults(_described(agent), command, at)
        case AskForHelp() | AnswerHelp() | EndHelp():
            return _on_help(_described(agent), command)
        case EndCall() | MoveCall() | JoinCall() | LearnCard() | MoveSlot() | LeaveCall() | Tick():
            return _on_facts(agent, command, at)
        case _:
            assert_never(command)


def _on_presence(
    agent: Agent,
    command: SignIn | BecomeReady | BecomeNotReady | SignOut,
    at: datetime,
) -> list[Fact]:
    match command:
        case SignIn():
            return presence.sign_in(_described(agent), command, at)
        case BecomeReady():
            return presence.become_ready(shift_ends.must_be_on(_described(agent)), at)
        case BecomeNotReady():
            return presence.become_not_ready(shift_ends.must_be_on(_described(agent)), command, at)
        case SignOut():
            return presence.sign_out(_described(agent), command, at)
        case _:
            assert_never(command)


def _on_place(
    agent: Agent,
    command: SetProfile
    | TakeDesk
    | LeaveDesk
    | LoseConnection
    | ShiftCommand
    | ShowBreak
    | TellOverrun,
    at: datetime,
) -> list[Fact]:
    match command:
        case SetProfile():
            return presence.set_profile(agent, command, at)
        case EndShift():
            return shift_ends.end_shift(agent, command, at)
        case ExtendShift():
            return shift_ends.extend_shift(agent, at)
        case ShowBreak() | TellOverrun():
            return _on_breaks(agent, command)
        case TakeDesk():
            return presence.take_desk(agent, command)
        case LeaveDesk():
            return presence.leave_desk(agent, command)
        case LoseConnection():
            return presence.lose_connection(agent, command, at)
        case _:
            assert_never(command)


def _on_breaks(agent: Agent, command: ShowBreak | TellOverrun) -> list[Fact]:
    match command:
        case ShowBreak(place=place):
            return [] if agent.break_place == place else [BreakShown(place)]
        case TellOverrun():
            return presence.overrun(agent, command)
        case _:
            assert_never(command)


def _on_help(agent: Agent, command: AskForHelp | AnswerHelp | EndHelp) -> list[Fact]:
    match command:
        case AskForHelp():
            return help.ask(agent, command)
        case AnswerHelp():
            return help.answer(agent, command)
        case EndHelp():
            return help.end(agent, command)
        case _:
            assert_never(command)


def _on_offers(
    agent: Agent,
    command: AcceptOffer | RejectOffer | RingOffer | RescindOffer | AnswerLeg,
    at: datetime,
) -> list[Fact]:
    match command:
        case AcceptOffer():
            return offers.accept(_described(agent), command, at)
        case RejectOffer():
            return offers.reject(_described(agent), command, at)
        case RingOffer():
            return offers.ring(agent, command, at)
        case RescindOffer():
            return offers.rescind(agent, command, at)
        case AnswerLeg():
            return offers.answer_leg(agent, command, at)
        case _:
            assert_never(command)


def _on_talks(
    agent: Agent,
    command: HoldCall
    | ResumeCall
    | ReleaseCall
    | TransferCall
    | FinishWrapUp
    | ExtendWrapUp
    | EndWrapUp,
    at: datetime,
) -> list[Fact]:
    match command:
        case HoldCall():
            return talks.hold(agent, command, at)
        case ResumeCall():
            return talks.resume(agent, command, at)
        case ReleaseCall():
            return talks.release(agent, command)
        case TransferCall():
            return talks.transfer(agent, command)
        case FinishWrapUp() | ExtendWrapUp() | EndWrapUp():
            return _on_wrap_up(agent, command, at)
        case _:
            assert_never(command)


def _on_wrap_up(
    agent: Agent, command: FinishWrapUp | ExtendWrapUp | EndWrapUp, at: datetime
) -> list[Fact]:
    match command:
        case FinishWrapUp():
            return wrap_up.finish(agent, command, at)
        case ExtendWrapUp():
            return wrap_up.extend(agent, command, at)
        case EndWrapUp():
            return wrap_up.end(agent, command, at)
        case _:
            assert_never(command)


def _on_consults(
    agent: Agent, command: ConsultCall | CompleteTransfer | LeaveConsultation, at: datetime
) -> list[Fact]:
    talk = talks.joined_talk(agent, command.reservation_id)
    match command:
        case ConsultCall():
            return consults.consult(agent, talk, command, at)
        case CompleteTransfer():
            return consults.complete(agent, talk)
        case LeaveConsultation():
            return consults.leave(agent, talk)
        case _:
            assert_never(command)


def _on_facts(agent: Agent, command: CallCommand | Tick, at: datetime) -> list[Fact]:
    match command:
        case EndCall():
            return talks.end(agent, command, at)
        case MoveCall():
            return talks.move(agent, command, at)
        case JoinCall():
            return talks.join(agent, command, at)
        case LearnCard():
            return talks.learn_card(agent, command)
        case MoveSlot():
            return consults.move_slot(agent, command, at)
        case LeaveCall():
            return talks.leave(agent, command, at)
        case Tick():
            return due.tick(agent, command, at)
        case _:
            assert_never(command)


def _described(agent: Agent) -> Agent:
    """Return the agent.

    Raises:
        UnknownAgent: nobody has described them.
    """
    if agent.profile is None:
        raise UnknownAgent(f"agent {agent.agent_id} does not exist")
    return agent
