"""Laws of geo: each call is located once, whatever is delivered how often."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.calls import CallArrived, Caller, CallQueued
from contact_events.envelope import Envelope
from contact_events.intake import Intake
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received
from geo.consumers import handler
from tests.support.ivr_histories import NINE

_RECORD = Record("call-arrived", 0, 0, None, None, (), 0)


def arrived(call_id: str, prefix: str | None) -> Envelope:
    caller = Caller(ref="r", ref_version=1, prefix=prefix, sealed="s") if prefix else None
    return envelope_of(
        call_id,
        1,
        CallArrived(
            call_id=call_id,
            channel="voice",
            direction="inbound",
            dnis="+74950000001",
            entry_site_id="moscow",
            caller=caller,
        ),
    )


def envelope_of(call_id: str, sequence: int, fact: Event) -> Envelope:
    return Envelope(
        id=f"{call_id}/{sequence}",
        source="/polycentre/ivr",
        subject=call_id,
        time=NINE,
        pool="main",
        client="acme",
        project="shop",
        stream=call_id,
        sequence=sequence,
        data=fact,
    )


def located(store: MemoryStore, intake: Intake, batch: Sequence[Envelope]) -> None:
    """Let geo read a batch as its reader does."""
    fresh = [Received(_RECORD, one) for one in batch if intake.takes("call-arrived", one)]

    async def carry_out() -> None:
        async with store.unit() as unit:
            await handler(StoppedClock(NINE))(unit, fresh)

    asyncio.run(carry_out())


CALLS = st.sampled_from(["K1", "K2", "K3"])
PREFIXES = st.sampled_from([None, "+7391212", "+7916123", "+49"])


@settings(max_examples=50)
@given(
    st.dictionaries(CALLS, PREFIXES, min_size=1),
    st.lists(st.tuples(CALLS, st.booleans()), max_size=12),
    st.integers(1, 4),
)
def test_each_call_is_located_once_however_often_its_arrival_is_read(
    prefixes: dict[str, str | None], read: list[tuple[str, bool]], size: int
) -> None:
    store, intake = MemoryStore(source="/polycentre/geo"), Intake()
    records = [
        arrived(call_id, prefixes[call_id])
        if first
        else envelope_of(call_id, 2, CallQueued(call_id=call_id, attempt=1, queue_id="q"))
        for call_id, first in read
        if call_id in prefixes
    ]
    for start in range(0, len(records), size):
        located(store, intake, records[start : start + size])
    told = [(e.stream, e.sequence) for e in store.outbox]
    assert len(told) == len(set(told))
    assert all(sequence == 1 for _, sequence in told)


def test_a_location_belongs_to_the_calls_client_and_names_its_cause() -> None:
    store = MemoryStore(source="/polycentre/geo")
    located(store, Intake(), [arrived("K1", "+7391212"), arrived("K2", None)])
    first, second = store.outbox
    assert first.data == CallerLocated(
        call_id="K1",
        precision="region",
        source="numbering-plan-1",
        country="RU",
        region="RU-KYA",
    )
    assert (first.client, first.project, first.pool) == ("acme", "shop", "main")
    assert (first.causationid, first.stream, first.sequence) == ("K1/1", "K1", 1)
    assert isinstance(second.data, CallerLocated)
    assert second.data.precision == "unknown"
