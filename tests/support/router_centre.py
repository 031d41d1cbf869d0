"""A leader in a small centre: facts in, decisions out, for tests of single rules."""

from typing import Any

from contact_events.agents import Slot
from contact_events.answering import CallAnswered, CallRangOut, CallRejected
from contact_events.calls import Caller, CallQueued, CallRecovered
from contact_events.registry import Event
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted, Decision
from router.domain.state import Call, State
from tests.support.router_world import (
    SITES,
    Router,
    Topics,
    agent_changed,
    arrived,
    queue,
    site,
)


class Centre:
    """Four sites, the queues `sales` and `billing`, one leading router."""

    def __init__(self) -> None:
        self.topics = Topics()
        for site_id in SITES:
            self.topics.write(site(site_id))
        for queue_id in ("sales", "billing"):
            self.topics.write(queue(queue_id))
        self.router = Router(self.topics).lead()
        self._said = 0

    @property
    def state(self) -> State:
        assert self.router.replica.leader is not None
        return self.router.replica.leader.state

    def say(self, event: Event, stream: str | None = None) -> None:
        self.topics.write(event, stream)

    def decide(self) -> list[Any]:
        """Let everything be read and decided; return the new decisions."""
        self.router.settle()
        decisions = self.topics.decisions(Decision)
        new, self._said = decisions[self._said :], len(decisions)
        return new

    def offers(self) -> list[tuple[str, str]]:
        """Decide, and return the new offers as (call, agent)."""
        return [(d.call_id, d.agent_id) for d in self.decide() if isinstance(d, CallRouted)]

    def offer(self) -> CallRouted:
        """Decide, and return the one new offer."""
        (offer,) = [d for d in self.decide() if isinstance(d, CallRouted)]
        return offer

    def overflow(self) -> CallOverflowed:
        """Decide, and return the one new order to send a call elsewhere."""
        (overflow,) = [d for d in self.decide() if isinstance(d, CallOverflowed)]
        return overflow

    def rescinds(self) -> list[CallRescinded]:
        return [d for d in self.decide() if isinstance(d, CallRescinded)]

    def call(
        self,
        call_id: str,
        queue_id: str | None = "sales",
        *,
        entry: str = "moscow",
        agent_id: str | None = None,
        asked_by: str | None = None,
        priority: int = 0,
        preferred: str | None = None,
        caller: str | None = None,
        **about: Any,
    ) -> None:
        """Let a call arrive and wait, a millisecond after what was before."""
        self.topics.later(0.001)
        if preferred is not None:
            about["attributes"] = {"preferred_agent_id": preferred}
        who = Caller(ref=caller, ref_version=1, prefix="+7495", sealed="") if caller else None
        self.say(arrived(call_id, entry, asked_by_agent_id=asked_by, caller=who, **about))
        self.say(
            CallQueued(
                call_id=call_id,
                attempt=1,
                queue_id=None if agent_id else queue_id,
                agent_id=agent_id,
                priority=priority,
            )
        )

    def again(self, call_id: str, attempt: int, **changes: Any) -> None:
        """Let the call begin another stay."""
        where = {"queue_id": "sales"} if "agent_id" not in changes else {}
        self.say(CallQueued(**{"call_id": call_id, "attempt": attempt, **where, **changes}))

    def recovered(self, call_id: str, attempt: int) -> None:
        self.say(
            CallRecovered(call_id=call_id, attempt=attempt, reason="leg_lost", queue_id="sales")
        )

    def agent(self, agent_id: str, presence: str = "Ready", **about: Any) -> None:
        self.say(agent_changed(agent_id, presence, **about))

    def free(self, offer: CallRouted, presence: str = "Ready", **about: Any) -> None:
        """Let the agent be free again, naming this offer as the last one read."""
        slot = Slot(slot=offer.slot, state="free", last_reservation_id=offer.reservation_id)
        about = {"site_id": offer.site_id, **about}
        self.agent(offer.agent_id, presence, slots=(slot,), **about)

    def talking(self, offer: CallRouted, **about: Any) -> None:
        slot = Slot(
            slot=offer.slot,
            state="talking",
            call_id=offer.call_id,
            attempt=offer.attempt,
            reservation_id=offer.reservation_id,
            last_reservation_id=offer.reservation_id,
        )
        self.agent(offer.agent_id, slots=(slot,), **{"site_id": offer.site_id, **about})

    def outcome(self, offer: CallRouted, reason: Any = None) -> None:
        """Settle the offer: taken without a reason, rung out by "rang_out", else rejected."""
        about: dict[str, Any] = {
            "call_id": offer.call_id,
            "attempt": offer.attempt,
            "reservation_id": offer.reservation_id,
            "agent_id": offer.agent_id,
            "slot": offer.slot,
        }
        if reason is None:
            self.say(CallAnswered(**about), offer.agent_id)
        elif reason == "rang_out":
            self.say(CallRangOut(**about, rang_for_s=20.0), offer.agent_id)
        else:
            self.say(CallRejected(**about, reason=reason), offer.agent_id)

    def slot_of(self, agent_id: str) -> tuple[Slot, ...]:
        """Return the agent's slots as they last were."""
        return self.state.agents[agent_id].slots

    def unserved(self) -> dict[str, int]:
        """Return the queues where calls wait for whom nobody is signed in."""
        assert self.router.replica.leader is not None
        return self.router.replica.leader.indexes.unserved()

    def known(self, call_id: str) -> Call:
        return self.state.calls[call_id]
