"""The last contacts of each caller: a projection of the log, read at its own pace."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from agent_state.domain.contacts import GONE, Caller, call_ids, called, caller_ref, erased, folded
from agent_state.tables import CALLER, CONTACT
from contact_events.calls import CallArrived
from contact_events.envelope import Envelope
from contact_events.people import PersonErased
from contact_events.registry import event_type_of
from contact_events.topics import CALL_ARRIVED, PEOPLE, WRAPPED_UP
from contact_events.wrapping import CallWrappedUp
from contact_runtime.reader import Received
from contact_runtime.rows import Unit

READER = "agent-state-contacts"
READS = (CALL_ARRIVED, WRAPPED_UP, PEOPLE)
LINGER_S = 0.1
"""Nobody waits for these rows: larger batches are cheaper."""


async def project(unit: Unit, batch: Sequence[Received]) -> None:
    """Fold a batch of records into the rows of contacts and callers."""
    await unit.load_many(CONTACT, _calls(batch))
    await unit.load_many(CALLER, _callers(batch))
    for received in batch:
        await _hear(unit, received.envelope)


async def _hear(unit: Unit, envelope: Envelope) -> None:
    match envelope.data:
        case CallArrived() as arrived:
            await _arrive(unit, envelope, arrived)
        case PersonErased(caller_ref=ref):
            caller = await unit.load(CALLER, ref)
            await _keep(unit, ref, caller, erased(caller, envelope.time))
        case fact if (call_id := _call_of(envelope)) is not None:
            before = await unit.load(CONTACT, call_id)
            after = folded(before, fact)
            if after != before:
                unit.put(CONTACT, call_id, after)


async def _arrive(unit: Unit, envelope: Envelope, arrived: CallArrived) -> None:
    call_id, ref = arrived.call_id, caller_ref(arrived)
    before = await unit.load(CONTACT, call_id)
    if ref is None:
        unit.put(CONTACT, call_id, GONE)
        return
    known = replace(before, client=envelope.client, at=envelope.time, channel=arrived.channel)
    unit.put(CONTACT, call_id, known)
    caller = await unit.load(CALLER, ref)
    await _keep(unit, ref, caller, called(caller, call_id, envelope.time), call_id)


async def _keep(unit: Unit, ref: str, before: Caller, after: Caller, *arrived: str) -> None:
    """Keep the caller as they are now; calls that are no longer theirs are forgotten."""
    if after != before:
        unit.put(CALLER, ref, after)
    dropped = {*call_ids(before), *arrived} - call_ids(after)
    await unit.load_many(CONTACT, dropped)
    for call_id in sorted(dropped):
        unit.put(CONTACT, call_id, GONE)


def _calls(batch: Sequence[Received]) -> set[str]:
    return {call for each in batch if (call := _call_of(each.envelope)) is not None}


def _callers(batch: Sequence[Received]) -> Iterable[str]:
    for received in batch:
        match received.envelope.data:
            case CallArrived() as arrived if (ref := caller_ref(arrived)) is not None:
                yield ref
            case PersonErased(caller_ref=ref):
                yield ref


def _call_of(envelope: Envelope) -> str | None:
    """Return the call that a fact tells of to this projection, or None."""
    fact = envelope.data
    if isinstance(fact, CallWrappedUp):
        return fact.call_id
    topic = event_type_of(type(fact)).topic
    return envelope.stream if topic is CALL_ARRIVED else None
