"""The plain question who of the free is offered a call: read from documents and agents alone."""

from contact_events.routing import CallRouted
from router.domain.paces import occupancy_key
from router.domain.rules import home_site, standing
from router.domain.state import Agent, State
from tests.support.router_policies import WHOLE, fits


def check_choice(state: State, offer: CallRouted) -> None:
    """Nobody who is free goes before the agent: at home where home goes first, then as selected.

    Steps that compare waits are left out: they look at fewer sites than they name.
    """
    if offer.why.selection is None:
        return
    call, policy = state.calls[offer.call_id], state.policy
    queue = state.queues[call.queue_id or ""]
    step = {step.name: step for step in queue.steps or WHOLE}[offer.why.step]
    assert offer.home_first == policy.home_first
    assert policy.home_first or queue.steps or step.reach == "any"
    if step.wait_improved_s is not None:
        return
    needed = queue.skills if step.skills is None else step.skills
    home = home_site(state, call) if policy.home_first else None

    def key(agent_id: str) -> tuple[bool, tuple[float, ...], str]:
        agent = state.agents[agent_id]
        order = _order(state, offer.why.selection or "", needed, agent_id, agent)
        return agent.site_id != home, (*order, agent.offset), agent_id

    free = [
        agent_id
        for agent_id, agent in state.agents.items()
        if agent_id != call.asked_by_agent_id
        and fits(state, queue, call, agent, step)
        and standing(state, agent_id, agent, call.channel)[0] == "free"
    ]
    assert offer.agent_id == min(free, key=key)


def _order(
    state: State, selection: str, needed: dict[str, int], agent_id: str, agent: Agent
) -> tuple[float, ...]:
    match selection:
        case "least_occupied":
            return (occupancy_key(agent),)
        case "most_skilled":
            return (-sum(agent.skills[skill] for skill in needed),)
        case "least_skilled":
            return len(agent.skills), sum(agent.skills.values())
        case "round_robin":
            uses = (state.slots.get((agent_id, slot.slot)) for slot in agent.slots)
            return (max((use.order for use in uses if use), default=0),)
        case _:
            return ()
