"""Signing in and out, ready and not ready: what the agent says of themselves."""

from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import (
    Agent,
    Desk,
    Hold,
    NotReady,
    Offline,
    Presence,
    Ready,
    Talking,
    calls_held,
    is_free,
    station_of,
)
from agent_state.domain.commands import (
    BecomeNotReady,
    LeaveDesk,
    LoseConnection,
    SetProfile,
    SignIn,
    SignOut,
    TakeDesk,
    TellOverrun,
)
from agent_state.domain.facts import DeskLeft, DeskTaken, Fact, ProfileSet, StationTaken
from agent_state.domain.offers import ringing_slots, settled
from agent_state.domain.refusals import (
    AgentDeactivated,
    AgentInTalk,
    AgentSignedIn,
    BreakNotGranted,
    NotSignedIn,
    PoolFixed,
    ReasonRefused,
)
from agent_state.domain.slots import check_layout
from agent_state.domain.tell import SIGNING_OUT, told
from agent_state.domain.wrap_up import abandoned
from contact_events.agents import AgentStayOverran

_WHY_NOT = {
    "unknown": "unknown",
    "system": "given by the system only",
    "deactivated": "deactivated",
}


def set_profile(agent: Agent, command: SetProfile, at: datetime) -> list[Fact]:
    """Return that the agent is described anew; nothing if it is as before.

    Raises:
        PoolFixed: the agent is signed in, to another pool.
        AgentSignedIn: the agent is signed in, and would be deactivated.
        SlotInUse: a contact is under way of a channel that the agent would have no longer.
    """
    before, after = agent.profile, command.profile
    if before == after:
        return []
    signed_in = not isinstance(agent.presence, Offline)
    if before and before.pool != after.pool and signed_in:
        raise PoolFixed(f"agent {agent.agent_id} is signed in to pool {before.pool}")
    if after.deactivated and signed_in:
        raise AgentSignedIn(f"agent {agent.agent_id} is signed in")
    check_layout(agent, after.channels)
    return told(agent, [ProfileSet(after)], at, "profile")


def sign_in(agent: Agent, command: SignIn, at: datetime) -> list[Fact]:
    """Return that the agent works and is not ready yet; nothing if signed in already.

    Who is signed in elsewhere moves, and keeps their presence.

    Raises:
        AgentDeactivated: the agent works here no more.
        AgentInTalk: a call rings or talks where the agent would leave.
    """
    elsewhere = command.station is not None and command.station != station_of(agent)
    taken: list[Fact] = [StationTaken(command.station)] if elsewhere else []
    if isinstance(agent.presence, Offline):
        _must_be_active(agent)
        taken = [StationTaken(command.station)] if agent.station != command.station else []
        return told(agent, taken, at, "signed_in", NotReady(at, "signed_in"))
    if taken and calls_held(agent):
        raise AgentInTalk(f"agent {agent.agent_id} has a call at their present station")
    return told(agent, taken, at, "moved") if taken else []


def become_ready(agent: Agent, at: datetime) -> list[Fact]:
    """Return that the agent takes calls; nothing if so already.

    Raises:
        AgentDeactivated: the agent works here no more.
    """
    if isinstance(agent.presence, Ready):
        return []
    _must_be_active(agent)
    return told(agent, [], at, "ready", Ready(at))


def become_not_ready(agent: Agent, command: BecomeNotReady, at: datetime) -> list[Fact]:
    """Return that the agent takes no more calls; nothing if so already for this reason.

    Raises:
        NotSignedIn: the agent is not signed in.
        ReasonRefused: nobody may give this reason.
        BreakNotGranted: it is a break, and the team's places are to be asked for.
    """
    if isinstance(agent.presence, Offline):
        raise NotSignedIn(f"agent {agent.agent_id} is not signed in")
    if command.refused == "not_granted":
        raise BreakNotGranted(f"agent {agent.agent_id} has no break", reason=command.reason)
    if command.refused is not None:
        raise ReasonRefused(
            f"the reason {command.reason} is {_WHY_NOT[command.refused]}",
            reason=command.reason,
            state=command.refused,
        )
    if isinstance(agent.presence, NotReady) and agent.presence.reason == command.reason:
        return []
    return told(agent, [], at, "not_ready", NotReady(at, command.reason))


def sign_out(agent: Agent, command: SignOut, at: datetime) -> list[Fact]:
    """Return that the agent stopped working, or will after work; nothing if so already.

    Raises:
        AgentInTalk: a caller would be lost.
    """
    if isinstance(agent.presence, Offline):
        return []
    if command.after_work and not is_free(agent):
        leaving = NotReady(at, SIGNING_OUT, leaves=True)
        return [] if _leaves(agent) else told(agent, [], at, SIGNING_OUT, leaving)
    if any(isinstance(slot.filling, Talking | Hold) for slot in agent.slots):
        raise AgentInTalk(f"agent {agent.agent_id} is in a talk")
    return _offline(agent, Offline(at, "signed_out"), at)


def take_desk(agent: Agent, command: TakeDesk) -> list[Fact]:
    """Return where the agent's sockets are now; nothing if it was known."""
    return [] if agent.desk == Desk(command.place) else [DeskTaken(command.place)]


def leave_desk(agent: Agent, command: LeaveDesk) -> list[Fact]:
    """Return that the last socket there has closed; nothing if the agent sits elsewhere."""
    return [DeskLeft(command.place)] if agent.desk == Desk(command.place) else []


def lose_connection(agent: Agent, command: LoseConnection, at: datetime) -> list[Fact]:
    """Return what losing the last socket means; nothing if another one was opened meanwhile.

    With a telephone the leg counts, and ivr holds it: only further offers stop. Without one the
    agent is gone, and so is every offer that rings.
    """
    if isinstance(agent.presence, Offline) or agent.desk != Desk(command.place, left=True):
        return []
    if station_of(agent).telephone is not None:
        after = NotReady(at, "connection_lost")
        if replace(agent.presence, since=at) == after:
            return []
        return told(agent, [], at, "connection_lost", after)
    return _offline(agent, Offline(at, "connection_lost"), at)


def _leaves(agent: Agent) -> bool:
    return isinstance(agent.presence, NotReady) and agent.presence.leaves


def _must_be_active(agent: Agent) -> None:
    if agent.profile and agent.profile.deactivated:
        raise AgentDeactivated(f"agent {agent.agent_id} is deactivated")


def _offline(agent: Agent, after: Presence, at: datetime) -> list[Fact]:
    """Return that the agent is gone; what rings and after-call work is over at once."""
    cause = after.reason or "signed_out"
    outcomes: list[Fact] = [settled(agent, r, "not_ready") for r in ringing_slots(agent)]
    return told(agent, [*outcomes, *abandoned(agent, cause)], at, cause, after)


def overrun(agent: Agent, command: TellOverrun) -> list[Fact]:
    """Return that the agent stays away too long; nothing for who has come back meanwhile."""
    presence = agent.presence
    if not isinstance(presence, NotReady) or presence.reason != command.reason:
        return []
    return [
        AgentStayOverran(
            agent_id=agent.agent_id,
            reason=command.reason,
            overdue_at=command.overdue_at,
            limit=command.limit,
            team_id=agent.profile.team if agent.profile else None,
        )
    ]
