"""Commands carried out on the rows of the open transaction."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import msgspec

from contact_events.calls import CallQueued
from contact_events.envelope import Envelope
from contact_events.people import CallerRead, PersonErased
from contact_events.registry import Event
from contact_runtime.hints import QueueHints
from contact_runtime.rows import Fact, Unit
from ivr.domain.call import Call, Unborn
from ivr.domain.commands import Arrive, Command, Consult, EndLeg, HangUp, TakeOver
from ivr.domain.consulting import left_behind, with_legs_of
from ivr.domain.decide import decide
from ivr.domain.evolve import evolve, leg_gone
from ivr.domain.projects import Project
from ivr.tables import CALL

POOL = "main"
"""Where people are told of who belong to no call, and so to no pool of their own."""


@dataclass(frozen=True, slots=True)
class Cause:
    """When a command is carried out (business time), what led to it, what callers are told then.

    `hints` is what the routers say of their queues; without them nothing is told of waits.
    """

    time: datetime
    causation: str | None = None
    traceparent: str | None = None
    hints: QueueHints | None = None


async def handle(unit: Unit, call_id: str, command: Command, cause: Cause) -> Call:
    """Carry out one command on a call in the open transaction, and return the call after it.

    Raises:
        CallOver: see `decide`.
    """
    return await carry_out(unit, call_id, await unit.load(CALL, call_id), command, cause)


async def carry_out(unit: Unit, call_id: str, call: Call, command: Command, cause: Cause) -> Call:
    """Do what `handle` does on a call that the unit has loaded, as it is now."""
    if isinstance(command, EndLeg):
        call = remember(unit, call_id, call, leg_gone(call, command.reservation_id))
    if isinstance(command, TakeOver):
        call = remember(unit, call_id, call, with_legs_of(call, command.consultation))
    facts = decide(call_id, call, command)
    after = _written(unit, call_id, call, facts, _about(call, command), cause)
    await end_left_behind(unit, call, after, cause)
    return after


async def end_left_behind(unit: Unit, before: Call, after: Call, cause: Cause) -> None:
    """End the consultation that a change of its parent leaves without anything to be about."""
    consult_call_id = left_behind(before, after)
    if consult_call_id is not None:
        await handle(unit, consult_call_id, HangUp(), cause)


def remember(unit: Unit, call_id: str, before: Call, after: Call) -> Call:
    """Keep the call as it is after something was heard, and return it."""
    if after != before:
        unit.put(CALL, call_id, after)
    return after


def tell_reading(
    unit: Unit, call_id: str, call: Call, agent_id: str, cause: Cause, *, masked: bool
) -> Call:
    """Write that the agent saw the caller's number; nothing if it is withheld."""
    if isinstance(call, Unborn) or call.caller is None:
        return call
    read = CallerRead(caller_ref=call.caller.ref, call_id=call_id, agent_id=agent_id, masked=masked)
    return _written(unit, call_id, call, [read], call, cause)


def tell_erased(unit: Unit, ref: str, client_id: str, cause: Cause) -> None:
    """Write that the person was erased: others destroy their own keys on it."""
    fact = Fact(
        event=PersonErased(caller_ref=ref),
        time=cause.time,
        pool=POOL,
        client=client_id,
        causation=cause.causation,
        traceparent=cause.traceparent,
    )
    unit.publish([fact], stream=ref)


def _about(call: Call, command: Command) -> Call | Project:
    """Return what says of which pool, client and project the facts of a command are."""
    match command:
        case Arrive(project=project):
            return project
        case Consult(parent=parent):
            return parent
        case _:
            return call


def _written(
    unit: Unit, call_id: str, call: Call, facts: list[Event], about: Call | Project, cause: Cause
) -> Call:
    if not facts or isinstance(about, Unborn):
        return call
    told = [
        Fact(
            event=_with_wait(fact, about.pool, cause.hints),
            time=cause.time,
            pool=about.pool,
            client=about.client_id,
            project=about.project_id,
            causation=cause.causation,
            traceparent=cause.traceparent,
        )
        for fact in facts
    ]
    envelopes: list[Envelope] = unit.publish(told, stream=call_id)
    after = reduce(evolve, envelopes, call)
    unit.put(CALL, call_id, after)
    return after


def _with_wait(fact: Event, pool: str, hints: QueueHints | None) -> Event:
    """Return the fact; one that begins a stay in a queue says what wait is told there now."""
    if hints is None or not isinstance(fact, CallQueued) or fact.queue_id is None:
        return fact
    hint = hints.get(pool, fact.queue_id)
    return msgspec.structs.replace(fact, expected_wait_s=hint.expected_wait_s if hint else None)
