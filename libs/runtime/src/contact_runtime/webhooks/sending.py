"""One attempt to deliver a webhook: a POST, checked where it connects, bounded in every way.

`httpcore` follows no redirect and knows no proxy, cookie or environment. The name is resolved
here, each address is checked here, and what was checked is what is connected to: an answer of
the resolver that changes between the two (DNS rebinding) cannot be.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import httpcore

from contact_runtime.webhooks.addresses import Network, may_connect
from contact_runtime.webhooks.resolving import Resolver

LIMIT_S = 15.0
"""Machine seconds for one attempt, from resolving the name to the end of the answer."""

CONNECT_LIMIT_S = 5.0
MOST_ANSWERED = 16 * 1024
"""Bytes of the answer's body that are read; nothing of them is kept."""

USER_AGENT = "polycentre-webhooks/1"

Failure = Literal[
    "address_refused",
    "connection_failed",
    "name_not_found",
    "timed_out",
    "broken_answer",
    "refused",
    "redirected",
]
"""Why an attempt failed: the last two are what the receiver answered."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: the status that was answered, if any, and why it failed."""

    status: int | None = None
    failure: Failure | None = None


class _Refused(Exception):
    """No address of the host may be connected to."""


class _NotFound(Exception):
    """The host's name leads nowhere."""


class Sender:
    """Posts webhooks. One for a process; it keeps connections for a moment."""

    def __init__(
        self,
        networks: Sequence[Network] = (),
        *,
        resolve: Resolve | None = None,
        limit_s: float = LIMIT_S,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Let it reach public addresses and those within `networks`, these also unencrypted."""
        self.unencrypted = bool(networks)
        """Whether anything may be sent to unencrypted."""
        self._limit_s = limit_s
        names = resolve or Resolver()
        context = ssl_context or ssl.create_default_context()
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=None,
                keepalive_expiry=10.0,
                network_backend=_Checked(networks, names, secure=scheme == "https"),
            )
            for scheme in ("https", "http")
        }

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Return what became of one attempt; it raises nothing that a receiver could cause."""
        try:
            async with asyncio.timeout(self._limit_s):
                status = await self._post(url, headers, body)
        except _Refused:
            return Outcome(failure="address_refused")
        except _NotFound:
            return Outcome(failure="name_not_found")
        except (TimeoutError, httpcore.TimeoutException):
            return Outcome(failure="timed_out")
        except (httpcore.ConnectError, ssl.SSLError):
            return Outcome(failure="connection_failed")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            return Outcome(failure="broken_answer")
        return Outcome(status, _failure_of(status))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        at = urlsplit(url)
        told = {"host": at.netloc, "user-agent": USER_AGENT, **headers}
        limits = {"timeout": {"connect": CONNECT_LIMIT_S}}
        async with self._pools[at.scheme].stream(
            "POST", url, headers=[*told.items()], content=body, extensions=limits
        ) as answer:
            read = 0
            async for part in answer.aiter_stream():
                read += len(part)
                if read > MOST_ANSWERED:
                    break
            return answer.status

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()


def _failure_of(status: int) -> Failure | None:
    if 200 <= status < 300:
        return None
    return "redirected" if 300 <= status < 400 else "refused"


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to an address that was checked, never to a name."""

    def __init__(self, networks: Sequence[Network], resolve: Resolve, *, secure: bool) -> None:
        self._networks = networks
        self._resolve = resolve
        self._secure = secure
        self._beneath = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that may be and can be connected to."""
        failed: Exception = _Refused(host)
        for address in await self._addresses(host, port):
            if not may_connect(address, self._networks, secure=self._secure):
                continue
            try:
                return await self._beneath.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as why:
                failed = why
        raise failed

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise _NotFound(host) from None

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore wants it of a backend."""
        await asyncio.sleep(seconds)
