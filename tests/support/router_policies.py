"""Random policies, and the plain question whom a call may be offered: read from documents alone."""

import random
from datetime import datetime, timedelta
from typing import Any

from contact_events.config import LostRule, QueueChanged, Raise, Reserve, Step
from router.domain.rules import home_site
from router.domain.search import SHORTEST_STAY_S
from router.domain.state import Agent, Call, State
from tests.support.router_world import SITES

SELECTIONS = ("longest_idle", "least_occupied", "most_skilled", "least_skilled", "round_robin")
WHOLE = (Step(name="home", reach="home"), Step(name="any", reach="any"))


def random_policy(rnd: random.Random) -> dict[str, Any]:
    """Return what a policy may say."""
    return {
        "selection": rnd.choice(SELECTIONS),
        "home_first": rnd.choice([True, True, False]),
        "fairness_window_s": rnd.choice([0.0, 5.0, 60.0]),
        "ageing_per_s": rnd.choice([0.0, 0.0, 0.1]),
        "raises": rnd.choice([(), (Raise(attribute="vip", value="yes", by=2),)]),
        "lost": rnd.choice([None, LostRule(share=0.5, within_s=5.0, at_least=2, back_after_s=5.0)]),
        "unserved_s": rnd.choice([None, 20.0]),
    }


def random_queue(rnd: random.Random, queue_id: str, other: str) -> dict[str, Any]:
    """Return what a queue may say; `other` is a queue it may send its calls to."""
    return {
        "skills": {queue_id: rnd.choice([1, 1, 2])},
        "steps": tuple(_steps(rnd, queue_id, other)) if rnd.random() < 0.7 else (),
        "selection": rnd.choice([None, None, *SELECTIONS]),
        "priority": rnd.choice([0, 0, 3]),
        "preferred_agent_s": rnd.choice([0.0, 0.0, 10.0]),
        "team_ids": rnd.choice([(), (), ("red",)]),
        "max_wait_s": rnd.choice([None, None, 40.0]),
        "beyond": rnd.choice(["queue", "callback", "end"]),
        "when_deleted": rnd.choice(["overflow", "drain"]),
        "overflow_to": other,
    }


def random_site(rnd: random.Random) -> dict[str, Any]:
    """Return what a site may say beside its status."""
    reserve = Reserve(queue_ids=("sales",), open_above_s=60.0, close_below_s=10.0, hold_s=10.0)
    return {
        "adjust_by_s": rnd.choice([0.0, 20.0]),
        "reserve": reserve if rnd.random() < 0.2 else None,
    }


def _steps(rnd: random.Random, queue_id: str, other: str) -> list[Step]:
    steps, after_s = [], 0.0
    for number in range(rnd.randint(1, 4)):
        about: dict[str, Any] = {"name": f"step {number}", "after_s": after_s}
        what = rnd.random()
        if what < 0.85:
            about["reach"] = rnd.choice(["home", "sites", "any"])
            about["site_ids"] = tuple(rnd.sample(SITES[:3], 2)) if about["reach"] == "sites" else ()
            about["skills"] = rnd.choice([None, {queue_id: 1}, {}])
            about["wait_improved_s"] = rnd.choice([None, None, 5.0])
            about["raise_priority"] = rnd.choice([0, 0, 4])
            about["open_site_id"] = rnd.choice([None, SITES[1]])
        elif number:
            about |= {"move_to": rnd.choice(["queue", "callback"]), "queue_id": other}
        steps.append(Step(**about))
        after_s += rnd.choice([0.0, 5.0, 20.0])
    return steps


def may_be_offered(state: State, call: Call, agent_id: str, agent: Agent, now: datetime) -> bool:
    """Tell whether the call may be offered to the agent now, were they free.

    Steps that compare waits are left out: they may keep an agent from a call.
    """
    if agent_id == call.asked_by_agent_id:
        return False
    if call.agent_id is not None:
        return call.agent_id == agent_id
    queue = state.queues.get(call.queue_id or "")
    if queue is None or (queue.deleted and queue.when_deleted == "overflow"):
        return False
    assert call.queued_at is not None
    began = call.queued_at - timedelta(seconds=call.waited_s if call.recovered else 0)
    if call.preferred_agent_id and began + timedelta(seconds=queue.preferred_agent_s) > now:
        return agent_id == call.preferred_agent_id and fits(state, queue, call, agent, None)
    for step in _reached(queue, call, now):
        if step.reach and step.wait_improved_s is None and fits(state, queue, call, agent, step):
            return True
    return False


def fits(state: State, queue: QueueChanged, call: Call, agent: Agent, step: Step | None) -> bool:
    """Tell whether the agent is one that the step looks for; None: one that the queue does."""
    if queue.team_ids and agent.team_id not in queue.team_ids:
        return False
    asked = queue.skills if step is None or step.skills is None else step.skills
    if any(agent.skills.get(skill, -1) < level for skill, level in asked.items()):
        return False
    if step is None or step.reach == "any":
        return True
    sites = (home_site(state, call),) if step.reach == "home" else step.site_ids
    return agent.site_id in sites


def order_of(state: State, call: Call, now: datetime) -> tuple[bool, float, datetime]:
    """Return by what the call goes before others: recovered, the score, the longer wait."""
    assert call.waiting_since is not None
    return not call.recovered, -round(_score(state, call, now), 6), call.waiting_since


def _score(state: State, call: Call, now: datetime) -> float:
    """Return the call's priority with what its waiting is worth."""
    assert call.waiting_since is not None
    queue = state.queues.get(call.queue_id or "")
    gone = queue is None or (queue.deleted and queue.when_deleted == "overflow")
    raised = sum(
        each.by for each in state.policy.raises if call.attributes.get(each.attribute) == each.value
    )
    for step in _reached(queue, call, now) if queue and not gone and not call.agent_id else ():
        raised += step.raise_priority
    waited_s = (now - call.waiting_since).total_seconds()
    priority = call.priority + raised + (0 if queue is None or gone else queue.priority)
    return priority + state.policy.ageing_per_s * waited_s


def _reached(queue: QueueChanged, call: Call, now: datetime) -> list[Step]:
    assert call.queued_at is not None
    began = call.queued_at - timedelta(seconds=call.waited_s if call.recovered else 0)
    reached: list[Step] = []
    for step in queue.steps or WHOLE:
        after_s = max(step.after_s, SHORTEST_STAY_S) if step.move_to else step.after_s
        if began + timedelta(seconds=after_s) > now:
            break
        reached.append(step)
    return reached
