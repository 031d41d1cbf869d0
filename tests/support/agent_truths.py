"""What is true after a scene, and what must be true after any."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from agent_state.domain.agent import Desk, Free
from agent_state.domain.view import changed
from agent_state.tables import AGENT
from contact_events.agents import AgentChanged
from tests.support.agent_floor import done
from tests.support.agent_lives import Centre
from tests.support.agent_scenes import Scene
from tests.support.hurried import hurried


@dataclass(frozen=True)
class Truth:
    """What is true in the end: what was published, what the rows say, what devices were told."""

    published: tuple[Any, ...]
    rows: dict[tuple[str, str], Any]
    answers: dict[str, Any]


def truth_of(centre: Centre) -> Truth:
    """Return what is true now; where an agent's sockets are is machinery, and no truth."""
    published = tuple(
        (each.stream, each.sequence, each.time, each.causationid, each.data)
        for each in centre.published()
    )
    rows: dict[tuple[str, str], Any] = {
        (kind, key): row.text
        for (kind, key), row in centre.store.rows.items()
        if kind not in ("answer", AGENT.name)
    }
    for agent_id, agent in done(centre.store.scan(AGENT)).items():
        rows[AGENT.name, agent_id] = to_builtins(replace(agent, desk=Desk()))
    told = {
        command_id: (answer.refused, answer.agent)
        for command_id, (_, _, answer) in centre.asked.items()
    }
    return Truth(published, rows, told)


@cache
def truths(scene: Scene) -> list[Truth]:
    """Return what can be true in the end, from processes that never die."""
    orders = itertools.permutations(range(scene.at_once))
    return [hurried(_played(scene, order)) for order in orders]


async def _played(scene: Scene, order: Sequence[int]) -> Truth:
    centre = await scene.prepared(Centre(order))
    await scene.play(centre)
    await check(centre)
    return truth_of(centre)


async def check(centre: Centre) -> None:
    """Each offer has one outcome, nobody is stuck, and who asks again is told the same."""
    outcomes = centre.outcomes()
    for offer in centre.offers:
        assert len(outcomes[offer.reservation_id]) == 1, (offer.reservation_id, outcomes)
    taken = [(o.call_id, o.attempt) for o in centre.offers if centre.outcome(o) == "CallAnswered"]
    assert len(taken) == len(set(taken)), "two agents took one caller"
    told: dict[str, AgentChanged] = {}
    for envelope in centre.published():
        if isinstance(envelope.data, AgentChanged):
            told[envelope.stream] = envelope.data
    for agent_id, agent in done(centre.store.scan(AGENT)).items():
        assert all(isinstance(slot.filling, Free) for slot in agent.slots), f"{agent_id} is stuck"
        assert told[agent_id] == changed(agent, told[agent_id].cause), f"{agent_id} is told wrong"
    for command_id, (agent_id, command, _) in list(centre.asked.items()):
        await centre.ask(agent_id, command, command_id)
    await centre.settle()
    assert not centre.store.dead_letters
