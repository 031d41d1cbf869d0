"""A call for help: an agent asks for a supervisor, who answers; open until one of them ends it."""

from agent_state.domain.agent import Agent, Offline
from agent_state.domain.commands import AnswerHelp, AskForHelp, EndHelp
from agent_state.domain.evolve import find
from agent_state.domain.facts import Fact
from agent_state.domain.refusals import NoHelpAsked, NotInThatState, NotSignedIn
from contact_events.agents import AgentHelpAnswered, AgentHelpEnded, AgentHelpRequested


def ask(agent: Agent, command: AskForHelp) -> list[Fact]:
    """Return that the agent asks for a supervisor; nothing if they ask already for this call.

    Raises:
        NotSignedIn: the agent is not signed in.
        NotInThatState: the call that it is about is not with the agent.
    """
    if isinstance(agent.presence, Offline):
        raise NotSignedIn(f"agent {agent.agent_id} is not signed in")
    found = find(agent, command.reservation_id) if command.reservation_id else None
    if command.reservation_id and found is None:
        raise NotInThatState(
            "the call is not with the agent", reservation_id=command.reservation_id, state="free"
        )
    call_id = found[1].call_id if found else None
    if agent.help is not None and agent.help.call_id == call_id:
        return []
    return [
        AgentHelpRequested(
            agent_id=agent.agent_id,
            team_id=agent.profile.team if agent.profile else None,
            call_id=call_id,
        )
    ]


def answer(agent: Agent, command: AnswerHelp) -> list[Fact]:
    """Return that a supervisor comes; nothing if this one comes already.

    Raises:
        NoHelpAsked: the agent does not ask for help, or no longer.
    """
    if agent.help is None:
        raise NoHelpAsked(f"agent {agent.agent_id} does not ask for help")
    if agent.help.answered_by == command.by:
        return []
    return [AgentHelpAnswered(agent_id=agent.agent_id, by=command.by)]


def end(agent: Agent, command: EndHelp) -> list[Fact]:
    """Return that the call for help is over; nothing if there is none."""
    return [] if agent.help is None else [AgentHelpEnded(agent_id=agent.agent_id, by=command.by)]
