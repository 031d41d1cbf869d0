"""What the routes work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from agent_state.directory import Directory
from agent_state.seats import Submit
from agent_state.sockets import Sockets
from contact_runtime.administration.office import Office
from contact_runtime.http.auth import Principal, require
from contact_runtime.rows import Store


@dataclass(frozen=True, slots=True)
class Context:
    """What the routes need; `close` returns once everything that waits is carried out.

    Rosters and breaks are planned apart from documents, since they lock agents last.
    """

    store: Store
    submit: Submit
    sockets: Sockets
    office: Office
    planning: Office
    directory: Directory
    close: Callable[[], Awaitable[None]]


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


AtDesk = Annotated[Context, Depends(_context)]
Administers = Annotated[Principal, Depends(require("agents:admin"))]
