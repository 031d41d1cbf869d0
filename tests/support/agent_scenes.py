"""What happens to agents while agent-state may die in it: each scene leads to a known truth.

Where two things happen at the same moment there are as many truths as orders of them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agent_state.domain.commands import (
    AcceptOffer,
    BecomeReady,
    CompleteTransfer,
    ConsultCall,
    FinishWrapUp,
    HoldCall,
    RejectOffer,
    ReleaseCall,
    ResumeCall,
    TransferCall,
)
from contact_events.calls import (
    CallAbandoned,
    CallAgentLegAnswered,
    CallArrived,
    CallConnected,
    CallDisconnected,
    CallDiverted,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
)
from contact_events.routing import CallRouted
from tests.support.agent_floor import RING_S, WRAP_UP_S
from tests.support.agent_life import GRACE_S
from tests.support.agent_lives import Centre

Play = Callable[[Centre], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """What happens, to which agents, and how many things in it happen at once."""

    play: Play
    agents: tuple[str, ...] = ("a1",)
    at_once: int = 1
    telephone: bool = False

    async def prepared(self, centre: Centre) -> Centre:
        """Return the centre with the scene's agents."""
        await centre.begin(*self.agents, telephone=self.telephone)
        return centre


async def _arrives(centre: Centre, call_id: str) -> None:
    await centre.say(
        centre.floor.arrived(call_id), CallQueued(call_id=call_id, attempt=1, queue_id="sales")
    )


async def _talk(centre: Centre, call_id: str, agent_id: str, **fields: Any) -> str:
    """Let the agent be joined in the call, and return the reservation."""
    offer = await centre.rings(call_id, agent_id, **fields)
    await _accept(centre, offer)
    await _connected(centre, offer)
    return offer.reservation_id


async def _accept(centre: Centre, offer: CallRouted, device: str = "desk") -> None:
    command = AcceptOffer(reservation_id=offer.reservation_id)
    await centre.ask(offer.agent_id, command, f"{offer.reservation_id}.{device}")
    await centre.settle()


async def _connected(centre: Centre, offer: CallRouted) -> None:
    if centre.outcome(offer) == "CallAnswered":
        await centre.happens(
            CallConnected(
                call_id=offer.call_id,
                attempt=offer.attempt,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
            )
        )


async def _over(centre: Centre, offer: CallRouted) -> None:
    """End the call, if the agent took it, and the after-call work."""
    await _connected(centre, offer)
    if centre.outcome(offer) == "CallAnswered":
        await centre.happens(CallDisconnected(call_id=offer.call_id, attempt=1, by="caller"))
        await centre.later(WRAP_UP_S)


