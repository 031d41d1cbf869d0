"""What follows from the facts: does the call wait, can the agent be chosen, where is home."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from contact_events.answering import CallAnswered, CallRejected, Outcome
from contact_events.config import QueueChanged
from router.domain.state import Agent, Call, Reservation, SiteStatus, State

RING_S: Final = 20.0
"""How long an offer rings where no queue says so: that to a named agent. Business seconds."""

GRACE_S: Final = 10.0
"""How long after `expires_at` agent-state is waited for before the router asks for the slot."""

NAMED_WAIT_S: Final = 60.0
"""How long a call waits for a named agent before it goes back to the sender."""

UNKNOWN_QUEUE_WAIT_S: Final = 60.0
"""How long a queue that was never heard of may yet be declared before "no such queue" is said."""

AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
"""A moment that has always come already."""

Condition: TypeAlias = Literal["free", "offline", "not_ready", "busy", "unsettled", "site_closed"]

_PROVE_OVER = frozenset({"already_taken", "caller_gone", "superseded"})


def closes(outcome: Outcome) -> bool:
    """Tell whether the outcome ends the attempt, so that it is offered to nobody else."""
    if isinstance(outcome, CallRejected):
        return outcome.reason in _PROVE_OVER
    return isinstance(outcome, CallAnswered)


def waits(state: State, call: Call) -> bool:
    """Tell whether the call wants an agent now.

    Its latest attempt is neither overflowed nor closed, and no offer of it is live. Offers of
    lower attempts do not count: a higher attempt proves them over.
    """
    attempt = call.attempt
    if call.phase != "waiting" or call.overflowed >= attempt or call.closed >= attempt:
        return False
    for reservation_id in call.reservations:
        reservation = state.reservations[reservation_id]
        if reservation.attempt == attempt and not reservation.rescinded:
            return False
    return True


def standing(
    state: State, agent_id: str, agent: Agent, channel: str
) -> tuple[Condition, int | None]:
    """Return how the agent stands for a channel, and the slot to be offered a call if free.

    A slot is free only if the agent says so, naming the slot's last offer, and that offer's
    outcome was read: until then what the agent says may be older than the offer. While a slot of
    another channel is unsettled so, none is free: which channel interrupts which is for
    agent-state to say, and it has not spoken yet.
    """
    if agent.presence != "Ready":
        return ("offline" if agent.presence == "Offline" else "not_ready"), None
    if state.status(agent.site_id) != "open":
        return "site_closed", None
    condition: Condition = "busy"
    found: int | None = None
    for slot in agent.slots:
        use = state.slots.get((agent_id, slot.slot))
        settled = use is None or (use.settled and use.reservation_id == slot.last_reservation_id)
        if slot.channel == channel and slot.state == "free" and slot.slot not in agent.blocked:
            if not settled:
                condition = "unsettled"
            elif found is None:
                found = slot.slot
        elif slot.channel != channel and not settled:
            return "unsettled", None
    return ("free", found) if found is not None else (condition, None)


def home_site(state: State, call: Call) -> str | None:
    """Return the site that answers the caller's region; until that is known, the entry site.

    Of several sites that claim the region the lowest id has it.
    """
    if call.region is not None:
        homes = (
            site_id
            for site_id, site in state.sites.items()
            if not site.deleted and call.region in site.regions
        )
        return min(homes, default=call.entry_site_id)
    return call.entry_site_id


def takes_back_offers(status: SiteStatus) -> bool:
    """Tell whether calls that ring at such a site return to the queue. Draining ones ring on."""
    return status in ("closed", "lost")


def rescind_at(state: State, reservation: Reservation) -> datetime | None:
    """Return when the router asks for the reservation back; None where it was asked already."""
    if reservation.rescinded:
        return None
    if takes_back_offers(state.status(reservation.site_id)):
        return AT_ONCE
    return reservation.expires_at + timedelta(seconds=GRACE_S)


def known_queue(state: State, queue_id: str | None) -> QueueChanged | None:
    """Return the queue by which calls are served; None if there is none, or it is no more.

    A deleted queue whose document says that it drains serves those who wait to the last.
    """
    queue = state.queues.get(queue_id) if queue_id is not None else None
    gone = queue is None or (queue.deleted and queue.when_deleted != "drain")
    return None if gone else queue


def stay_began(call: Call) -> datetime:
    """Return since when the call waits in this queue; a recovered one as if without a break."""
    assert call.queued_at is not None
    before_s = call.waited_s if call.recovered else 0.0
    return call.queued_at - timedelta(seconds=before_s)


def priority_of(state: State, call: Call) -> int:
    """Return the call's priority: its own, its queue's, and what its attributes raise it by."""
    queue = known_queue(state, call.queue_id)
    raised = sum(
        each.by for each in state.policy.raises if call.attributes.get(each.attribute) == each.value
    )
    return call.priority + raised + (queue.priority if queue else 0)


def returns_at(state: State, call: Call) -> datetime | None:
    """Return when a call that an agent sent to its queue goes back to them; None for never."""
    queue = known_queue(state, call.queue_id)
    if queue is None or queue.return_transfers_s is None:
        return None
    if call.sent_by is None or call.queued_at is None:
        return None
    return call.queued_at + timedelta(seconds=queue.return_transfers_s)


def overflow_at(state: State, call: Call, *, unserved: bool) -> datetime | None:
    """Return when a call that waits is sent elsewhere if nobody is free; None for never.

    "No such queue" is said at once only of a queue whose deletion was folded. `unserved`: nobody
    is signed in who could take it.
    """
    assert call.queued_at is not None
    if call.agent_id is not None:
        return call.queued_at + timedelta(seconds=NAMED_WAIT_S)
    queue = state.queues.get(call.queue_id or "")
    if queue is None:
        return call.queued_at + timedelta(seconds=UNKNOWN_QUEUE_WAIT_S)
    if known_queue(state, queue.queue_id) is None:
        return AT_ONCE
    waits_s = [queue.max_wait_s, state.policy.unserved_s if unserved else None]
    limits = [call.queued_at + timedelta(seconds=s) for s in waits_s if s is not None]
    returns = returns_at(state, call)
    return min([*limits, returns] if returns else limits, default=None)


def overflow_queue(state: State, queue_id: str | None) -> str | None:
    """Return the queue that takes over from `queue_id`, past deleted ones; None for the end."""
    seen = {queue_id}
    queue = state.queues.get(queue_id or "")
    while queue is not None and queue.overflow_to not in seen:
        next_one = state.queues.get(queue.overflow_to or "")
        if next_one is not None and not next_one.deleted:
            return queue.overflow_to
        seen.add(queue.overflow_to)
        queue = state.queues.get(queue.overflow_to or "")
    return None
