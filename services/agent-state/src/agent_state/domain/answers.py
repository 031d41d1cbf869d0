"""What was answered to a command, so that the same command is answered the same again."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from agent_state.domain.agent import Agent
from agent_state.domain.commands import (
    AcceptOffer,
    BreakCommand,
    Command,
    ConsultCall,
    FinishWrapUp,
    TransferCall,
)
from agent_state.domain.facts import Fact
from agent_state.domain.offers import gone
from agent_state.domain.refusals import Refusal
from agent_state.domain.view import AgentView, view_of
from contact_events.answering import CallRejected


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a command was refused: a stable code, a sentence, and what was true."""

    code: str
    detail: str
    truth: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The one answer to a command: the agent after it, and the refusal if it was refused.

    `asked` is the command as it was; another one under the same id is refused.
    """

    asked: str
    agent: AgentView
    version: int
    refused: Refused | None = None


def asked(command: Command | BreakCommand) -> str:
    """Return the command as one comparable text, without what an agent wrote of a caller."""
    if isinstance(command, FinishWrapUp):
        command = replace(command, notes=None)
    if isinstance(command, TransferCall | ConsultCall):
        command = replace(command, note=None)
    return f"{type(command).__name__} {msgspec.json.encode(command).decode()}"


def refusal_of(refused: Refusal) -> Refused:
    """Return the refusal as it is kept and told."""
    return Refused(refused.code, refused.detail, refused.truth)


def answer(
    command: Command | BreakCommand,
    facts: Iterable[Fact],
    after: Agent,
    refused: Refused | None = None,
) -> Answer:
    """Return the answer to `command`, which made `facts` true.

    Who accepts what another has just taken is refused, although the offer was settled by it.
    """
    if isinstance(command, AcceptOffer) and any(isinstance(f, CallRejected) for f in facts):
        refused = refusal_of(gone(after, command.reservation_id))
    return Answer(asked(command), view_of(after), after.version, refused)
