"""A request tried again is done once: its key, what it asked, and what was answered."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from contact_runtime.http.auth import Principal, bearer
from contact_runtime.http.problems import IDEMPOTENCY_KEY_REUSED, Problem
from contact_runtime.rows import Kind, Unit

IdempotencyKey = Annotated[
    str,
    Header(
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="visible ASCII, best a UUID; the same again for the same request",
        examples=["0b7f9a52-1c1e-4b61-9f9a-2b4c4d9e8f10"],
    ),
]


class Remembered(msgspec.Struct, frozen=True):
    """What was asked under a key and what was answered; empty if the key is new."""

    asked: str = ""
    status: int = 0
    body: str = ""


IDEMPOTENCY: Kind[Remembered] = Kind("idempotency", Remembered, lambda key: Remembered())


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered and remembered: a status and a JSON body."""

    status: int
    body: str
    replayed: bool = False

    @classmethod
    def of(cls, status: int, view: BaseModel) -> "Reply":
        """Return the reply that shows `view`."""
        return cls(status, view.model_dump_json())

    def response(self) -> Response:
        """Return it as HTTP; `Idempotency-Replayed: true` if it is the first answer again."""
        headers = {"Idempotency-Replayed": "true"} if self.replayed else None
        return Response(self.body, self.status, headers, "application/json")


@dataclass(frozen=True, slots=True)
class Once:
    """One request as its key knows it. Keys of different principals never meet."""

    row: str
    asked: str

    async def reply(self, unit: Unit, effect: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return what `effect` answers, or what it answered the first time; same transaction.

        An effect that raises is not remembered: a refusal may be otherwise next time.

        Raises:
            Problem: 422, the key was used for another request.
        """
        before = await unit.load(IDEMPOTENCY, self.row)
        if before.asked:
            if before.asked != self.asked:
                raise Problem(IDEMPOTENCY_KEY_REUSED)
            return Reply(before.status, before.body, replayed=True)
        reply = await effect()
        unit.put(IDEMPOTENCY, self.row, Remembered(self.asked, reply.status, reply.body))
        return reply


async def once(
    request: Request,
    principal: Annotated[Principal, Depends(bearer)],
    idempotency_key: IdempotencyKey,
) -> Once:
    """A dependency: the request as its Idempotency-Key knows it.

    The row holds neither the key nor the body. What was asked is an HMAC under the key, so that
    nobody who reads rows can try whose number stood in it, as a plain hash would let them.
    """
    key = idempotency_key.encode()
    row = _row(principal.subject.encode(), key)
    asked = (request.method.encode(), request.url.path.encode(), await request.body())
    return Once(row, hmac.new(key, _joined(*asked), hashlib.sha256).hexdigest())


def _row(*parts: bytes) -> str:
    return hashlib.sha256(_joined(*parts)).hexdigest()


def _joined(*parts: bytes) -> bytes:
    """Return the parts as one, no two sequences of parts as the same."""
    sizes = b",".join(b"%d" % len(part) for part in parts)
    return sizes + b":" + b"".join(parts)
