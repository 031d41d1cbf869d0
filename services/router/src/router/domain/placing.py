"""Where a call waits at a moment, by what was folded of it and the steps it has reached."""

from datetime import datetime, timedelta

from router.domain.floor import Floor
from router.domain.lines import Place, Rank, Source
from router.domain.rules import home_site, known_queue, priority_of, stay_began, waits
from router.domain.search import next_at, reached, steps_of
from router.domain.state import Call, State


def place_of(floor: Floor, call_id: str, call: Call | None, now: datetime) -> Place | None:
    """Return where the call waits; None if it does not."""
    state = floor.state
    if call is None or not waits(state, call):
        return None
    assert call.waiting_since is not None and call.queued_at is not None
    home = home_site(state, call)
    source, raised = _source(floor, call, home, now)
    return Place(
        source=source,
        home=home,
        rank=_rank(state, call_id, call, priority_of(state, call) + raised),
        since=call.queued_at - timedelta(seconds=call.waited_s),
        queue_id=call.queue_id,
    )


def next_step_at(state: State, call: Call, now: datetime) -> datetime | None:
    """Return when time alone takes the call elsewhere: to its next step, or to anybody."""
    queue = known_queue(state, call.queue_id)
    if queue is None or call.agent_id is not None:
        return None
    began = stay_began(call)
    steps = steps_of(queue, state.policy)
    moments = [next_at(steps, began, reached(steps, began, now))]
    if call.preferred_agent_id is not None:
        moments.append(began + timedelta(seconds=queue.preferred_agent_s))
    return min((at for at in moments if at is not None and at > now), default=None)


def _source(floor: Floor, call: Call, home: str | None, now: datetime) -> tuple[Source, int]:
    """Return for what the call waits now, and by how much its steps raise its priority."""
    if call.agent_id is not None:
        return Source("agent", call.agent_id, call.channel), 0
    queue = known_queue(floor.state, call.queue_id)
    if queue is None:
        return Source("queue", call.queue_id or "", call.channel), 0
    count = reached(steps_of(queue, floor.state.policy), stay_began(call), now)
    plan = floor.plan(queue.queue_id, call.channel, count)
    if call.preferred_agent_id is not None and _prefers(floor, call, queue.preferred_agent_s, now):
        return Source("agent", call.preferred_agent_id, call.channel), plan.raised
    at = home if plan.by_home else None
    return Source("queue", queue.queue_id, call.channel, count, at), plan.raised


def _prefers(floor: Floor, call: Call, preferred_s: float, now: datetime) -> bool:
    """Tell whether the call still waits for its preferred agent, who is there and may take it."""
    if stay_began(call) + timedelta(seconds=preferred_s) <= now:
        return False
    agent_id = call.preferred_agent_id or ""
    agent = floor.state.agents.get(agent_id)
    if agent is None or agent.presence == "Offline":
        return False
    asked = {crew.key for crew in floor.asked(call.queue_id or "", call.channel)}
    return any(crew.key in asked for crew in floor.crews.crews_of(agent_id))


def _rank(state: State, call_id: str, call: Call, priority: int) -> Rank:
    since = call.waiting_since
    assert since is not None
    again, ageing = (0 if call.recovered else 1), state.policy.ageing_per_s
    if ageing <= 0:
        return Rank(again, -priority, since, since, call_id)
    return Rank(again, 0, since - timedelta(seconds=priority / ageing), since, call_id)
