"""Hints to whoever listens: heartbeats, how queues stand. Lost ones are not missed.

A writer of its own, so that nothing here ever holds up or breaks a decision.
"""

import asyncio
import contextlib

from contact_runtime.log import Entry, Log, LogError, LogWriter, TopicPartition


class Whisper:
    """Says the latest of each key, soon, or never if the log is away."""

    def __init__(self, log: Log) -> None:
        """Say it to `log`."""
        self._log = log
        self._said: dict[TopicPartition, dict[bytes | None, Entry]] = {}
        self._wake = asyncio.Event()

    def say(self, tp: TopicPartition, entry: Entry) -> None:
        """Say it as soon as may be; what was to be said of the same key is left unsaid."""
        self._said.setdefault(tp, {})[entry.key] = entry
        self._wake.set()

    async def run(self) -> None:
        """Say what there is to say, for ever."""
        writer: LogWriter | None = None
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                said, self._said = self._said, {}
                try:
                    writer = writer or await self._log.writer()
                    for tp, entries in said.items():
                        await writer.append(tp, list(entries.values()))
                except LogError:
                    if writer is not None:
                        await writer.close()
                    writer = None
        finally:
            if writer is not None:
                with contextlib.suppress(LogError):
                    await writer.close()
