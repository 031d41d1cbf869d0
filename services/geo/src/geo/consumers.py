"""What geo hears: calls that arrive; what it says: where each caller is, once."""

from collections.abc import Sequence

from contact_events.calls import CallArrived
from contact_events.envelope import Envelope
from contact_events.locations import CallerLocated
from contact_events.topics import CALL_ARRIVED
from contact_runtime.clock import Clock
from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Fact, Unit
from geo.domain.numbering import locate

READER = "geo"
READS = (CALL_ARRIVED,)


def handler(clock: Clock) -> RecordHandler:
    """Return what locates the callers of a batch in one transaction."""

    async def handle_batch(unit: Unit, batch: Sequence[Received]) -> None:
        arrived = [
            (received.envelope, received.envelope.data)
            for received in batch
            if isinstance(received.envelope.data, CallArrived)
        ]
        await unit.load_streams({call.call_id for _, call in arrived})
        for envelope, call in arrived:
            unit.publish([_located(envelope, call, clock)], stream=call.call_id)

    return handle_batch


def _located(envelope: Envelope, call: CallArrived, clock: Clock) -> Fact:
    place = locate(call.caller.prefix if call.caller else None)
    return Fact(
        event=CallerLocated(
            call_id=call.call_id,
            precision=place.precision,
            source=place.source,
            country=place.country,
            region=place.region,
            candidates=place.candidates,
        ),
        time=clock.now(),
        pool=envelope.pool,
        client=envelope.client,
        project=envelope.project,
        causation=envelope.id,
        traceparent=envelope.traceparent,
    )
