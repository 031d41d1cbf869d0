"""How facts about the agent themself change them: presence, help, profile, station and desk."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from agent_state.domain.agent import Agent, Desk, Help, NotReady, Offline, Presence, Ready
from agent_state.domain.facts import BreakShown, DeskLeft, DeskTaken, ProfileSet, StationTaken
from agent_state.domain.slots import laid_out
from contact_events.agents import (
    AgentChanged,
    AgentHelpAnswered,
    AgentHelpEnded,
    AgentHelpRequested,
    AgentStayOverran,
)

HelpFact = AgentHelpRequested | AgentHelpAnswered | AgentHelpEnded
OfBreaks = BreakShown | AgentStayOverran
Themself = AgentChanged | HelpFact | ProfileSet | StationTaken | DeskTaken | DeskLeft | OfBreaks


def themself(agent: Agent, fact: Themself, at: datetime) -> Agent:
    """Return the agent after a fact about no slot, which happened at `at`."""
    match fact:
        case AgentChanged():
            return shown_anew(replace(agent, presence=_presence(agent.presence, fact, at)))
        case AgentHelpRequested() | AgentHelpAnswered() | AgentHelpEnded():
            return shown_anew(replace(agent, help=_help(agent.help, fact, at)))
        case ProfileSet(profile=profile):
            return replace(agent, profile=profile, slots=laid_out(agent.slots, profile.channels))
        case StationTaken(station=station):
            return replace(agent, station=station)
        case DeskTaken(place=place) | DeskLeft(place=place):
            return replace(agent, desk=Desk(place, left=isinstance(fact, DeskLeft)))
        case BreakShown(place=place):
            return shown_anew(replace(agent, break_place=place))
        case AgentStayOverran():
            return agent  # the desktop is shown it with the place
        case _:
            assert_never(fact)


def presence_of(fact: AgentChanged, since: datetime) -> Presence:
    """Return the presence that an `agent.changed` tells, as it begins at `since`."""
    if fact.presence == "Ready":
        return Ready(since)
    if fact.presence == "NotReady":
        leaves = fact.next_presence == "Offline"
        return NotReady(since, fact.reason or "", fact.returns_at, leaves)
    return Offline(since, fact.reason)


def shown_anew(agent: Agent) -> Agent:
    """Return the agent with the next number of what a desktop is shown."""
    return replace(agent, version=agent.version + 1)


def _presence(before: Presence, fact: AgentChanged, at: datetime) -> Presence:
    after = presence_of(fact, at)
    return before if replace(before, since=at) == after else after


def _help(
    before: Help | None,
    fact: HelpFact,
    at: datetime,
) -> Help | None:
    match fact:
        case AgentHelpRequested(call_id=call_id):
            return Help(at, call_id)
        case AgentHelpAnswered(by=by):
            return replace(before, answered_by=by) if before else None
        case AgentHelpEnded():
            return None
        case _:
            assert_never(fact)
