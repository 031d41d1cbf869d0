"""Limits before parsing: how large a body may be, and which characters an address may hold."""

import asyncio
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contact_runtime.http.problems import BODY_TOO_LARGE, BODY_TOO_SLOW, MALFORMED_REQUEST, Problem

LIMIT_BYTES = 64 * 1024
LIMIT_S = 10.0


class Limits:
    """ASGI middleware: a body over the limit is refused with 413, declared or streamed.

    One that does not arrive in time is refused with 408, so that nobody holds connections by
    sending a byte now and then. A NUL in the path or the query is refused with 400: PostgreSQL
    could not keep it.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit_bytes: int = LIMIT_BYTES,
        limit_s: float = LIMIT_S,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        """Wrap `app`; `larger` has the limits of paths that take more."""
        self._app = app
        self._limit = limit_bytes
        self._larger = larger or {}
        self._limit_s = limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted.

        Raises:
            Problem: 400, 408 or 413, before anything was parsed.
        """
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise Problem(MALFORMED_REQUEST, "the address holds a NUL")
        if scope["type"] == "http":
            limit = self._larger.get(scope["path"], self._limit)
            if (_declared(scope["headers"]) or 0) > limit:
                raise self._too_large(limit)
            receive = self._counted(receive, limit)
        await self._app(scope, receive, send)

    def _counted(self, receive: Receive, limit: int) -> Receive:
        taken = 0
        whole = False
        ends = asyncio.get_running_loop().time() + self._limit_s

        async def counted() -> Message:
            nonlocal taken, whole
            message = await (receive() if whole else self._in_time(receive, ends))
            taken += len(message.get("body", b""))
            if taken > limit:
                raise self._too_large(limit)
            whole = not message.get("more_body", False)
            return message

        return counted

    async def _in_time(self, receive: Receive, ends: float) -> Message:
        try:
            async with asyncio.timeout_at(ends):
                return await receive()
        except TimeoutError:
            raise Problem(
                BODY_TOO_SLOW, headers={"Connection": "close"}, limit_s=self._limit_s
            ) from None

    @staticmethod
    def _too_large(limit: int) -> Problem:
        # The rest of the body is not read, so the connection cannot be used again.
        return Problem(BODY_TOO_LARGE, headers={"Connection": "close"}, limit_bytes=limit)


def _declared(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None
