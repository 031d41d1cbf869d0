"""Who ends a talk: the caller, the agent, or the agent for a caller who is not there any more."""

from typing import Any, cast

import pytest

from sim.agents import Agent, Shift
from sim.callers import Talks
from sim.pace import Time


class Flown:
    """Time that is over as soon as somebody lets it pass."""

    async def pass_by(self, seconds: float) -> None:
        assert seconds > 0


class Noted(Agent):
    """An agent whose commands are kept instead of sent."""

    def __init__(self, talks: Talks) -> None:
        time = cast(Time, Flown())
        super().__init__("a1", Shift("", lambda agent_id: "", time, talks, seed=1))
        self.said: list[str] = []

    async def _send(self, command: str, **said: str) -> None:
        self.said.append(command)


@pytest.mark.parametrize(
    ("talks", "said"),
    [
        (Talks(ours={"k1"}), []),
        (Talks(ended_by_agent_s={"k1": 30.0}, ours={"k1"}), ["release"]),
        (Talks(), ["release"]),
    ],
    ids=["the caller ends it", "the agent ends it", "nobody of this run is there"],
)
async def test_a_talk_is_ended_by_whose_part_it_is(talks: Talks, said: list[Any]) -> None:
    agent = Noted(talks)
    await agent._talk("k1", "R1")
    assert agent.said == said
