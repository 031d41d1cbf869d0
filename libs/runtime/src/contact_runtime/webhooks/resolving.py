"""Names to addresses, as the system's resolver has them, so that a slow name stops no other."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AT_ONCE = 32
"""Names looked for at once; the resolver of the system gives one up after some seconds."""

Lookup = Callable[[str, int], Sequence[str]]


def looked_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host.

    Raises:
        OSError: there are none.
    """
    return [str(at[0]) for *_, at in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Resolver:
    """Looks for names in threads of its own; who asks for the same name at once shares one."""

    def __init__(self, lookup: Lookup = looked_up) -> None:
        """Start no thread before it is asked."""
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(AT_ONCE, "webhook-names")
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host.

        Raises:
            OSError: there are none.
        """
        name = (host, port)
        if name not in self._asked:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, self._lookup, host, port)
            self._asked[name] = asked
            asked.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(self._asked[name])

    def _forget(self, name: tuple[str, int], done: asyncio.Future[Any]) -> None:
        del self._asked[name]
        if not done.cancelled():
            done.exception()  # everybody who asked may have given up: then nobody looks at it
