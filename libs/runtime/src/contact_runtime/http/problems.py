"""Problem documents (RFC 9457): every refusal over HTTP, with a code that never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:polycentre:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One way to be refused: its code and status are promises, its title is for people."""

    code: str
    status: int
    title: str
    meaning: str

    @property
    def uri(self) -> str:
        """The `type` member of the document."""
        return TYPE_PREFIX + self.code


def _type(code: str, status: int, title: str, meaning: str) -> ProblemType:
    return ProblemType(code, status, title, meaning)


MALFORMED_REQUEST = _type(
    "malformed-request",
    400,
    "The request cannot be read",
    "The body is not JSON, or the path or the query holds a NUL.",
)
TOKEN_MISSING = _type(
    "token-missing",
    401,
    "A bearer token is needed",
    "Send `Authorization: Bearer <token>`; a WebSocket may offer the subprotocol "
    "`bearer.<token>` instead.",
)
TOKEN_INVALID = _type(
    "token-invalid",
    401,
    "The bearer token is not valid",
    "It is expired, signed by an unknown key, meant for another audience, or lacks a claim "
    "that its role needs.",
)
SCOPE_MISSING = _type(
    "scope-missing",
    403,
    "The token does not allow this",
    "The member `scope` of the document names the scope that is needed.",
)
NOT_FOUND = _type(
    "not-found",
    404,
    "There is no such thing",
    "It does not exist, or it belongs to somebody else: the two cannot be told apart.",
)
METHOD_NOT_ALLOWED = _type(
    "method-not-allowed",
    405,
    "This address does not take that method",
    "The header `Allow` lists the methods it takes.",
)
BODY_TOO_LARGE = _type(
    "body-too-large",
    413,
    "The body is too large",
    "The member `limit_bytes` of the document is the most that this service takes.",
)
BODY_TOO_SLOW = _type(
    "body-too-slow",
    408,
    "The body did not arrive in time",
    "The member `limit_s` of the document is how long this service waits for it, in seconds.",
)
MEDIA_TYPE_UNSUPPORTED = _type(
    "media-type-unsupported",
    415,
    "The body is not declared as JSON",
    "Send `Content-Type: application/json`.",
)
INVALID_REQUEST = _type(
    "invalid-request",
    422,
    "The request is not valid",
    "The member `errors` lists every fault at once: where it is, and what is wrong. What was "
    "sent is never repeated, since it may be personal.",
)
IDEMPOTENCY_KEY_REUSED = _type(
    "idempotency-key-reused",
    422,
    "This Idempotency-Key was used for another request",
    "A key stands for one request: the same method, path and body. Use a new key.",
)
INTERNAL_ERROR = _type(
    "internal-error",
    500,
    "Something is wrong in the service",
    "The member `request_id` finds it in the log.",
)
TRY_AGAIN = _type(
    "try-again",
    503,
    "The service cannot answer now",
    "Nothing was done. Try again after the seconds in `Retry-After`.",
)
OUTCOME_UNKNOWN = _type(
    "outcome-unknown",
    503,
    "It may have been done or not",
    "The database was lost while it was being written. Send the same request again, with the "
    "same Idempotency-Key where there is one.",
)
REQUEST_REFUSED = _type(
    "request-refused",
    400,
    "The request was refused",
    "No better code fits; the member `status` says what kind of refusal it is.",
)

RUNTIME_PROBLEMS: tuple[ProblemType, ...] = (
    MALFORMED_REQUEST,
    TOKEN_MISSING,
    TOKEN_INVALID,
    SCOPE_MISSING,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    MEDIA_TYPE_UNSUPPORTED,
    INVALID_REQUEST,
    IDEMPOTENCY_KEY_REUSED,
    INTERNAL_ERROR,
    TRY_AGAIN,
    OUTCOME_UNKNOWN,
    REQUEST_REFUSED,
)


class Problem(HTTPException):
    """A refusal that an HTTP edge raises itself; refusals of the trade come from `decide`."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        """Keep the kind, what was true this time, and the further members of the document."""
        super().__init__(kind.status, detail or kind.title, headers)
        self.kind = kind
        self.members = members


def not_found(what: str = "it") -> Problem:
    """Return the refusal for a thing that is not there, or not the asker's."""
    return Problem(NOT_FOUND, f"{what} does not exist")


def refusal_type(refusal: type[Exception], status: int) -> ProblemType:
    """Return the problem type of a refusal class: its `code`; its docstring's first sentence.

    Raises:
        TypeError: the class has no `code` or no docstring, so nobody could look it up.
    """
    code = getattr(refusal, "code", None)
    if not isinstance(code, str) or not refusal.__doc__:
        raise TypeError(f"refusal {refusal.__name__} needs a `code` and a docstring")
    title, _, rest = " ".join(refusal.__doc__.split()).partition(". ")
    title = title.rstrip(".")
    return ProblemType(code, status, title, rest or f"{title}.")


def document(
    kind: ProblemType,
    detail: str,
    *,
    instance: str | None = None,
    request_id: str | None = None,
    status: int | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Return the problem document as plain data."""
    found: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": status or kind.status,
        "detail": detail,
        "code": kind.code,
    }
    if instance:
        found["instance"] = instance
    if request_id:
        found["request_id"] = request_id
    return found | members


def response(found: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return the HTTP response that carries a problem document."""
    return Response(
        msgspec.json.encode(found), found["status"], headers=headers, media_type=MEDIA_TYPE
    )


def errors_page(
    services: Mapping[str, Sequence[ProblemType]],
    faults: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return docs/errors.md: every code of the runtime, then of each service, by name.

    `faults` are the codes within `errors` that only one service tells, with their meaning.
    """
    lines = [
        "# Errors",
        "",
        "Every refusal is an RFC 9457 document (`application/problem+json`) with the members",
        "`type`, `title`, `status`, `detail`, `code`, `instance` and `request_id`. The code and",
        "its status never change. This page is generated (`make docs`).",
    ]
    for name, kinds in [("every service", RUNTIME_PROBLEMS), *sorted(services.items())]:
        lines += ["", f"## {name}", "", "| code | status | title | meaning |"]
        lines += ["| --- | --- | --- | --- |"]
        lines += [
            f"| `{k.code}` | {k.status} | {k.title} | {k.meaning} |"
            for k in sorted(kinds, key=lambda k: (k.status, k.code))
        ]
    for name, codes in sorted((faults or {}).items()):
        lines += ["", f"## Faults that {name} tells in `errors`", "", "| code | meaning |"]
        lines += ["| --- | --- |", *(f"| `{code}` | {codes[code]} |" for code in sorted(codes))]
    return "\n".join(lines) + "\n"
