"""Histories of the protocol's world: played, brought to rest, checked, and shortened if bad."""

import random
from collections.abc import Callable, Iterator, Sequence

from ivr.domain.call import Ended
from tests.support.protocol_checks import check_end, check_log, check_rest
from tests.support.protocol_replay import (
    check_calls,
    check_decisions,
    check_duplicates,
    check_tables,
)
from tests.support.protocol_rest import (
    ORDERS,
    accept_all,
    desk_only,
    drain,
    insist,
    refuse_all,
)
from tests.support.protocol_walk import Walk
from tests.support.protocol_world import Action, Setting, World

MODES = (None, None, accept_all, accept_all, refuse_all, desk_only)


def finish(world: World, seed: int) -> None:
    """Come to rest as the seed says, and check everything."""
    rnd = random.Random(seed ^ 0x5BD1)
    conclude(world, ORDERS[seed % len(ORDERS)], rnd.choice(MODES), rnd)


def conclude(
    world: World,
    order: tuple[str, ...],
    mode: Callable[[World], bool] | None,
    rnd: random.Random,
) -> None:
    """Come to rest, check; let every caller hang up, come to rest, check everything.

    With `mode` all agents behave so before the first rest.
    """
    if mode is not None and not world.bad:
        insist(world, order, mode)
    for step in (_rest, _hang_up_all):
        if world.bad:
            return
        step(world)
        drain(world, order)
        if not world.bad:
            check_rest(world)
    if not world.bad:
        check_all(world, rnd)


def check_all(world: World, rnd: random.Random) -> None:
    """Check what a log tells that has come to its end."""
    check_end(world)
    check_log(world)
    check_decisions(world, rnd)
    check_calls(world)
    check_tables(world, rnd)
    if rnd.random() < 0.25 and not world.bad:
        check_duplicates(world, rnd)


def _rest(world: World) -> None:
    """Nothing: the first rest is that of what was under way."""


def _hang_up_all(world: World) -> None:
    """Every caller hangs up; consultations end by that alone."""
    for call_id, call in world.ivr.calls().items():
        if not isinstance(call, Ended) and call_id.startswith("K"):
            world.do(("hang_up", call_id))


def history(seed: int) -> Walk:
    """Return the history of a seed, finished and checked."""
    walk = Walk(seed)
    walk.go(walk.rnd.choice([20, 40, 60, 100, 150]))
    finish(walk.world, seed)
    return walk


def play(setting: Setting, actions: Sequence[Action], seed: int) -> World:
    """Return the world after these actions, as far as they are possible, finished and checked."""
    world = World(setting).begin()
    for action in actions:
        if not world.bad:
            world.do(action)
    finish(world, seed)
    return world


def shortened(setting: Setting, actions: Sequence[Action], seed: int, what: str) -> list[Action]:
    """Return as few of the actions as still break the same law."""
    left = list(actions)
    size = max(1, len(left) // 2)
    while size >= 1:
        for start in reversed(range(0, len(left), size)):
            shorter = left[:start] + left[start + size :]
            if what in play(setting, shorter, seed).bad:
                left = shorter
        size //= 2
    return left


def told(setting: Setting, actions: Sequence[Action], seed: int) -> str:
    """Return a history in words: the centre, what was done, and what stands on the log."""
    world = play(setting, actions, seed)
    lines = [f"  {setting}", f"  seed {seed}", *(f"  {action!r}," for action in actions)]
    lines += [f"    {line}" for line in _log_of(world)]
    return "\n".join([*lines, f"  -> {world.bad}"])


def _log_of(world: World) -> Iterator[str]:
    for topic, records in world.log.records.items():
        for received in records:
            event = received.envelope.data
            shown = {
                name: getattr(event, name)
                for name in ("call_id", "agent_id", "attempt", "reservation_id", "reason", "epoch")
                if getattr(event, name, None) is not None
            }
            yield f"{topic} {received.envelope.stream}#{received.envelope.sequence} " + (
                f"{type(event).__name__} {shown}"
            )
