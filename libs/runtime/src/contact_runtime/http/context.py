"""What every line of a request's work may know: its id and its place in a trace."""

import re
import secrets
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_NO_TRACE = b"0" * 32


def request_id_of(asked: bytes | None) -> str:
    """Return the caller's request id if it is harmless to log, else a new one."""
    if asked and _REQUEST_ID.fullmatch(asked):
        return asked.decode()
    return secrets.token_hex(8)


def traceparent_of(asked: bytes | None) -> str:
    """Return a W3C traceparent for this work: a child of the caller's, or a new trace."""
    found = _TRACEPARENT.fullmatch(asked) if asked else None
    if found and found[1] != _NO_TRACE:
        return f"00-{found[1].decode()}-{secrets.token_hex(8)}-{found[2].decode()}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
