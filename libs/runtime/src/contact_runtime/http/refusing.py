"""Exceptions to problem documents: one table, for requests and for WebSockets."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from contact_runtime.errors import CommitUnknown, Transient
from contact_runtime.http import context
from contact_runtime.http.problems import (
    BODY_TOO_LARGE,
    INVALID_REQUEST,
    MALFORMED_REQUEST,
    MEDIA_TYPE_UNSUPPORTED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    OUTCOME_UNKNOWN,
    REQUEST_REFUSED,
    TRY_AGAIN,
    Problem,
    ProblemType,
    document,
    refusal_type,
    response,
)

RETRY_AFTER_S = 1
_BY_STATUS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: BODY_TOO_LARGE, 400: MALFORMED_REQUEST}
_MOST_FAULTS = 50


class Refusing:
    """The table of one application: its domain's refusals beside everybody's problems.

    A refusal may have `truth`, what was true instead: the members of its document; and `headers`.
    """

    def __init__(self, refusals: Mapping[type[Exception], int]) -> None:
        """Keep the problem type of each refusal.

        Raises:
            TypeError: a refusal class has no `code` or no docstring.
        """
        self._types = {cls: refusal_type(cls, status) for cls, status in refusals.items()}

    def handlers(self) -> dict[int | type[Exception], Any]:
        """Return what Starlette calls for each class of exception."""
        own: dict[int | type[Exception], Any] = dict.fromkeys(self._types, self._refusal)
        return {
            HTTPException: _http,
            Problem: _problem,
            RequestValidationError: _invalid,
            WebSocketRequestValidationError: _invalid,
            Transient: _transient,
            **own,
        }

    async def _refusal(self, connection: HTTPConnection, refused: Exception) -> Response | None:
        kind = next(self._types[cls] for cls in type(refused).__mro__ if cls in self._types)
        truth: Mapping[str, Any] = getattr(refused, "truth", {})
        headers: Mapping[str, str] | None = getattr(refused, "headers", None)
        return await answer(connection, kind, str(refused) or kind.title, headers, **truth)


async def answer(
    connection: HTTPConnection,
    kind: ProblemType,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response | None:
    """Return the problem document, or close an open WebSocket with 4000 + status.

    A WebSocket that is not accepted yet gets the document too, as the answer to its handshake.
    """
    if isinstance(connection, WebSocket) and _is_open(connection):
        await connection.close(4000 + kind.status, kind.code)
        return None
    found = document(
        kind,
        detail,
        instance=connection.scope["path"],
        request_id=context.request_id.get(),
        **members,
    )
    return response(found, headers)


def _is_open(socket: WebSocket) -> bool:
    return socket.application_state is not WebSocketState.CONNECTING


async def _problem(connection: HTTPConnection, problem: Problem) -> Response | None:
    return await answer(
        connection, problem.kind, problem.detail, problem.headers, **problem.members
    )


async def _http(connection: HTTPConnection, refused: HTTPException) -> Response | None:
    kind = _BY_STATUS.get(refused.status_code, REQUEST_REFUSED)
    detail = refused.detail or HTTPStatus(refused.status_code).phrase
    return await answer(connection, kind, detail, refused.headers, status=refused.status_code)


async def _transient(connection: HTTPConnection, failed: Transient) -> Response | None:
    kind = OUTCOME_UNKNOWN if isinstance(failed, CommitUnknown) else TRY_AGAIN
    return await answer(connection, kind, kind.title, {"Retry-After": str(RETRY_AFTER_S)})


async def _invalid(
    connection: HTTPConnection, wrong: RequestValidationError | WebSocketRequestValidationError
) -> Response | None:
    errors = wrong.errors()
    if errors and errors[0]["type"] == "json_invalid":
        detail = f"the body is not JSON, from character {errors[0]['loc'][-1]} on"
        return await answer(connection, MALFORMED_REQUEST, detail)
    if errors and errors[0]["loc"] == ("body",) and not _is_json(connection):
        return await answer(connection, MEDIA_TYPE_UNSUPPORTED, MEDIA_TYPE_UNSUPPORTED.title)
    listed = [_fault(error) for error in errors[:_MOST_FAULTS]]
    return await answer(connection, INVALID_REQUEST, f"{len(errors)} fault(s)", errors=listed)


def _is_json(connection: HTTPConnection) -> bool:
    media, _, _ = connection.headers.get("content-type", "").partition(";")
    return media.strip().lower().endswith(("/json", "+json"))


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    """Return one fault without what was sent: a number typed wrong is personal too."""
    place, *path = error["loc"]
    where = _pointer(path) if place == "body" else ".".join(str(part) for part in path)
    name = "pointer" if place == "body" else "parameter"
    return {"in": str(place), name: where, "code": error["type"], "detail": error["msg"]}


def _pointer(path: Sequence[int | str]) -> str:
    """Return a JSON pointer as a URI fragment's text (RFC 6901)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{part}" for part in parts)
