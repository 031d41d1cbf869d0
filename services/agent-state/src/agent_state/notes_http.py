"""What agents wrote of calls, over HTTP: for those who may read it, while the caller is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from agent_state.commands import Cause
from agent_state.desk import AtDesk
from agent_state.domain.notes import Note
from agent_state.notes import opened
from agent_state.tables import AGENT, NOTES
from contact_events.wrapping import CallNotesRead
from contact_runtime.http import context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Fact, Unit

Reads = Annotated[Principal, Depends(require("notes:read"))]
routes = APIRouter(prefix="/v1/calls", tags=["notes"])


class NoteView(View):
    """What one agent wrote when their part of the call was over."""

    reservation_id: str
    agent_id: str
    written_at: datetime
    codes: list[str] = Field(examples=[["refund"]])
    text: str | None = Field(description="null: the caller was erased", examples=["Перезвонить"])


class NotesView(View):
    """All that agents wrote of a call, the first one first."""

    items: list[NoteView]


@routes.get("/{call_id}/notes")
async def read_notes(call_id: Id, principal: Reads, desk: AtDesk) -> NotesView:
    """Return what agents wrote of the call, opened. Each reading is a fact: `call.notes_read`.

    404 where nobody wrote anything, and for another client's call.
    """
    cause = Cause(
        desk.office.clock.now(),
        f"command:{context.request_id.get()}",
        context.traceparent.get(),
    )

    async def read(unit: Unit) -> NotesView:
        notes = [
            note for note in await unit.peek(NOTES, call_id) if principal.may_read(note.client)
        ]
        if not notes:
            raise not_found("the note")
        items = [_shown(note, await opened(unit, note)) for note in notes]
        seen = [note for note, item in zip(notes, items, strict=True) if item.text is not None]
        if seen:
            await _tell(unit, call_id, seen, principal, cause)
        return NotesView(items=items)

    return await desk.office.carry_out(read)


def _shown(note: Note, text: str | None) -> NoteView:
    return NoteView(
        reservation_id=note.reservation_id,
        agent_id=note.agent_id,
        written_at=note.written_at,
        codes=list(note.codes),
        text=text,
    )


async def _tell(
    unit: Unit, call_id: str, notes: Sequence[Note], reader: Principal, cause: Cause
) -> None:
    """Write that `reader` saw these notes of one client's call."""
    stream = f"{call_id}/notes"  # the bare id would lock what the log's reader locks before agents
    await unit.load_streams([stream])
    author = await unit.peek(AGENT, notes[0].agent_id)
    read = CallNotesRead(
        call_id=call_id,
        by=reader.subject,
        role=reader.role,
        reservation_ids=tuple(note.reservation_id for note in notes),
    )
    fact = Fact(
        event=read,
        time=cause.time,
        pool=author.profile.pool if author.profile else cause.pool,
        client=notes[0].client,
        causation=cause.causation,
        traceparent=cause.traceparent,
    )
    unit.publish([fact], stream=stream)
