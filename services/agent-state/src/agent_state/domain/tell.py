"""Facts with the `agent.changed` that tells what they made of the agent."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import Agent, NotReady, Presence, Ready
from agent_state.domain.evolve import fold
from agent_state.domain.facts import Fact
from agent_state.domain.view import changed


def told(
    agent: Agent,
    facts: Sequence[Fact],
    at: datetime,
    cause: str,
    presence: Presence | None = None,
) -> list[Fact]:
    """Return `facts` and, after them, the agent's state; `presence` is what it changes to."""
    after = fold(agent, facts, at)
    if presence is not None:
        after = replace(after, presence=presence)
    return [*facts, changed(after, cause)]


def not_ready(agent: Agent, at: datetime, reason: str) -> Presence:
    """Return the presence of an agent who may take no more calls until they say so.

    Only a Ready agent changes: who asked for something else keeps it.
    """
    return NotReady(at, reason) if isinstance(agent.presence, Ready) else agent.presence
