"""What people do in the protocol's world: callers, agents at their desks and on telephones.

Each function carries out one action, or returns False when it is not possible now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_state.domain.agent import Free
from agent_state.domain.commands import (
    AcceptOffer,
    BecomeNotReady,
    BecomeReady,
    CompleteTransfer,
    ConsultCall,
    FinishWrapUp,
    HoldCall,
    LeaveConsultation,
    LeaveDesk,
    LoseConnection,
    RejectOffer,
    ReleaseCall,
    ResumeCall,
    SignOut,
    TakeDesk,
    TransferCall,
)
from contact_events.calls import Text
from ivr.domain.call import Connected, Ended, Leg, Unborn
from ivr.domain.commands import Arrive, EndLeg, HangUp, PickUp, PressDigits
from ivr.domain.projects import Choice, Project

if TYPE_CHECKING:
    from tests.support.protocol_world import World

QUEUES = ("q1", "q2")
DIGITS = dict(zip(QUEUES, "12", strict=True))
WORDS = Text("слова", "words")
SHOP = Project(
    project_id="shop",
    client_id="acme",
    client_name="Acme",
    name="Shop",
    dnis=("+74950000001",),
    greeting=WORDS,
    agent_greeting=WORDS,
    default_queue_id="q1",
    menu=tuple(Choice(digit=d, label=WORDS, queue_id=q) for q, d in DIGITS.items()),
)


def arrive(world: World, queue: str) -> bool:
    """A caller dials, and chooses the queue in the menu."""
    world.arrived += 1
    world.ivr.order(
        f"K{world.arrived}",
        Arrive(project=SHOP, dnis=SHOP.dnis[0], entry_site_id="moscow"),
        PressDigits(digits=DIGITS[queue], project=SHOP),
    )
    return True


def hang_up(world: World, call_id: str) -> bool:
    if isinstance(world.ivr.call(call_id), Unborn | Ended):
        return False
    world.ivr.order(call_id, HangUp())
    return True


def legs(world: World, agent_id: str) -> list[tuple[str, str, Leg]]:
    """Return the telephone's legs that are not gone: call, reservation, leg."""
    return [
        (call_id, reservation_id, leg)
        for call_id, call in world.ivr.calls().items()
        for reservation_id, leg in getattr(call, "legs", {}).items()
        if leg.agent_id == agent_id and leg.state != "gone"
    ]


def pick_up(world: World, agent_id: str) -> bool:
    ringing = [each for each in legs(world, agent_id) if each[2].state == "ringing"]
    if not ringing:
        return False
    world.ivr.order(ringing[0][0], PickUp(ringing[0][1]))
    return True


def lose_leg(world: World, agent_id: str) -> bool:
    return _end_leg(world, agent_id, abnormal=True)


def bye(world: World, agent_id: str) -> bool:
    return _end_leg(world, agent_id, abnormal=False)


def _end_leg(world: World, agent_id: str, *, abnormal: bool) -> bool:
    found = legs(world, agent_id)
    if not found:
        return False
    call_id, reservation_id, _ = found[0]
    before = world.ivr.call(call_id)
    talked = isinstance(before, Connected) and before.reservation_id == reservation_id
    world.ivr.order(call_id, EndLeg(reservation_id, abnormal=abnormal))
    if talked and abnormal == isinstance(world.ivr.call(call_id), Ended):
        world.wrong("hanging up ends a talk, and losing a leg does not")
    return True


def ready(world: World, agent_id: str) -> bool:
    return world.agents.order(agent_id, TakeDesk(place="p"), BecomeReady())


def not_ready(world: World, agent_id: str) -> bool:
    return world.agents.order(agent_id, BecomeNotReady(reason="lunch"))


def sign_out(world: World, agent_id: str) -> bool:
    return world.agents.order(agent_id, SignOut())


def lose_socket(world: World, agent_id: str) -> bool:
    return world.agents.order(agent_id, LeaveDesk(place="p"), LoseConnection(place="p"))


def to_queue(world: World, agent_id: str, slot: int, queue: str) -> bool:
    return _at_desk(world, TransferCall, agent_id, slot, queue_id=queue)


def to_agent(world: World, agent_id: str, slot: int, to: str) -> bool:
    return _at_desk(world, TransferCall, agent_id, slot, agent_id=to)


def consult_queue(world: World, agent_id: str, slot: int, queue: str) -> bool:
    return _consult(world, agent_id, slot, queue_id=queue)


def consult_agent(world: World, agent_id: str, slot: int, to: str) -> bool:
    return _consult(world, agent_id, slot, agent_id=to)


def _consult(world: World, who: str, slot: int, **to: str) -> bool:
    world.consults += 1
    call_id = f"C{world.consults}"
    done = _at_desk(world, ConsultCall, who, slot, consult_call_id=call_id, **to)
    world.consults -= not done
    return done


def _at_desk(world: World, command: Callable[..., Any], who: str, slot: int, **more: Any) -> bool:
    """Carry out an agent's command on what fills the slot."""
    agent = world.agents.agent(who)
    filling = agent.slots[slot].filling
    if isinstance(filling, Free) or agent.desk.left:
        return False
    return world.agents.order(who, command(reservation_id=filling.reservation_id, **more))


def _desk(command: Callable[..., Any]) -> Callable[..., bool]:
    def act(world: World, agent_id: str, slot: int) -> bool:
        return _at_desk(world, command, agent_id, slot)

    return act


PEOPLE: dict[str, Callable[..., bool]] = {
    "arrive": arrive,
    "hang_up": hang_up,
    "pick_up": pick_up,
    "lose_leg": lose_leg,
    "bye": bye,
    "ready": ready,
    "not_ready": not_ready,
    "sign_out": sign_out,
    "lose_socket": lose_socket,
    "accept": _desk(AcceptOffer),
    "reject": _desk(RejectOffer),
    "wrap_up": _desk(FinishWrapUp),
    "release": _desk(ReleaseCall),
    "hold": _desk(HoldCall),
    "resume": _desk(ResumeCall),
    "to_queue": to_queue,
    "to_agent": to_agent,
    "consult_queue": consult_queue,
    "consult_agent": consult_agent,
    "complete": _desk(CompleteTransfer),
    "leave": _desk(LeaveConsultation),
}
