"""What agents ask for in the talk, on all the calls that it concerns in one transaction."""

from typing import TypeGuard

from contact_events.answering import (
    CallConsultRequested,
    CallReleaseRequested,
    CallTransferRequested,
)
from contact_events.envelope import Envelope
from contact_runtime.rows import Unit
from ivr.commands import Cause, carry_out, end_left_behind, handle, remember
from ivr.domain.call import Call, Connected, Ended
from ivr.domain.commands import Consult, Divert, HangUp, Release, TakeOver, Transfer
from ivr.domain.consulting import completion
from ivr.domain.evolve import hear
from ivr.tables import AGENT, CALL, PROJECT, SKILL

Request = CallReleaseRequested | CallTransferRequested | CallConsultRequested


async def carry_out_request(unit: Unit, asked: Request, envelope: Envelope, cause: Cause) -> None:
    """Carry out what an agent asks; nothing if the call has left their reservation."""
    call_id, call = await _where_it_goes_on(unit, asked.call_id)
    match asked:
        case CallConsultRequested():
            await _consult(unit, call_id, call, asked, envelope, cause)
        case CallTransferRequested(consult_call_id=None):
            command = Transfer(
                reservation_id=asked.reservation_id,
                to_queue_id=await _queue_for(unit, call, asked),
                to_agent_id=asked.to_agent_id,
            )
            await carry_out(unit, call_id, call, command, cause)
        case CallReleaseRequested(consult_call_id=None):
            await carry_out(unit, call_id, call, Release(asked.reservation_id), cause)
        case CallTransferRequested(consult_call_id=str(consult_call_id)):
            if _consults(call, asked.reservation_id, consult_call_id):
                await _complete(unit, call_id, call, consult_call_id, cause)
        case CallReleaseRequested(consult_call_id=str(consult_call_id)):
            if _consults(call, asked.reservation_id, consult_call_id):
                await handle(unit, consult_call_id, HangUp(), cause)


async def _where_it_goes_on(unit: Unit, call_id: str) -> tuple[str, Call]:
    """Return the call, or the one as which it goes on.

    An agent asks for something in a completed consultation before agent-state has read that the
    slot moved to the parent.
    """
    call = await unit.load(CALL, call_id)
    while isinstance(call, Ended) and call.next_call_id is not None:
        call_id = call.next_call_id
        call = await unit.load(CALL, call_id)
    return call_id, call


async def _queue_for(
    unit: Unit, call: Call, asked: CallTransferRequested | CallConsultRequested
) -> str | None:
    """Return the queue that is asked for, by its id or by a skill.

    Where no queue asks for the skill, a caller goes to the project's default queue, as one whom
    nobody can take; a consultation goes nowhere.
    """
    if asked.to_skill_id is None or not isinstance(call, Connected):
        return asked.to_queue_id
    specialists = await unit.peek(SKILL, asked.to_skill_id)
    found = specialists.queue_for(call.pool, call.client_id)
    if found is None and isinstance(asked, CallTransferRequested):
        project = await unit.peek(PROJECT, call.project_id)
        return project.default_queue_id if project else None
    return found


async def _consult(
    unit: Unit,
    call_id: str,
    before: Call,
    asked: CallConsultRequested,
    envelope: Envelope,
    cause: Cause,
) -> None:
    after = remember(unit, call_id, before, hear(before, envelope))
    if after == before or not isinstance(after, Connected):
        return
    await end_left_behind(unit, before, after, cause)
    project = await unit.peek(PROJECT, after.project_id)
    command = Consult(
        parent_call_id=call_id,
        parent=after,
        client_name=project.client_name if project else "",
        project_name=project.name if project else "",
        to_queue_id=await _queue_for(unit, after, asked),
        to_agent_id=asked.to_agent_id,
    )
    await handle(unit, asked.consult_call_id, command, cause)


async def _complete(
    unit: Unit, call_id: str, call: Connected, consult_call_id: str, cause: Cause
) -> None:
    """Complete the consultation: it is diverted first, since its parent's change would end it."""
    consultation = await unit.load(CALL, consult_call_id)
    command = completion(call, consultation)
    if command is None:
        return  # it ended first: the caller stays with the asker
    if isinstance(command, TakeOver):
        party = command.consultation
        divert = Divert(parent_call_id=call_id, parent_attempt=call.attempt)
        await carry_out(unit, consult_call_id, consultation, divert, cause)
        memo = await unit.load(AGENT, party.joined_agent_id)
        took_over = memo.took_over(call_id, party.reservation_id, party.accepted_sequence)
        unit.put(AGENT, party.joined_agent_id, took_over)
    await carry_out(unit, call_id, call, command, cause)


def _consults(call: Call, reservation_id: str, consult_call_id: str) -> TypeGuard[Connected]:
    return (
        isinstance(call, Connected)
        and call.reservation_id == reservation_id
        and call.consult_call_id == consult_call_id
    )
