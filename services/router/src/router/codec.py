"""Decisions to records, and records to facts."""

from datetime import datetime

from contact_events.envelope import (
    Envelope,
    Undecodable,
    UnknownType,
    decode,
    encode,
    headers_of,
    key_of,
)
from contact_events.identity import derived_id, router_stream
from contact_events.registry import Event
from contact_events.routing import RouterEpochStarted
from contact_runtime.log import Entry, Record
from router.domain.evolve import OwnDecision
from router.domain.state import Fact, State

SOURCE = "/polycentre/router"


def decision_envelope(decision: OwnDecision, state: State) -> Envelope:
    """Return the decision with where it belongs; its client and project are the call's."""
    call = state.calls.get(getattr(decision, "call_id", ""))
    return Envelope(
        id=derived_id("decision", decision.pool, decision.epoch, decision.owner, decision.number),
        source=SOURCE,
        subject=_subject(decision),
        time=decision.decided_at,
        pool=decision.pool,
        client=call.client if call else None,
        project=call.project if call else None,
        stream=router_stream(decision.pool, decision.epoch, decision.owner),
        sequence=decision.number,
        data=decision,
    )


def claim_envelope(claim: RouterEpochStarted, at: datetime) -> Envelope:
    """Return the claim with where it belongs: its number is 0, decisions begin with 1."""
    return Envelope(
        id=derived_id("claim", claim.pool, claim.epoch, claim.owner),
        source=SOURCE,
        subject=_subject(claim),
        time=at,
        pool=claim.pool,
        stream=router_stream(claim.pool, claim.epoch, claim.owner),
        sequence=0,
        data=claim,
    )


def entry_of(envelope: Envelope) -> Entry:
    """Return the envelope as a record to be appended."""
    return Entry(key_of(envelope), encode(envelope), headers_of(envelope))


def fact_of(record: Record, pool: str) -> tuple[Fact, str | None]:
    """Return the record as the router of `pool` takes it, and the reason if it is poison."""
    try:
        decoded = decode(record.value)
    except Undecodable as poison:
        return Fact(record.topic, record.offset, None), poison.reason
    if isinstance(decoded, UnknownType) or decoded.envelope.pool != pool:
        return Fact(record.topic, record.offset, None), None
    return Fact(record.topic, record.offset, decoded.envelope), None


def _subject(event: Event) -> str:
    for name in ("call_id", "site_id"):
        if found := getattr(event, name, None):
            return str(found)
    return str(getattr(event, "pool", ""))
