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


def standing(state: State, agent_id: str, agent: Agent) -> tuple[Condition, int | None]:
    """Return how the agent stands, and the slot to be offered a call if free.

    A slot is free only if the agent says so, naming the slot's last offer, and that offer's
    outcome was read: until then what the agent says may be older than the offer.
    """
    if agent.presence != "Ready":
        return ("offline" if agent.presence == "Offline" else "not_ready"), None
    if state.statuses.get(agent.site_id, "open") != "open":
        return "site_closed", None
    condition: Condition = "busy"
    for slot in agent.slots:
        if slot.state == "free":
            use = state.slots.get((agent_id, slot.slot))
            if use is None or (use.settled and use.reservation_id == slot.last_reservation_id):
                return "free", slot.slot
            condition = "unsettled"
    return condition, None


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


def ordered_status(state: State, site_id: str) -> SiteStatus:
    """Return the status that people ordered for the site; open where they ordered nothing."""
    site = state.sites.get(site_id)
    if site is None:
        return "open"
    return "closed" if site.deleted else site.status


def takes_back_offers(status: SiteStatus) -> bool:
    """Tell whether calls that ring at such a site return to the queue. Draining ones ring on."""
    return status in ("closed", "lost")


def rescind_at(state: State, reservation: Reservation) -> datetime | None:
    """Return when the router asks for the reservation back; None where it was asked already."""
    if reservation.rescinded:
        return None
    if takes_back_offers(state.statuses.get(reservation.site_id, "open")):
        return AT_ONCE
    return reservation.expires_at + timedelta(seconds=GRACE_S)


def known_queue(state: State, queue_id: str | None) -> QueueChanged | None:
    """Return the queue as ordered; None if it was deleted or never heard of."""
    queue = state.queues.get(queue_id) if queue_id is not None else None
    return None if queue is None or queue.deleted else queue


def overflow_at(state: State, call: Call) -> datetime | None:
    """Return when a call that waits is sent elsewhere if nobody is free; None for never.

    "No such queue" is said at once only of a queue whose deletion was folded.
    """
    assert call.queued_at is not None
    if call.agent_id is not None:
        return call.queued_at + timedelta(seconds=NAMED_WAIT_S)
    queue = state.queues.get(call.queue_id or "")
    if queue is None:
        return call.queued_at + timedelta(seconds=UNKNOWN_QUEUE_WAIT_S)
    if queue.deleted:
        return AT_ONCE
    if queue.max_wait_s is None:
        return None
    return call.queued_at + timedelta(seconds=queue.max_wait_s)


def overflow_queue(state: State, queue_id: str | None) -> str | None:
    """Return the queue that takes over from `queue_id`, past deleted ones; None for the end."""
    seen = {queue_id}
    queue = state.queues.get(queue_id or "")
    while queue is not None and queue.overflow_to not in seen:
        if known_queue(state, queue.overflow_to):
            return queue.overflow_to
        seen.add(queue.overflow_to)
        queue = state.queues.get(queue.overflow_to or "")
    return None
