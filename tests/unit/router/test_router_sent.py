"""What a replica sent is known when it is read back, and only that."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from contact_events.envelope import Envelope
from contact_events.routing import RouterProgress
from contact_events.topics import CALL_ARRIVED, ROUTED
from contact_runtime.log import Entry, Record
from router.codec import decision_envelope, fact_of
from router.domain.state import State
from router.sent import Sent
from tests.support.router_world import POOL


def _said(number: int) -> Envelope:
    progress = RouterProgress(
        pool=POOL,
        epoch=1,
        owner="x.1",
        number=number,
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
        positions={CALL_ARRIVED.name: 7},
    )
    return decision_envelope(progress, State(POOL))


def _record(entry: Entry, offset: int, topic: str = ROUTED.name) -> Record:
    return Record(topic, 0, offset, entry.key, entry.value, entry.headers, 0)


@pytest.fixture
def batch() -> list[Envelope]:
    return [_said(1), _said(2)]


def test_what_was_sent_is_known_when_it_is_read_back(batch: list[Envelope]) -> None:
    sent = Sent(POOL)
    records = [_record(entry, 10 + n) for n, entry in enumerate(sent.entries(batch))]
    facts = [sent.fact_of(record) for record in records]
    assert [fact.envelope is said for (fact, _), said in zip(facts, batch, strict=True)] == [
        True,
        True,
    ]
    assert facts == [fact_of(record, POOL) for record in records]


def test_another_writers_record_between_is_decoded(batch: list[Envelope]) -> None:
    sent, other = Sent(POOL), Sent(POOL)
    first, second = sent.entries(batch)
    (strange,) = other.entries([_said(9)])
    records = [_record(entry, n) for n, entry in enumerate((strange, first, first, second))]
    facts = [sent.fact_of(record) for record in records]
    assert facts == [fact_of(record, POOL) for record in records]
    assert [any(fact.envelope is said for said in batch) for fact, _ in facts] == [
        False,
        True,
        False,
        True,
    ], "the first one landed twice, and only once is it due"


def test_what_differs_by_a_byte_or_a_key_is_decoded(batch: list[Envelope]) -> None:
    sent = Sent(POOL)
    entry, _ = sent.entries(batch)
    assert entry.value is not None
    broken = _record(replace(entry, value=entry.value[:-1]), 0)
    fact, reason = sent.fact_of(broken)
    assert fact.envelope is None
    assert reason is not None
    keyless = _record(replace(entry, key=b"main2"), 1)
    fact, _ = sent.fact_of(keyless)
    assert fact == fact_of(keyless, POOL)[0]
    assert fact.envelope is not batch[0]
    elsewhere, _ = sent.fact_of(_record(entry, 2, CALL_ARRIVED.name))
    assert elsewhere.envelope is not batch[0]


def test_a_batch_in_doubt_is_forgotten_with_the_next_one(batch: list[Envelope]) -> None:
    sent = Sent(POOL)
    late, _ = sent.entries(batch)
    sent.entries([_said(3)])
    fact, _ = sent.fact_of(_record(late, 0))
    assert fact.envelope == batch[0]
    assert fact.envelope is not batch[0]
