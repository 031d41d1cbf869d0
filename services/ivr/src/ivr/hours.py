"""Opening hours at the front door: what is closed now, by the calendars that were read."""

from datetime import datetime

import msgspec

from contact_events.calls import CallQueued
from contact_events.config import CalendarChanged, QueueChanged
from contact_events.opening import open_at
from contact_runtime.rows import Unit
from ivr.domain.call import Call
from ivr.domain.commands import Arrive, PressDigits, TimeOutInput
from ivr.domain.decide import decide
from ivr.domain.opening import Closed, QueueHours
from ivr.domain.specialists import Asks, with_queue
from ivr.tables import CALENDAR, QUEUE, SKILL


async def with_hours(
    unit: Unit,
    call_id: str,
    call: Call,
    command: Arrive | PressDigits | TimeOutInput,
    now: datetime,
) -> Arrive | PressDigits | TimeOutInput:
    """Return the command with what of its way is closed now.

    Only the queue that it leads to is looked up, so a call costs one more read and no lock.
    """
    project = command.project
    shut = isinstance(command, Arrive) and await _is_closed(unit, project.calendar_id, now)
    facts = [] if shut else decide(call_id, call, command)
    leads_to = {fact.queue_id for fact in facts if isinstance(fact, CallQueued)}
    closed = set()
    for queue_id in sorted(leads_to - {None}, key=str):
        queue = await unit.peek(QUEUE, str(queue_id))
        if await _is_closed(unit, queue.calendar_id, now):
            closed.add(str(queue_id))
    if not shut and not closed:
        return command
    return msgspec.structs.replace(command, closed=Closed(shut, frozenset(closed)))


async def learn(unit: Unit, document: QueueChanged | CalendarChanged, pool: str) -> None:
    """Keep what a document says of opening hours and skills; of a deleted one nothing is kept."""
    if isinstance(document, CalendarChanged):
        await unit.load(CALENDAR, document.calendar_id)
        unit.put(CALENDAR, document.calendar_id, None if document.deleted else document)
        return
    before = await unit.load(QUEUE, document.queue_id)
    skills = () if document.deleted else tuple(sorted(document.skills))
    after = QueueHours(None if document.deleted else document.calendar_id, skills)
    if after != before:
        unit.put(QUEUE, document.queue_id, after)
    asks = Asks(pool=pool, skills=len(skills), client_id=document.client_id)
    for skill_id in sorted({*before.skills, *skills}):
        known = await unit.load(SKILL, skill_id)
        asked = with_queue(known, document.queue_id, asks if skill_id in skills else None)
        if asked != known:
            unit.put(SKILL, skill_id, asked)


async def _is_closed(unit: Unit, calendar_id: str | None, now: datetime) -> bool:
    calendar = await unit.peek(CALENDAR, calendar_id) if calendar_id else None
    return calendar is not None and not open_at(calendar, now)
