"""The flat record of a contact, and its legs: one for each stay, and for each agent who joined."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from reporting.domain.facts import JOINED, CallFacts, Settled, Stay, milliseconds
from reporting.domain.measured import (
    RECOVERIES,
    answered_stay,
    hold_ms,
    home_of,
    offer_of,
    offers_in,
    outcome_of,
    self_service_over,
    talk_ms,
    told_ms,
    wrap_up_ms,
)

_encode = msgspec.json.Encoder().encode


class Contact(msgspec.Struct, gc=False, frozen=True, kw_only=True):
    """The flat record of one contact. Lengths in milliseconds; moments in UTC.

    `outcome` is None while the contact goes on; "answered" if it was ever connected. `wait_ms`
    runs from the first queueing to the first connection, or to the end where there was none.
    `flow_path` and `wrap_up_codes` are JSON lists.
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
    caller_ref: str | None
    parent_call_id: str | None
    callback_call_id: str | None
    queue_id: str | None
    last_queue_id: str | None
    outcome: str | None
    outcome_reason: str | None
    attempts: int
    legs: int
    transfers: int
    consultations: int
    recoveries: int
    offers: int
    rang_out: int
    rejected: int
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
    flow_path: str
    wrap_up_codes: str


class Leg(msgspec.Struct, gc=False, frozen=True, kw_only=True):
    """A stay in a queue or for a named agent, with its talk; or an agent's part in a talk joined.

    `offers`, `rang_out`, `rejected` and `ring_ms` are of all offers of the stay; `wait_ms` runs to
    the connection, or to where the caller left; `expected_wait_ms` was told as it began. `outcome`
    is None while the caller waits.
    """

    call_id: str
    leg: int
    attempt: int
    reason: str
    sent_by: str | None
    queue_id: str | None
    named_agent_id: str | None
    began_at: datetime
    offers: int
    rang_out: int
    rejected: int
    reservation_id: str | None
    agent_id: str | None
    site_id: str | None
    home_site_id: str | None
    connected_at: datetime | None
    left_at: datetime | None
    outcome: str | None
    wait_ms: int | None
    expected_wait_ms: int | None
    ring_ms: int
    talk_ms: int
    hold_ms: int
    holds: int
    wrap_up_ms: int
    wrap_up_codes: str


def contact_of(facts: CallFacts) -> Contact | None:
    """Return the contact's record, or None before its arrival has been read."""
    arrival = facts.arrival
    if arrival is None:
        return None
    end, answer = facts.end, answered_stay(facts)
    offer = offer_of(facts, answer) if answer else None
    queues = [stay.queue_id for stay in facts.stays if stay.queue_id]
    reasons = [stay.reason for stay in facts.stays]
    return Contact(
        call_id=facts.call_id,
        client_id=facts.client_id,
        project_id=facts.project_id,
        channel=arrival.channel,
        direction=arrival.direction,
        dnis=arrival.dnis,
        entry_site_id=arrival.entry_site_id,
        home_site_id=home_of(facts),
        region=facts.region,
        caller_ref=arrival.caller_ref,
        parent_call_id=arrival.parent_call_id,
        callback_call_id=end.next_call_id if end and end.reason == "callback" else None,
        queue_id=queues[0] if queues else None,
        last_queue_id=queues[-1] if queues else None,
        outcome=("answered" if answer else end.type) if end else None,
        outcome_reason=end.reason if end else None,
        attempts=len(reasons) - reasons.count(JOINED),
        legs=len(reasons),
        transfers=reasons.count("transfer") + reasons.count(JOINED),
        consultations=len(facts.consults),
        recoveries=sum(1 for reason in reasons if reason in RECOVERIES),
        offers=len(facts.offers),
        rang_out=_settled(facts, "rang_out"),
        rejected=_settled(facts, "agent"),
        agent_id=answer.joined_agent_id if answer else None,
        answering_site_id=offer.site_id if offer else None,
        arrived_at=arrival.at,
        queued_at=facts.stays[0].began_at if facts.stays else None,
        connected_at=answer.connected_at if answer else None,
        ended_at=end.at if end else None,
        self_service_ms=_self_service_ms(facts, arrival.at),
        wait_ms=_wait_ms(facts, answer),
        talk_ms=sum(talk_ms(stay) for stay in facts.stays),
        hold_ms=sum(hold_ms(facts, reservation) for reservation in facts.holds),
        wrap_up_ms=sum(wrap_up_ms(facts, reservation) for reservation in facts.works),
        flow_path=_encode(facts.steps).decode(),
        wrap_up_codes=_codes(code for work in facts.works.values() for code in work.codes),
    )


def legs_of(facts: CallFacts) -> list[Leg]:
    """Return the legs of the contact, in order; the first is leg 1."""
    return [_leg(facts, number, stay) for number, stay in enumerate(facts.stays, 1)]


def _leg(facts: CallFacts, number: int, stay: Stay) -> Leg:
    offer = offer_of(facts, stay)
    made = {} if stay.reason == JOINED else dict(offers_in(facts, stay.attempt))
    settled = {key: facts.settled[key] for key in made if key in facts.settled}
    over = stay.connected_at or stay.over_at
    hold = facts.holds.get(stay.reservation_id or "")
    work = facts.works.get(stay.reservation_id or "")
    return Leg(
        call_id=facts.call_id,
        leg=number,
        attempt=stay.attempt,
        reason=stay.reason,
        sent_by=stay.sent_by,
        queue_id=stay.queue_id,
        named_agent_id=stay.agent_id,
        began_at=stay.began_at,
        offers=len(made),
        rang_out=_count(settled.values(), "rang_out"),
        rejected=_count(settled.values(), "agent"),
        reservation_id=stay.reservation_id,
        agent_id=stay.joined_agent_id,
        site_id=offer.site_id if offer else None,
        home_site_id=offer.home_site_id if offer else None,
        connected_at=stay.connected_at,
        left_at=stay.over_at,
        outcome=outcome_of(facts, stay),
        wait_ms=milliseconds(stay.began_at, over) if over else None,
        expected_wait_ms=told_ms(stay),
        ring_ms=sum(milliseconds(made[key].at, each.at) for key, each in settled.items()),
        talk_ms=talk_ms(stay),
        hold_ms=hold_ms(facts, stay.reservation_id),
        holds=hold.times if hold else 0,
        wrap_up_ms=wrap_up_ms(facts, stay.reservation_id),
        wrap_up_codes=_codes(work.codes if work else ()),
    )


def _codes(codes: Iterable[str]) -> str:
    return _encode(list(codes)).decode()


def _settled(facts: CallFacts, outcome: str) -> int:
    return _count(facts.settled.values(), outcome)


def _count(settled: Iterable[Settled], outcome: str) -> int:
    return sum(1 for each in settled if each.outcome == outcome)


def _self_service_ms(facts: CallFacts, arrived_at: datetime) -> int:
    over = self_service_over(facts)
    return milliseconds(arrived_at, over) if over else 0


def _wait_ms(facts: CallFacts, answer: Stay | None) -> int | None:
    if not facts.stays:
        return None
    over = answer.connected_at if answer else facts.stays[-1].over_at
    return milliseconds(facts.stays[0].began_at, over) if over else None
