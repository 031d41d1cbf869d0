"""What agents ask of their team's line for breaks, and what that line tells of an agent."""

from datetime import datetime

import msgspec

from agent_state.domain.agent import BreakPlace
from contact_events.agents import StayLimit


class AskForBreak(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a break for this reason, of which the team has only so many at once."""

    reason: str


class WithdrawBreak(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for it no more, or give the place back."""


class ShowBreak(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's place in the team's breaks is this one now; None for none."""

    place: BreakPlace | None


class TellOverrun(msgspec.Struct, frozen=True, kw_only=True):
    """The agent has been NotReady for this reason longer than `limit` allows."""

    reason: str
    overdue_at: datetime
    limit: StayLimit


BreakCommand = AskForBreak | WithdrawBreak
"""Of an agent to the line of their team: what it becomes for the agent is decided there."""
