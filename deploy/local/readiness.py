"""Whether a part of the system is ready to serve: asked over its port, without waiting long."""

import asyncio
import contextlib
from pathlib import Path

from deploy.local.processes import Ready

ANSWER_LIMIT_S = 2.0


def http_ok(host: str, port: int, path: str = "/readyz") -> Ready:
    """Return a question that is yes while `GET path` is answered with 200."""

    async def ask() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return b" 200 " in await _status_line(host, port, path)
        return False

    return ask


async def _status_line(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()


def says(log: Path, words: str) -> Ready:
    """Return a question that is yes once `words` were written to `log` after this call."""
    began = log.stat().st_size if log.exists() else 0

    async def ask() -> bool:
        return words.encode() in _bytes_from(log, began)

    return ask


def _bytes_from(log: Path, offset: int) -> bytes:
    if not log.exists():
        return b""
    with log.open("rb") as written:
        written.seek(offset)
        return written.read()
