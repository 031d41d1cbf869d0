"""How the pool stands, in words that outlive a version: what two replicas must agree on."""

import hashlib

import msgspec

from router.domain.indexes import Indexes
from router.domain.rules import standing
from router.domain.state import State


def standing_hash(state: State) -> str:
    """Return a hash of the queues in their order, the reservations, and who is idle, in order.

    Two versions of the code whose states differ in nothing else are told equal.
    """
    return hashlib.sha256(msgspec.json.encode(standing_of(state))).hexdigest()


def standing_of(state: State) -> dict[str, list[list[str]]]:
    """Return the queues in their order, the reservations, and who is idle, in order."""
    places = sorted(Indexes(state).places.items(), key=lambda item: item[1].rank)
    calls = ((state.calls[call_id], call_id) for call_id, _ in places)
    idle = sorted(
        (agent.offset, agent_id, channel)
        for agent_id, agent in state.agents.items()
        for channel in {slot.channel for slot in agent.slots}
        if standing(state, agent_id, agent, channel)[1] is not None
    )
    return {
        "waiting": [
            [call.agent_id or "", call.queue_id or "", call_id, str(call.attempt)]
            for call, call_id in calls
        ],
        "reservations": [
            [reservation_id, each.call_id, each.agent_id, str(each.slot), str(each.rescinded)]
            for reservation_id, each in sorted(state.reservations.items())
        ],
        "idle": [[agent_id, channel] for _, agent_id, channel in idle],
    }
