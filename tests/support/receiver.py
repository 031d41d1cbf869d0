"""An integrator's HTTP server on loopback: keeps what it was sent, answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        """The payload, unverified."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def verified(self, secret: str) -> dict[str, Any]:
        """Return the payload, its signature verified by an implementation that is not ours."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return found


Answer = Callable[[Message], bytes | None]
"""What is written back to a message; None: nothing, and the connection is held open."""


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """Return an answer of this status."""
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Receiver:
    """What was received; `answers` are given one after the other, the last one for ever.

    One that `hangs_up` closes the connection after each answer.
    """

    def __init__(self) -> None:
        self.port = 0
        self.hangs_up = False
        self.messages: list[Message] = []
        self.answers: list[Answer] = [lambda message: status(204)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def answering(self, *codes: int) -> None:
        """Answer these statuses, one after the other, and the last one for ever."""
        self.answers = [lambda message, code=code: status(code) for code in codes]  # type: ignore[misc]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take messages from one connection until it ends."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                message = Message(first.split(" ")[1], headers, body)
                self.messages.append(message)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                said = answer(message)
                if said is not None:
                    writer.write(said)
                    await writer.drain()
                if self.hangs_up:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def on_this_machine(host: str, port: int) -> Sequence[str]:
    """Return the address of a host that is one of this machine's; others are not looked for."""
    plain = host.strip("[]")
    if host == "localhost" or plain.startswith(("127.", "::")):
        return ["127.0.0.1" if host == "localhost" else plain]
    raise OSError(f"{host} is not this machine")


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Serve on a free port of loopback while the block is open."""
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
