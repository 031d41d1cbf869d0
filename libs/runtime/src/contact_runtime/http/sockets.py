"""WebSockets by a way of their own: FastAPI's to a route takes as long as the rest of a handshake.

A service's sockets are looked for before its routes, and their dependencies are what each needs.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi.exceptions import WebSocketRequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.routing import Match, WebSocketRoute
from starlette.types import Scope
from starlette.websockets import WebSocket

from contact_runtime.http.auth import Principal, bearer, require

A = TypeVar("A", bound=BaseModel)


class SocketRoute(WebSocketRoute):
    """The address of sockets, each served for a principal whose token has the scope `needs`."""

    def __init__(
        self,
        path: str,
        serve: Callable[[WebSocket, A, Principal], Awaitable[None]],
        *,
        asked: type[A],
        needs: str,
    ) -> None:
        """Have `serve` get what the path and the query say, checked as `asked` has it.

        Who has no such token is refused first, then what makes no sense, as in any route.
        """
        allowed = require(needs)

        async def attend(websocket: WebSocket) -> None:
            principal = await allowed(await bearer(websocket))
            await serve(websocket, _checked(websocket, asked), principal)

        super().__init__(path, attend)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether it is this address, and what is known then: the metrics name the route."""
        match, known = super().matches(scope)
        return match, {**known, "route": self}


def _checked(websocket: WebSocket, asked: type[A]) -> A:
    """Return what was asked.

    Raises:
        WebSocketRequestValidationError: it makes no sense.
    """
    try:
        return asked.model_validate({**websocket.query_params, **websocket.path_params})
    except ValidationError as wrong:
        faults = [
            {**fault, "loc": (_place(websocket, fault["loc"][0]), *fault["loc"])}
            for fault in wrong.errors(include_url=False)
        ]
        raise WebSocketRequestValidationError(faults) from None


def _place(websocket: WebSocket, name: int | str) -> str:
    return "path" if name in websocket.path_params else "query"
