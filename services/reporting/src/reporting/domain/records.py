"""A contact's record and what it adds to the intervals of its queues and agents."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar, get_args

import msgspec

from contact_events.calls import RecoveryReason
from reporting.domain.facts import CallFacts, Offer, Stay, milliseconds

INTERVAL = timedelta(minutes=15)
SERVICE_LEVEL_S = 20.0
SHORT_ABANDON_S = 5.0
RECOVERIES = frozenset(get_args(RecoveryReason))


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The flat record of one contact. Lengths in milliseconds; moments in UTC.

    `outcome` is None while the contact goes on; "answered" if it was ever connected. `wait_ms`
    runs from the first queueing to the first connection, or to the end where there was none.
    """

    call_id: str
    client_id: str | None
    project_id: str | None
    channel: str
    direction: str
    dnis: str
    entry_site_id: str
    home_site_id: str | None
    region: str | None
    queue_id: str | None
    outcome: str | None
    outcome_reason: str | None
    attempts: int
    offers: int
    rang_out: int
    agent_id: str | None
    answering_site_id: str | None
    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    self_service_ms: int
    wait_ms: int | None
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int


class QueueCounts(msgspec.Struct, frozen=True):
    """What happened in a queue in an interval: counts, and lengths in milliseconds."""

    offered: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    abandoned_short: int = 0
    overflowed: int = 0
    failed: int = 0
    wait_to_answer_ms: int = 0
    wait_to_abandon_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0


class AgentCounts(msgspec.Struct, frozen=True):
    """What became of an agent's offers in an interval."""

    offered: int = 0
    answered: int = 0
    rejected: int = 0
    rang_out: int = 0


Counts = TypeVar("Counts", QueueCounts, AgentCounts)
Cell = tuple[str, datetime]
"""A queue or an agent, and the start of an interval."""


def interval_of(at: datetime) -> datetime:
    """Return the start of the quarter of an hour, in UTC, in which `at` lies."""
    utc = at.astimezone(UTC)
    return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)


def contact_of(facts: CallFacts) -> Contact | None:
    """Return the contact's record, or None before its arrival has been read."""
    arrival = facts.arrival
    if arrival is None:
        return None
    first = facts.stays[0] if facts.stays else None
    answer = answered_stay(facts)
    offer = facts.offers.get(answer.reservation_id or "") if answer else None
    return Contact(
        call_id=facts.call_id,
        client_id=facts.client_id,
        project_id=facts.project_id,
        channel=arrival.channel,
        direction=arrival.direction,
        dnis=arrival.dnis,
        entry_site_id=arrival.entry_site_id,
        home_site_id=_home(facts),
        region=facts.region,
        queue_id=first.queue_id if first else None,
        outcome=_outcome(facts, answer),
        outcome_reason=facts.end.reason if facts.end else None,
        attempts=len(facts.stays),
        offers=len(facts.offers),
        rang_out=sum(1 for each in facts.settled.values() if each.outcome == "rang_out"),
        agent_id=offer.agent_id if offer else None,
        answering_site_id=offer.site_id if offer else None,
        arrived_at=arrival.at,
        queued_at=first.began_at if first else None,
        connected_at=answer.connected_at if answer else None,
        ended_at=facts.end.at if facts.end else None,
        self_service_ms=_self_service_ms(facts, arrival.at),
        wait_ms=_wait_ms(facts, answer),
        talk_ms=sum(_talk_ms(stay) for stay in facts.stays),
        hold_ms=sum(_hold_ms(facts, reservation) for reservation in facts.holds),
        wrap_up_ms=sum(_wrap_up_ms(facts, reservation) for reservation in facts.works),
    )


def answered_stay(facts: CallFacts) -> Stay | None:
    """Return the stay in which the caller was first connected: the answer, in every figure."""
    return next((stay for stay in facts.stays if stay.connected_at), None)


def _outcome(facts: CallFacts, answer: Stay | None) -> str | None:
    if facts.end is None:
        return None
    return "answered" if answer else facts.end.type


def _home(facts: CallFacts) -> str | None:
    offers: list[Offer] = sorted(facts.offers.values(), key=lambda o: (o.attempt, o.at))
    return offers[-1].home_site_id if offers else None


def _self_service_ms(facts: CallFacts, arrived_at: datetime) -> int:
    if facts.stays:
        return milliseconds(arrived_at, facts.stays[0].began_at)
    return milliseconds(arrived_at, facts.end.at) if facts.end else 0


def _wait_ms(facts: CallFacts, answer: Stay | None) -> int | None:
    if not facts.stays:
        return None
    over = answer.connected_at if answer else facts.stays[-1].over_at
    return milliseconds(facts.stays[0].began_at, over) if over else None


