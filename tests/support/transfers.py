"""Transfers and consultations on a running system, also while one of its processes is killed.

After each the caller is where they must be, with the time they came and a wait for each stay, and
no agent is stuck.
"""

import asyncio

from tests.support.routed_log import now_s
from tests.support.router_faults import Fault, World
from tests.support.switchboard import (
    NOBODY,
    Caller,
    Desk,
    Switchboard,
    queue_of,
    skill_of,
    switchboard,
)


async def calls_sent_on(world: World) -> float:
    """Calls are sent to a queue, an agent, a skill; asked about and handed over, or kept."""
    began = now_s()
    async with switchboard(world.place, world.load.settings) as board:
        await asyncio.gather(
            _sent(board, "anna", "boris", queue=queue_of("boris")),
            _sent(board, "clara", "dora", agent_id="dora"),
            _kept(board, "egor", "fedor"),
        )
        await asyncio.gather(
            _sent(board, "anna", "boris", skill=skill_of("boris")),
            _handed_over(board, "clara", "dora"),
            _returned(board, "egor"),
        )
        world.beside += len(board.callers)
    return now_s() - began


async def _sent(board: Switchboard, sender: str, taker: str, **to: str) -> None:
    """Blind: the sender is free at once, the taker has the call."""
    caller, desk = await board.talk(sender)
    await desk.asks("transfer", **to)
    await desk.until_in("free")
    await board.desks[taker].takes(caller.call_id)
    await caller.talks_with(board.desks[taker])
    await caller.hangs_up()
    await _sent_on(board, caller, sender, taker)


async def _sent_on(board: Switchboard, caller: Caller, sender: str, taker: str) -> None:
    legs = (("flow", None, sender), ("transfer", sender, taker))
    record = await board.recorded(caller, *legs)
    assert (record["transfers"], record["recoveries"]) == (1, 0)


async def _handed_over(board: Switchboard, asker: str, asked: str) -> None:
    """Attended: whom the agent asked has the caller then."""
    caller, desk = await board.talk(asker)
    await desk.asks("consult", queue=queue_of(asked))
    await board.desks[asked].takes()
    await desk.until_consulting()
    await desk.asks("complete")
    await desk.until_in("free")
    await caller.talks_with(board.desks[asked])
    await caller.hangs_up()
    await _had(board, caller, asker, asked)


async def _had(board: Switchboard, caller: Caller, asker: str, asked: str) -> None:
    legs = (("flow", None, asker), ("joined", None, asked))
    record = await board.recorded(caller, *legs)
    assert (record["transfers"], record["consultations"], record["recoveries"]) == (1, 1, 0)


async def _kept(board: Switchboard, asker: str, asked: str) -> None:
    """A consultation that is left, before somebody answers and after: the asker has the caller."""
    caller, desk = await board.talk(asker)
    other = board.desks[asked]
    await desk.asks("consult", agent_id=asked)
    await other.until_in("reserved")
    await desk.asks("leave")
    await other.until_in("free")
    await _goes_on(caller, desk)
    await desk.asks("consult", queue=queue_of(asked))
    await other.takes()
    await desk.until_consulting()
    await desk.asks("leave")
    await other.until_in("free")
    await _goes_on(caller, desk)
    await caller.hangs_up()
    record = await board.recorded(caller, ("flow", None, asker))
    assert (record["transfers"], record["consultations"]) == (0, 2)


async def _goes_on(caller: Caller, desk: Desk) -> None:
    await desk.until_in("hold", caller.call_id)
    await desk.asks("resume")
    await caller.talks_with(desk)


async def _returned(board: Switchboard, sender: str) -> None:
    """Nobody takes it in the queue: by the queue's policy it comes back to who sent it."""
    caller, desk = await board.talk(sender)
    await desk.asks("transfer", queue=queue_of(NOBODY))
    await caller.waits_for(NOBODY)
    await desk.takes(caller.call_id)
    await caller.talks_with(desk)
    await caller.hangs_up()
    record = await board.recorded(
        caller,
        ("flow", None, sender),
        ("transfer", sender, None),
        ("overflow", None, sender),
    )
    assert record["attempts"] == 3


def in_the_middle(fault: Fault) -> Fault:
    """Return the fault as it happens in the middle of a consultation and of a transfer.

    Where the caller is sent, another one waits who came later: they stay behind who came first.
    """

    async def happen(world: World) -> float:
        async with switchboard(world.place, world.load.settings) as board:
            await board.desks["dora"].does("not_ready")
            (asking, asker), (sent, sender) = await asyncio.gather(
                board.talk("anna"), board.talk("clara")
            )
            await asker.asks("consult", queue=queue_of("boris"))
            await board.desks["boris"].until_in("reserved")
            later = await board.call("dora")
            await later.waits_for("dora")
            took_s, *_ = await asyncio.gather(
                fault(world),
                _completes(board, asker),
                sender.asks("transfer", queue=queue_of("dora")),
            )
            await asking.talks_with(board.desks["boris"])
            await _one_after_the_other(board, sent, later)
            await asking.hangs_up()
            await asyncio.gather(
                _had(board, asking, "anna", "boris"),
                _sent_on(board, sent, "clara", "dora"),
                board.recorded(later, ("flow", None, "dora")),
            )
            world.beside += len(board.callers)
        return took_s

    happen.__name__ = f"{fault.__name__} in the middle of talks"
    return happen


async def _completes(board: Switchboard, asker: Desk) -> None:
    await board.desks["boris"].takes()
    await asker.until_consulting()
    await asker.asks("complete")


async def _one_after_the_other(board: Switchboard, *callers: Caller) -> None:
    """See the agent of the queue get them in this order, by the time they came."""
    dora = board.desks["dora"]
    for caller in callers:
        await caller.waits_for("dora")
    await dora.does("ready")
    for caller in callers:
        await dora.takes(caller.call_id)
        await caller.talks_with(dora)
        await caller.hangs_up()
