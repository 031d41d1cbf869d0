"""The outermost layer of a request: its ids, its count, its line in the log, its last net."""

import logging
import time
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from contact_runtime.catalogue import HTTP_REQUEST_SECONDS, HTTP_REQUESTS, HTTP_SOCKETS_OPEN
from contact_runtime.http import context
from contact_runtime.http.problems import INTERNAL_ERROR, Problem, document, response
from contact_runtime.metrics import Metrics

log = logging.getLogger(__name__)


class Edge:
    """ASGI middleware around everything else.

    An exception reaches the server only when the answer was already half out, so that the
    connection breaks.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request or socket out, and account for it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        context.request_id.set(context.request_id_of(headers.get(b"x-request-id")))
        context.traceparent.set(context.traceparent_of(headers.get(b"traceparent")))
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._socket(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        answer = _Answer(send)
        try:
            await self._app(scope, receive, answer)
        except Problem as problem:
            await _refuse(problem, scope, receive, answer)
        except ClientDisconnect:
            log.debug("caller gone", extra={"path_pattern": _route(scope)})
        except Exception:
            log.exception("request failed", extra={"path_pattern": _route(scope)})
            if answer.status:
                raise  # the answer is half out: only a broken connection tells the caller
            await _refuse(Problem(INTERNAL_ERROR), scope, receive, answer)
        finally:
            self._account(scope, answer.status, time.perf_counter() - began)

    def _account(self, scope: Scope, status: int, took_s: float) -> None:
        method, route = _method(scope), _route(scope)
        self._metrics.add(HTTP_REQUESTS, method, route, str(status or "gone"))
        self._metrics.observe(HTTP_REQUEST_SECONDS, method, route, value=took_s)
        if log.isEnabledFor(logging.DEBUG) or status >= 500:
            fields = {"method": method, "route": route, "status": status, "took_s": took_s}
            log.log(logging.ERROR if status >= 500 else logging.DEBUG, "request", extra=fields)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = False

        async def watched(message: Message) -> None:
            nonlocal opened
            if message["type"] == "websocket.accept":
                opened = True
                self._metrics.add(HTTP_SOCKETS_OPEN, _route(scope))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Problem as problem:
            await _refuse(problem, scope, receive, send)
        except WebSocketDisconnect:
            log.debug("socket gone", extra={"path_pattern": _route(scope)})
        except Exception:
            log.exception("socket failed", extra={"path_pattern": _route(scope)})
            with suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
                closing = {"type": "websocket.close", "code": 1011, "reason": INTERNAL_ERROR.code}
                await send(closing)
        finally:
            if opened:
                self._metrics.add(HTTP_SOCKETS_OPEN, _route(scope), amount=-1)


class _Answer:
    """The way out of a request: remembers the status and adds the request's id."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            asked = (context.request_id.get() or "").encode()
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", asked)]
        await self._send(message)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    found = document(
        problem.kind,
        problem.detail,
        instance=scope["path"],
        request_id=context.request_id.get(),
        **problem.members,
    )
    await response(found, problem.headers)(scope, receive, send)


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", None) or "none"


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "other"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
