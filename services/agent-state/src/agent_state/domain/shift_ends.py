"""The end of a shift: no more calls, then signed out, and never out of a talk."""

from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import Agent, NotReady, Offline
from agent_state.domain.commands import EndShift
from agent_state.domain.documents import SHIFT_OVER
from agent_state.domain.facts import Fact
from agent_state.domain.refusals import ShiftOver
from agent_state.domain.tell import told


def end_shift(agent: Agent, command: EndShift, at: datetime) -> list[Fact]:
    """Return that the agent takes no more calls, and, who leaves, is gone once work is over.

    Nothing for who is signed out, or leaves already.
    """
    presence = agent.presence
    if isinstance(presence, Offline) or (isinstance(presence, NotReady) and presence.leaves):
        return []
    after = NotReady(at, SHIFT_OVER, leaves=command.leaves)
    return [] if replace(presence, since=at) == after else told(agent, [], at, SHIFT_OVER, after)


def extend_shift(agent: Agent, at: datetime) -> list[Fact]:
    """Return that the agent works on, not ready yet; nothing if their shift was not over."""
    if not _is_over(agent):
        return []
    return told(agent, [], at, "shift_extended", NotReady(at, "signed_in"))


def must_be_on(agent: Agent) -> Agent:
    """Return the agent.

    Raises:
        ShiftOver: their shift is over.
    """
    if _is_over(agent):
        raise ShiftOver(f"the shift of agent {agent.agent_id} is over")
    return agent


def _is_over(agent: Agent) -> bool:
    return isinstance(agent.presence, NotReady) and agent.presence.reason == SHIFT_OVER