async def accepted(centre: Centre) -> None:
    await _arrives(centre, "k1")
    reservation = await _talk(centre, "k1", "a1")
    await centre.ask("a1", HoldCall(reservation_id=reservation), "hold")
    await centre.ask("a1", ResumeCall(reservation_id=reservation), "resume")
    await centre.happens(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    await centre.ask("a1", FinishWrapUp(reservation_id=reservation), "finish")
    await centre.settle()


async def rung_out(centre: Centre) -> None:
    await _arrives(centre, "k1")
    await centre.rings("k1", "a1")
    await centre.later(RING_S)
    await centre.ask("a1", BecomeReady(), "back")
    await centre.settle()


async def hung_up_and_wrapped_up(centre: Centre) -> None:
    await _arrives(centre, "k1")
    reservation = await _talk(centre, "k1", "a1")
    await centre.ask("a1", ReleaseCall(reservation_id=reservation), "release")
    await centre.happens(CallDisconnected(call_id="k1", attempt=1, by="agent"))
    await centre.later(WRAP_UP_S)


async def gone_while_it_rings(centre: Centre) -> None:
    await _arrives(centre, "k1")
    offer = await centre.rings("k1", "a1")
    await centre.together(
        lambda: _accept(centre, offer),
        lambda: centre.say(CallAbandoned(call_id="k1", attempt=1)),
    )


async def rescinded_while_accepting(centre: Centre) -> None:
    await _arrives(centre, "k1")
    offer = await centre.rings("k1", "a1")
    await centre.together(
        lambda: _accept(centre, offer), lambda: centre.say(centre.floor.rescission(offer))
    )
    await _over(centre, offer)


async def two_devices(centre: Centre) -> None:
    await _arrives(centre, "k1")
    offer = await centre.rings("k1", "a1")
    reject = RejectOffer(reservation_id=offer.reservation_id)
    await centre.together(
        lambda: _accept(centre, offer, "desk"),
        lambda: _accept(centre, offer, "mobile"),
        lambda: centre.ask("a1", reject, "no"),
    )
    await _over(centre, offer)


async def picked_up_and_tapped(centre: Centre) -> None:
    await _arrives(centre, "k1")
    offer = await centre.rings("k1", "a1")
    picked_up = CallAgentLegAnswered(
        call_id="k1", reservation_id=offer.reservation_id, agent_id="a1"
    )
    await centre.together(lambda: _accept(centre, offer), lambda: centre.say(picked_up))
    await _over(centre, offer)


async def offered_twice_at_once(centre: Centre) -> None:
    """The first offer rings out while the next one for the same call is read by another agent."""
    await _arrives(centre, "k1")
    first = await centre.rings("k1", "a1")
    second = await centre.rings("k1", "a2")
    await centre.together(lambda: _accept(centre, first), lambda: _accept(centre, second))
    for offer in (first, second):
        await _over(centre, offer)


async def transferred(centre: Centre) -> None:
    await _arrives(centre, "k1")
    reservation = await _talk(centre, "k1", "a1")
    command = TransferCall(reservation_id=reservation, queue_id="billing", note="wants a refund")
    await centre.ask("a1", command, "transfer")
    await centre.settle()
    await centre.happens(
        CallQueued(call_id="k1", attempt=2, queue_id="billing", sent_by="a1", reason="transfer")
    )
    await _talk(centre, "k1", "a2", attempt=2)
    await centre.happens(CallDisconnected(call_id="k1", attempt=2, by="caller"))
    await centre.later(WRAP_UP_S)


async def consultation_completed(centre: Centre) -> None:
    await _arrives(centre, "k1")
    first = await _talk(centre, "k1", "a1")
    command = ConsultCall(reservation_id=first, consult_call_id="c1", queue_id="law", note="who?")
    await centre.ask("a1", command, "consult")
    await centre.settle()
    await centre.happens(
        CallArrived(
            call_id="c1",
            channel="voice",
            direction="internal",
            dnis="",
            entry_site_id="moscow",
            parent_call_id="k1",
            asked_by_agent_id="a1",
        ),
        CallQueued(call_id="c1", attempt=1, queue_id="law", sent_by="a1", reason="consult"),
    )
    second = await _talk(centre, "c1", "a2")
    await centre.ask("a1", CompleteTransfer(reservation_id=first), "complete")
    await centre.settle()
    await centre.happens(
        CallPartyJoined(call_id="k1", attempt=1, reservation_id=second, agent_id="a2"),
        CallPartyLeft(call_id="k1", attempt=1, reservation_id=first, agent_id="a1"),
        CallDiverted(
            call_id="c1",
            attempt=1,
            to="parent",
            next_call_id="k1",
            reservation_id=second,
            next_attempt=1,
        ),
    )
    await centre.happens(CallDisconnected(call_id="k1", attempt=1, by="caller"))
    await centre.later(WRAP_UP_S)


async def lost(centre: Centre) -> None:
    tab = await centre.sit("a1")
    await _arrives(centre, "k1")
    await centre.rings("k1", "a1")
    tab.cut()
    await centre.outlast(GRACE_S)


async def lost_and_back(centre: Centre) -> None:
    tab = await centre.sit("a1")
    await _arrives(centre, "k1")
    offer = await centre.rings("k1", "a1")
    tab.cut()
    await centre.sit("a1")
    await centre.outlast(GRACE_S)
    await _accept(centre, offer)
    await _over(centre, offer)


SCENES = {
    "accepted": Scene(accepted),
    "rung out": Scene(rung_out),
    "hung up and wrapped up": Scene(hung_up_and_wrapped_up),
    "gone while it rings": Scene(gone_while_it_rings, at_once=2),
    "rescinded while accepting": Scene(rescinded_while_accepting, at_once=2),
    "two devices": Scene(two_devices, at_once=3),
    "picked up and tapped": Scene(picked_up_and_tapped, at_once=2, telephone=True),
    "two agents": Scene(offered_twice_at_once, ("a1", "a2"), at_once=2),
    "transferred": Scene(transferred, ("a1", "a2")),
    "consultation completed": Scene(consultation_completed, ("a1", "a2")),
    "lost": Scene(lost),
    "lost and back": Scene(lost_and_back),
}
