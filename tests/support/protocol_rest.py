"""How the world comes to rest: everything is delivered, then time goes on, until nothing moves."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent_state.domain.agent import Reserved
from contact_events.calls import LONGEST_CALL_S
from tests.support.protocol_checks import check_quiet
from tests.support.protocol_router import READS, Router
from tests.support.protocol_world import ACTIONS, START, World, later

MOST_ROUNDS = 200
MOST_DELIVERIES = 30
TOO_LONG = START + timedelta(seconds=LONGEST_CALL_S)
BACKWARDS = "backwards"
ORDERS: tuple[tuple[str, ...], ...] = (
    ("tell ivr", "tell as", "ivr", "as", "router", "timers"),
    ("router", "as", "ivr", "tell as", "tell ivr", "timers"),
    ("tell as", "ivr", "tell ivr", "router", "as", "timers"),
    ("timers", "router", "tell as", "tell ivr", "as", "ivr"),
)


def somebody_leads(world: World) -> None:
    """Land what is late, and let a router claim if none leads."""
    while world.do(("land", 0)):
        pass
    for _ in range(3):
        for router in world.routers:
            _read_all(world, router)
        if any(router.leader for router in world.routers):
            return
        world.do(("claim", 0))
        while world.do(("land", 0)):
            pass
    world.wrong("nobody comes to lead")


def settle(world: World, order: tuple[str, ...]) -> None:
    """Deliver everything, in this order of services, until nothing moves without time."""
    for _ in range(MOST_ROUNDS):
        if not any([_STEPS[step](world) for step in order]) or world.bad:
            return
    world.wrong("livelock: it does not come to rest")


def drain(world: World, order: tuple[str, ...]) -> None:
    """Settle, and let time pass from one due time to the next, until nothing is due."""
    somebody_leads(world)
    for _ in range(MOST_ROUNDS):
        settle(world, order)
        if not world.bad:
            check_quiet(world)
        at = next_due(world)
        if at is None or world.bad:
            return
        later(world, at)
    world.wrong("livelock: timers never end")


def next_due(world: World) -> datetime | None:
    """Return the next moment at which something happens by itself.

    That a call ends when it has lasted too long rescues nobody: who waits for that is stuck.
    """
    found = [leader.due() for router in world.routers if (leader := router.leader)]
    for host in world.hosts.values():
        found += [host.timed.due(row) for row in host.rows(host.timed).values()]
    now = world.clock.now()
    return min((at for at in found if at is not None and now < at < TOO_LONG), default=None)


def accept_all(world: World) -> bool:
    """Every agent takes what rings, at the desk or on the telephone."""
    moved = [world.do(("accept", a, i)) for a, i in _ringing(world)]
    moved += [world.do(("pick_up", a)) for a in world.setting.workers]
    return any(moved)


def refuse_all(world: World) -> bool:
    """Every agent rejects what rings."""
    return any([world.do(("reject", a, i)) for a, i in _ringing(world)])


def desk_only(world: World) -> bool:
    """Agents with telephones take calls at the desk and never pick up."""
    workers = world.setting.workers
    taken = [world.do(("accept", a, i)) for a, i in _ringing(world) if workers[a].telephone]
    if any(taken):
        at = next_due(world)
        if at is not None:
            later(world, at)
    return any(taken)


def insist(world: World, order: tuple[str, ...], mode: Callable[[World], bool]) -> None:
    """Let all agents behave alike until nothing rings any more."""
    somebody_leads(world)
    for _ in range(60):
        settle(world, order)
        if world.bad or not mode(world):
            return
    world.wrong(f"livelock: {mode.__name__}")


def _ringing(world: World) -> list[tuple[str, int]]:
    return [
        (agent_id, number)
        for agent_id, agent in world.agents.agents().items()
        for number, slot in enumerate(agent.slots)
        if isinstance(slot.filling, Reserved)
    ]


def deliver(world: World, *held: str) -> bool:
    """Deliver everything until nothing moves, but for the links held back.

    A link is "tell as", "tell as:a1" (one stream), "ivr:answered", "as:routed", "router:answered".
    With `BACKWARDS` everybody reads the topics in the opposite order. No timer runs. What never
    comes to rest is noted. False if nothing moved.
    """
    for turn in range(MOST_DELIVERIES):
        moved = [_tell_but(world, host, held) for host in world.hosts]
        for host, service in world.hosts.items():
            for topic in _in_order(service.reads, held):
                while f"{host}:{topic}" not in held and world.do(("read", host, topic)):
                    moved.append(True)
        moved += [_route_but(world, index, held) for index in range(len(world.routers))]
        if not any(moved) or world.bad:
            return turn > 0
    world.wrong("livelock: it does not come to rest")
    return True


def _in_order(topics: tuple[str, ...], held: tuple[str, ...]) -> tuple[str, ...]:
    return topics[::-1] if BACKWARDS in held else topics


def _tell_but(world: World, host: str, held: tuple[str, ...]) -> bool:
    moved = False
    for stream in world.hosts[host].streams:
        if held and not {f"tell {host}", f"tell {host}:{stream}"}.isdisjoint(held):
            continue
        while world.do(("publish", host, stream)):
            moved = True
    return moved


def _route_but(world: World, index: int, held: tuple[str, ...]) -> bool:
    moved = False
    for topic in _in_order(READS, held):
        while f"router:{topic}" not in held and world.do(("follow", index, topic)):
            moved = True
    if world.routers[index].leader is None or "router:turn" in held:
        return moved
    return world.do(("turn", index)) | world.do(("send", index)) | moved


def _tell(host: str) -> Callable[[World], bool]:
    def step(world: World) -> bool:
        moved = False
        for stream in world.hosts[host].streams:
            while world.do(("publish", host, stream)):
                moved = True
        return moved

    return step


def _hear(host: str) -> Callable[[World], bool]:
    def step(world: World) -> bool:
        moved = False
        for topic in world.hosts[host].reads:
            while not world.bad and world.do(("read", host, topic)):
                moved = True
        return moved

    return step


def _read_all(world: World, router: Router) -> bool:
    index = world.routers.index(router)
    moved = False
    for topic in READS:
        while not world.bad and world.do(("follow", index, topic)):
            moved = True
    return moved


def _route(world: World) -> bool:
    moved = False
    for index, router in enumerate(world.routers):
        moved |= _read_all(world, router)
        if router.leader is not None:
            moved |= world.do(("turn", index))
            moved |= world.do(("send", index))
            _read_all(world, router)
    return moved


def _run_timers(world: World) -> bool:
    moved = False
    for host in world.hosts:
        while not world.bad and world.do(("timer", host)):
            moved = True
    return moved


_STEPS: dict[str, Callable[[World], bool]] = {
    "tell ivr": _tell("ivr"),
    "tell as": _tell("as"),
    "ivr": _hear("ivr"),
    "as": _hear("as"),
    "router": _route,
    "timers": _run_timers,
}


ACTIONS["deliver"] = deliver
