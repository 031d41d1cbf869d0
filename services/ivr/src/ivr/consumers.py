"""What ivr hears: outcomes and requests, agents, and the router's valid decisions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contact_events.agents import AgentChanged
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallRangOut,
    CallRejected,
    CallReleaseRequested,
    CallTransferRequested,
)
from contact_events.config import CalendarChanged, QueueChanged
from contact_events.envelope import Envelope
from contact_events.routing import CallOverflowed
from contact_events.topics import AGENT_STATE, ANSWERED, ROUTED, ROUTING_CONFIG
from contact_runtime.clock import Clock
from contact_runtime.hints import QueueHints
from contact_runtime.reader import Received, RecordHandler
from contact_runtime.rows import Unit
from ivr.commands import Cause, carry_out, handle, remember
from ivr.consultations import carry_out_request
from ivr.domain.agents import AgentMemo
from ivr.domain.call import InFlow, Joining, Unborn, is_too_long
from ivr.domain.commands import (
    EndTooLong,
    GiveUpJoining,
    Join,
    LoseAgent,
    Overflow,
    RingTelephone,
    TimeOutInput,
)
from ivr.domain.evolve import hear
from ivr.hours import learn, with_hours
from ivr.tables import AGENT, CALL, PROJECT

READER = "ivr"
READS = (ANSWERED, AGENT_STATE, ROUTED, ROUTING_CONFIG)


def handler(clock: Clock, hints: QueueHints | None = None) -> RecordHandler:
    """Return what carries out a batch of records in one transaction.

    Rows are locked in one order: agents before calls, each by key. `hints`: see `Cause`.
    """

    async def handle_batch(unit: Unit, batch: Sequence[Received]) -> None:
        envelopes = [received.envelope for received in batch]
        await _prefetch(unit, envelopes)
        for envelope in envelopes:
            cause = Cause(clock.now(), envelope.id, envelope.traceparent, hints)
            await hear_one(unit, envelope, cause)

    return handle_batch


async def tick(unit: Unit, call_id: str, now: datetime, *, hints: QueueHints | None = None) -> None:
    """Carry out the due time of a call: no input or not joined in time, or at its very end."""
    call = await unit.load(CALL, call_id)
    cause = Cause(now, f"timer:{call_id}", hints=hints)
    if is_too_long(call, now):
        await carry_out(unit, call_id, call, EndTooLong(now), cause)
        return
    if isinstance(call, Joining):
        await carry_out(unit, call_id, call, GiveUpJoining(cause.time), cause)
    if isinstance(call, InFlow):
        project = await unit.peek(PROJECT, call.project_id)
        if project is not None:
            time_out = TimeOutInput(now=cause.time, project=project)
            command = await with_hours(unit, call_id, call, time_out, cause.time)
            await carry_out(unit, call_id, call, command, cause)


async def hear_one(unit: Unit, envelope: Envelope, cause: Cause) -> None:
    """Carry out one record. Facts that are no business of ivr's are passed over by name."""
    match envelope.data:
        case CallAnswered() as answered:
            await _answered(unit, answered, envelope, cause)
        case CallRejected(call_id=call_id) | CallRangOut(call_id=call_id):
            call = await unit.load(CALL, call_id)
            remember(unit, call_id, call, hear(call, envelope))
        case CallReleaseRequested() | CallTransferRequested() | CallConsultRequested() as asked:
            await carry_out_request(unit, asked, envelope, cause)
        case AgentChanged() as changed:
            await _agent_changed(unit, changed, envelope.sequence, cause)
        case CallOverflowed() as overflowed:
            await _overflowed(unit, overflowed, cause)
        case QueueChanged() | CalendarChanged() as document:
            await learn(unit, document, envelope.pool)
        case _:
            # call.held, call.resumed: still joined. call.supervise_requested: not offered yet.
            # call.routed, call.rescinded, router.progress, router.epoch_started,
            # site.status_changed: agent-state's and reporting's. Sites, skills and policies: the
            # router's.
            pass


async def _answered(unit: Unit, fact: CallAnswered, envelope: Envelope, cause: Cause) -> None:
    memo = await unit.load(AGENT, fact.agent_id)
    before = await unit.load(CALL, fact.call_id)
    call = remember(unit, fact.call_id, before, hear(before, envelope))
    if not isinstance(call, Joining) or call.reservation_id != fact.reservation_id:
        return
    command = Join(offline_sequence=memo.offline_sequence, telephone=memo.telephone)
    await carry_out(unit, fact.call_id, call, command, cause)
    unit.put(AGENT, fact.agent_id, memo.accepted(fact.call_id, envelope.sequence))


async def _agent_changed(unit: Unit, changed: AgentChanged, sequence: int, cause: Cause) -> None:
    before = await unit.load(AGENT, changed.agent_id)
    memo = before.changed(changed, sequence)
    for call_id in _lost(before, changed, sequence):
        await handle(unit, call_id, LoseAgent(agent_id=changed.agent_id, sequence=sequence), cause)
    for call_id, command in _rings(changed):
        await handle(unit, call_id, command, cause)
    if memo != before:
        unit.put(AGENT, changed.agent_id, memo)


async def _overflowed(unit: Unit, fact: CallOverflowed, cause: Cause) -> None:
    call = await unit.load(CALL, fact.call_id)
    if isinstance(call, Unborn):
        return
    project = await unit.peek(PROJECT, call.project_id)
    command = Overflow(
        attempt=fact.attempt,
        to=fact.to,
        queue_id=fact.queue_id,
        default_queue_id=project.default_queue_id if project else None,
    )
    await carry_out(unit, fact.call_id, call, command, cause)


def _lost(memo: AgentMemo, changed: AgentChanged, sequence: int) -> tuple[str, ...]:
    if changed.presence != "Offline" or changed.telephone:
        return ()
    return memo.accepted_before(sequence)


def _rings(changed: AgentChanged) -> list[tuple[str, RingTelephone]]:
    return [
        (
            slot.call_id,
            RingTelephone(
                reservation_id=slot.reservation_id,
                attempt=slot.attempt,
                agent_id=changed.agent_id,
            ),
        )
        for slot in changed.slots
        if changed.telephone
        and slot.state == "reserved"
        and slot.call_id is not None
        and slot.reservation_id is not None
        and slot.attempt is not None
    ]


async def _prefetch(unit: Unit, envelopes: Iterable[Envelope]) -> None:
    facts = [envelope.data for envelope in envelopes]
    agents = {fact.agent_id for fact in facts if isinstance(fact, CallAnswered | AgentChanged)}
    await unit.load_many(AGENT, agents)
    calls = {fact.call_id for fact in facts if isinstance(fact, _ABOUT_A_CALL)}
    consults = (getattr(fact, "consult_call_id", None) for fact in facts)
    calls |= {consult for consult in consults if consult is not None}
    for fact in facts:
        if isinstance(fact, AgentChanged):
            calls |= {call_id for call_id, _ in _rings(fact)}
            if fact.presence == "Offline":
                calls |= set((await unit.load(AGENT, fact.agent_id)).calls)
    await unit.load_many(CALL, calls)


_ABOUT_A_CALL = (
    CallAnswered
    | CallRejected
    | CallRangOut
    | CallReleaseRequested
    | CallTransferRequested
    | CallConsultRequested
    | CallOverflowed
)
