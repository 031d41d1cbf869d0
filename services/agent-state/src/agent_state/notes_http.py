"""What agents wrote of calls, over HTTP: for those who may read it, while the caller is known."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from agent_state.desk import AtDesk
from agent_state.notes import opened
from agent_state.tables import NOTES
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.problems import not_found

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
    """Return what agents wrote of the call, opened.

    404 where nobody wrote anything, and for another client's call.
    """
    async with desk.store.unit() as unit:
        notes = await unit.peek(NOTES, call_id)
        items = [
            NoteView(
                reservation_id=note.reservation_id,
                agent_id=note.agent_id,
                written_at=note.written_at,
                codes=list(note.codes),
                text=await opened(unit, note),
            )
            for note in notes
            if principal.may_read(note.client)
        ]
    if not items:
        raise not_found("the note")
    return NotesView(items=items)
