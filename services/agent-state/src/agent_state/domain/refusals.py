"""What an agent may be refused. Each says what was true, so that the desktop can show it."""

from typing import Any


class Refusal(Exception):
    """The agent's state does not allow the command."""

    code = "refused"

    def __init__(self, detail: str, **truth: Any) -> None:
        """Keep what was true, as the members of the answer."""
        super().__init__(detail)
        self.detail = detail
        self.truth = truth


class UnknownAgent(Refusal):
    """There is no such agent.

    Administrators have not described one with this id.
    """

    code = "unknown-agent"


class NotSignedIn(Refusal):
    """The agent is not signed in.

    Sign in first.
    """

    code = "not-signed-in"


class AgentDeactivated(Refusal):
    """The agent is deactivated.

    Administrators say who works here; who is deactivated cannot sign in.
    """

    code = "agent-deactivated"


class AgentSignedIn(Refusal):
    """A signed-in agent cannot be deactivated.

    Sign the agent out first.
    """

    code = "agent-signed-in"


class ReasonRefused(Refusal):
    """Nobody may give this reason for being not ready.

    The member `state` says why: unknown, deactivated, or system (only agent-state gives it).
    """

    code = "reason-refused"


class AgentInTalk(Refusal):
    """The agent is in a talk.

    End or transfer the call first; only a lost connection signs out within a talk.
    """

    code = "agent-in-talk"


class SlotInUse(Refusal):
    """A contact is under way in a slot that the agent would have no longer.

    The member `channel` says which; try again when it has ended.
    """

    code = "slot-in-use"


class OfferGone(Refusal):
    """The offer rings no more.

    The member `outcome` says what became of it: answered, rang_out, or why it was rejected.
    """

    code = "offer-gone"


class NotInThatState(Refusal):
    """The call is not where this command could act on it.

    The member `state` says what it is in now: reserved, talking, hold, wrap_up or free.
    """

    code = "call-not-in-that-state"


class NotConnected(Refusal):
    """The caller and the agent are not joined yet.

    Try again once the message `call` says connected.
    """

    code = "not-connected"


class NoHelpAsked(Refusal):
    """The agent does not ask for help, or no longer."""

    code = "no-help-asked"


class Consulting(Refusal):
    """A consultation is under way.

    Complete or leave it first; the member `consult_call_id` says which.
    """

    code = "consulting"


class InConsultation(Refusal):
    """The call is a consultation itself.

    Who is consulted can pass it on or hang up, and may consult once they have the caller.
    """

    code = "in-consultation"


class NotConsulting(Refusal):
    """No consultation is under way.

    It has ended, or the command to begin one was refused: the caller is still with the agent.
    """

    code = "not-consulting"


class NotYourTeam(Refusal):
    """The agent is in no team of this supervisor.

    The team's document names its supervisors; administrators may order what any agent does.
    """

    code = "not-your-team"


class CodesRequired(Refusal):
    """The after-call work of this call ends with a wrap-up code.

    The member `codes_from` is the branch they are of, null for the whole tree.
    """

    code = "codes-required"


class CodeRefused(Refusal):
    """The wrap-up code cannot be chosen for this call.

    The members `code_id` and `state` say which and why: unknown, deactivated, or elsewhere in the
    tree than this queue's codes are.
    """

    code = "code-refused"


class NotExtendable(Refusal):
    """The after-call work cannot be extended, or not once more.

    The members `mode` and `extended` say how it is done and how often it was extended.
    """

    code = "wrap-up-not-extendable"


class CommandIdReused(Refusal):
    """This command id was used for another command.

    An id stands for one command of one agent: use a new one.
    """

    code = "command-id-reused"


class UnknownProtocol(Refusal):
    """The desktop speaks no version of the protocol that this service speaks.

    The member `speaks` names the one it does; offer it as a subprotocol.
    """

    code = "desktop-protocol-unknown"


class PoolFixed(Refusal):
    """A signed-in agent cannot change to another pool.

    Sign the agent out first: each pool has a router of its own.
    """

    code = "pool-fixed"


class TransferToSelf(Refusal):
    """A call cannot be transferred to the agent who has it."""

    code = "transfer-to-self"


class ShiftOver(Refusal):
    """The agent's shift is over.

    They may sign out, and in again to work on. Who is to stay longer gets a longer shift.
    """

    code = "shift-over"


class OnBreakAlready(Refusal):
    """The agent is on a break for this reason.

    Ask again when it is over.
    """

    code = "on-break-already"


class NoBreakAsked(Refusal):
    """The agent neither waits for a break nor has one granted."""

    code = "no-break-asked"


class BreakNotGranted(Refusal):
    """The team has only so many breaks at once, and the agent has none of them.

    Ask for one: `POST /v1/agents/{id}/break`.
    """

    code = "break-not-granted"


class NotABreak(Refusal):
    """The reason is not one of a break.

    Only reasons with `is_break` are asked for; the others are a plain `not_ready`.
    """

    code = "not-a-break"


REFUSALS: tuple[type[Refusal], ...] = (
    NotSignedIn,
    AgentDeactivated,
    AgentSignedIn,
    ReasonRefused,
    AgentInTalk,
    SlotInUse,
    OfferGone,
    NotInThatState,
    NotConnected,
    NoHelpAsked,
    Consulting,
    InConsultation,
    NotConsulting,
    NotYourTeam,
    CodesRequired,
    CodeRefused,
    NotExtendable,
    CommandIdReused,
    UnknownProtocol,
    PoolFixed,
    TransferToSelf,
    ShiftOver,
    OnBreakAlready,
    NoBreakAsked,
    BreakNotGranted,
    NotABreak,
)
"""All but `UnknownAgent`, which is told as anything that is not there."""