def _talk_ms(stay: Stay) -> int:
    if stay.connected_at is None or stay.over_at is None:
        return 0
    return milliseconds(stay.connected_at, stay.over_at)


def _hold_ms(facts: CallFacts, reservation_id: str) -> int:
    hold = facts.holds[reservation_id]
    work = facts.works.get(reservation_id)
    if hold.since is None or work is None or work.released_at is None:
        return hold.closed_ms
    return hold.closed_ms + milliseconds(hold.since, work.released_at)


def _wrap_up_ms(facts: CallFacts, reservation_id: str) -> int:
    work = facts.works[reservation_id]
    if work.released_at is None or work.wrapped_up_at is None:
        return 0
    return milliseconds(work.released_at, work.wrapped_up_at)


def queue_counts(facts: CallFacts) -> dict[Cell, QueueCounts]:
    """Return what this call adds to each interval of each queue it waited in.

    A wait is offered where it began; answered, abandoned, overflowed or failed, with its length
    and the work that followed, where that happened. The sum over all calls is the interval.
    """
    cells: dict[Cell, QueueCounts] = {}
    for began_at, stay in _waits(facts):
        if stay.queue_id is not None:
            _add(cells, (stay.queue_id, interval_of(began_at)), QueueCounts(offered=1))
            outcome = _wait_outcome(facts, began_at, stay)
            if outcome is not None:
                at, counts = outcome
                _add(cells, (stay.queue_id, interval_of(at)), counts)
    return cells


def _waits(facts: CallFacts) -> list[tuple[datetime, Stay]]:
    """Return each wait: since when, and its last stay.

    A caller who was not joined (`call.recovered` before any connection) goes on with the same
    wait; one whose agent was lost in the talk begins another.
    """
    waits: list[tuple[datetime, Stay]] = []
    for stay in facts.stays:
        before = waits[-1] if waits else None
        if before and before[1].connected_at is None and stay.reason in RECOVERIES:
            waits[-1] = (before[0], stay)
        else:
            waits.append((stay.began_at, stay))
    return waits


def _wait_outcome(
    facts: CallFacts, began_at: datetime, stay: Stay
) -> tuple[datetime, QueueCounts] | None:
    if stay.connected_at is not None:
        return stay.connected_at, _answered(facts, began_at, stay, stay.connected_at)
    if stay.over_at is None:
        return None
    if facts.end is None or stay is not facts.stays[-1]:
        return stay.over_at, QueueCounts(overflowed=1)
    waited_ms = milliseconds(began_at, stay.over_at)
    match facts.end.type:
        case "abandoned":
            short = int(waited_ms < SHORT_ABANDON_S * 1_000)
            counts = QueueCounts(abandoned=1, abandoned_short=short, wait_to_abandon_ms=waited_ms)
        case "diverted":
            counts = QueueCounts(overflowed=1)
        case _:
            counts = QueueCounts(failed=1)
    return stay.over_at, counts


def _answered(facts: CallFacts, began_at: datetime, stay: Stay, at: datetime) -> QueueCounts:
    waited_ms = milliseconds(began_at, at)
    reservation = stay.reservation_id or ""
    return QueueCounts(
        answered=1,
        answered_in_target=int(waited_ms <= SERVICE_LEVEL_S * 1_000),
        wait_to_answer_ms=waited_ms,
        talk_ms=_talk_ms(stay),
        hold_ms=_hold_ms(facts, reservation) if reservation in facts.holds else 0,
        wrap_up_ms=_wrap_up_ms(facts, reservation) if reservation in facts.works else 0,
    )


def _add(cells: dict[Cell, QueueCounts], cell: Cell, more: QueueCounts) -> None:
    cells[cell] = summed(cells.get(cell, QueueCounts()), more)


def summed(one: Counts, other: Counts, sign: int = 1) -> Counts:
    """Return `one` plus `sign` times `other`, field by field."""
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return type(one)(*(a + sign * b for a, b in pairs))


def agent_counts(facts: CallFacts) -> dict[Cell, AgentCounts]:
    """Return what this call adds to each interval of each agent it was offered to.

    An offer counts, with its outcome, where it was settled.
    """
    cells: dict[Cell, AgentCounts] = {}
    for settled in facts.settled.values():
        cell = (settled.agent_id, interval_of(settled.at))
        before = cells.get(cell, AgentCounts())
        cells[cell] = AgentCounts(
            before.offered + 1,
            before.answered + (settled.outcome == "answered"),
            before.rejected + (settled.outcome == "agent"),
            before.rang_out + (settled.outcome == "rang_out"),
        )
    return cells
