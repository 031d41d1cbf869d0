"""Facts with the `agent.changed` that tells what they made of the agent."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from agent_state.domain.agent import Agent, NotReady, Offline, Presence, Ready, is_free
from agent_state.domain.evolve import fold
from agent_state.domain.facts import Fact
from agent_state.domain.view import changed

SIGNING_OUT = "signing_out"


def told(
    agent: Agent,
    facts: Sequence[Fact],
    at: datetime,
    cause: str,
    presence: Presence | None = None,
) -> list[Fact]:
    """Return `facts` and, after them, the agent's state; `presence` is what it changes to.

    Who meant to leave after work is signed out by whatever ends the last of it.
    """
    after = fold(agent, facts, at)
    if presence is not None:
        after = replace(after, presence=presence)
    if isinstance(after.presence, NotReady) and after.presence.leaves and is_free(after):
        reason = "signed_out" if after.presence.reason == SIGNING_OUT else after.presence.reason
        after = replace(after, presence=Offline(at, reason))
    return [*facts, changed(after, cause)]


def not_ready(agent: Agent, at: datetime, reason: str) -> Presence:
    """Return the presence of an agent who may take no more calls until they say so.

    Only a Ready agent changes: who asked for something else keeps it.
    """
    return NotReady(at, reason) if isinstance(agent.presence, Ready) else agent.presence
