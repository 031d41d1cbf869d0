"""One history for each rule of the protocol: what goes wrong in it if the rule is left out.

Each is played to its rest in every order of services. `deliver` delivers everything but what lags.
"""

import random
from collections.abc import Callable

from contact_events.calls import CallConnected
from contact_events.routing import CallRouted
from contact_events.topics import ROUTED
from tests.support import protocol_history as history
from tests.support.agent_floor import Floor
from tests.support.protocol_cases import LEAD, SIX_TICKS, TWO, UNREAD_OFFERS, Directed
from tests.support.protocol_cases_consulting import CONSULTING
from tests.support.protocol_cases_joining import JOINING
from tests.support.protocol_cases_routing import ROUTING
from tests.support.protocol_rest import ORDERS
from tests.support.protocol_world import World


def play(directed: Directed, order: tuple[str, ...]) -> World:
    """Return the world after the history, at rest and checked."""
    world = World(directed.setting).begin()
    ready = [("ready", agent_id) for agent_id in directed.setting.workers if directed.ready]
    for action in (*ready, *directed.actions):
        optional = action[0] in ("try", "deliver")
        done = world.bad or world.do(action[1:] if action[0] == "try" else action)
        if not (done or optional):
            world.wrong(f"not possible: {action}")
    history.conclude(world, order, directed.mode, random.Random(1))
    return world


def broken(name: str) -> list[str]:
    """Return what the rule's history breaks, in the first order of services that shows it."""
    if name in PROOFS:
        return PROOFS[name]()
    directed = HISTORIES[name]
    return next((bad for order in ORDERS if (bad := play(directed, order).bad)), [])


HISTORIES: dict[str, Directed] = {**JOINING, **ROUTING, **CONSULTING}


def _asked_back() -> list[str]:
    """An offer nobody answers for is asked back, and the call is offered to somebody else."""
    world = World(TWO).begin()
    for action in (
        ("ready", "a1"),
        ("ready", "a2"),
        *LEAD,
        ("arrive", "q1"),
        UNREAD_OFFERS,
        *SIX_TICKS,
        UNREAD_OFFERS,
    ):
        world.do(action)
    offered = [
        received.envelope.data.agent_id
        for received in world.log.records[ROUTED.name]
        if isinstance(received.envelope.data, CallRouted)
    ]
    return world.bad if offered == ["a1", "a2"] else [f"offered to {offered}"]


def _others_let_go() -> list[str]:
    """A second offer of an attempt that is joined rings no more.

    The router makes none while the first may be taken, so this needs a router that errs.
    """
    floor = Floor("a1", "a2")
    first, second = floor.rung("K1", "a1"), floor.rung("K1", "a2")
    floor.hear(
        CallConnected(call_id="K1", attempt=1, reservation_id=first.reservation_id, agent_id="a1")
    )
    state = floor.state("a2")
    return [] if state == "free" else [f"{second.agent_id} is {state}"]


PROOFS: dict[str, Callable[[], list[str]]] = {
    "rescinded_waits_again": _asked_back,
    "rescinds_after_a_grace": _asked_back,
    "connected_settles": _others_let_go,
}
