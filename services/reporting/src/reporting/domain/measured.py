"""What is measured of one call whatever the report: its waits, talks, holds and wrap-ups."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import get_args

import msgspec

from contact_events.calls import RecoveryReason
from reporting.domain.facts import JOINED, CallFacts, Offer, Stay, milliseconds

RECOVERIES = frozenset(get_args(RecoveryReason))


class Wait(msgspec.Struct, frozen=True):
    """A wait of the caller: its first stay, the one in which it ended or goes on, who came later.

    A caller who was not joined (`call.recovered` before any connection) goes on with the same
    wait; one who is transferred, or whose agent was lost in the talk, begins another.
    """

    first: Stay
    last: Stay
    joined: tuple[Stay, ...] = ()

    @property
    def talks(self) -> tuple[Stay, ...]:
        """Return the talks that the wait led to: the answer, and agents who joined it."""
        return (self.last, *self.joined)


def waits_of(facts: CallFacts) -> list[Wait]:
    """Return the waits of the call, in order."""
    waits: list[Wait] = []
    for stay in facts.stays:
        before = waits[-1] if waits else None
        if stay.reason == JOINED:
            if before is not None:
                waits[-1] = Wait(before.first, before.last, (*before.joined, stay))
        elif before and before.last.connected_at is None and stay.reason in RECOVERIES:
            waits[-1] = Wait(before.first, stay)
        else:
            waits.append(Wait(stay, stay))
    return waits


def outcome_of(facts: CallFacts, stay: Stay) -> str | None:
    """Return how a stay ended: answered, abandoned, overflowed, failed, moved; None: not yet.

    Moved: the caller went on to another stay that no rule of the queue sent them to.
    """
    if stay.connected_at is not None:
        return "answered"
    if stay.over_at is None:
        return None
    if facts.end is None or stay is not facts.stays[-1]:
        after = facts.stays[facts.stays.index(stay) + 1]
        return "overflowed" if after.reason == "overflow" else "moved"
    named = {"abandoned": "abandoned", "diverted": "overflowed"}
    return named.get(facts.end.type, "failed")


def answered_stay(facts: CallFacts) -> Stay | None:
    """Return the stay in which the caller was first connected: the answer, in every figure."""
    return next((stay for stay in facts.stays if stay.connected_at), None)


def offer_of(facts: CallFacts, stay: Stay) -> Offer | None:
    """Return the offer that the stay was connected by, where it was made to this call."""
    return facts.offers.get(stay.reservation_id or "")


def home_of(facts: CallFacts) -> str | None:
    """Return the caller's home site, as the router's last offer has it; None before any."""
    if not facts.offers:
        return None
    return max(facts.offers.values(), key=lambda offer: (offer.attempt, offer.at)).home_site_id


def offers_in(facts: CallFacts, attempt: int) -> Iterator[tuple[str, Offer]]:
    """Yield the offers of one attempt."""
    return ((key, offer) for key, offer in facts.offers.items() if offer.attempt == attempt)


def told_ms(stay: Stay) -> int | None:
    """Return the wait that the caller was told as the stay began; None: nothing was known."""
    return None if stay.expected_wait_s is None else round(stay.expected_wait_s * 1_000)


def talk_ms(stay: Stay) -> int:
    """Return how long the agent of this stay was joined with the caller, once that is over."""
    if stay.connected_at is None or stay.over_at is None:
        return 0
    return milliseconds(stay.connected_at, stay.over_at)


def hold_ms(facts: CallFacts, reservation_id: str | None) -> int:
    """Return how long this agent kept the caller on hold; a release ends a hold."""
    hold = facts.holds.get(reservation_id or "")
    if hold is None:
        return 0
    work = facts.works.get(reservation_id or "")
    if hold.since is None or work is None or work.released_at is None:
        return hold.closed_ms
    return hold.closed_ms + milliseconds(hold.since, work.released_at)


def wrap_up_ms(facts: CallFacts, reservation_id: str | None) -> int:
    """Return how long this agent's after-call work took, once it is done."""
    work = facts.works.get(reservation_id or "")
    if work is None or work.released_at is None or work.wrapped_up_at is None:
        return 0
    return milliseconds(work.released_at, work.wrapped_up_at)


def self_service_over(facts: CallFacts) -> datetime | None:
    """Return when the caller left self-service: for the first queue, or for good."""
    if facts.stays:
        return facts.stays[0].began_at
    return facts.end.at if facts.end else None


def is_final(facts: CallFacts) -> bool:
    """Tell whether no more is owed: the call has ended, and all work about it is done."""
    return facts.end is not None and not any(_owed(facts))


def _owed(facts: CallFacts) -> Iterable[bool]:
    for reservation_id, settled in facts.settled.items():
        if settled.outcome == "answered":
            work = facts.works.get(reservation_id)
            yield work is None or work.released_at is None
    for work in facts.works.values():
        yield work.connected and work.wrapped_up_at is None
