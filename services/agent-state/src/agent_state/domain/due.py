"""What the clock does to an agent: ringing, after-call work and a rest that end by themselves."""

from datetime import datetime, timedelta

from agent_state.domain.agent import Agent, NotReady, Presence, Ready, RonaPolicy
from agent_state.domain.commands import Tick
from agent_state.domain.facts import Fact
from agent_state.domain.offers import rang_out, ringing_slots
from agent_state.domain.tell import told
from agent_state.domain.wrap_up import is_over


def tick(agent: Agent, command: Tick, at: datetime) -> list[Fact]:
    """Return the outcome of everything that is due by `at`."""
    out: list[Fact] = [rang_out(agent, r, at) for r in ringing_slots(agent) if r[1].due <= at]
    done = is_over(agent, at)
    if out:
        after = _after_rona(agent, command.rona, len(out), at)
        return told(agent, [*out, *done], at, "rang_out", after)
    if _rested(agent, at):
        return told(agent, done, at, "rested", Ready(at))
    return told(agent, done, at, "wrapped_up") if done else []


def _after_rona(agent: Agent, policy: RonaPolicy, rang_out: int, at: datetime) -> Presence:
    """Return the presence of who let offers ring out; who asked for something else keeps it."""
    if not isinstance(agent.presence, Ready):
        return agent.presence
    in_a_row = agent.rona.in_a_row + rang_out
    if policy.most_in_a_row is not None and in_a_row >= policy.most_in_a_row:
        return NotReady(at, "rona", leaves=True)
    if policy.stays_ready:
        return agent.presence
    rests_s = policy.returns_after_s
    return NotReady(at, "rona", None if rests_s is None else at + timedelta(seconds=rests_s))


def _rested(agent: Agent, at: datetime) -> bool:
    resting = agent.presence
    return (
        isinstance(resting, NotReady)
        and resting.returns_at is not None
        and resting.returns_at <= at
    )
