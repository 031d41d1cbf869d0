"""Records that cannot be decoded: the leader sets them aside, each once, and the pool goes on."""

import asyncio
import logging
from typing import Final

from contact_events.topics import dead_letter_topic
from contact_runtime.log import Entry, Log, LogError, Record, TopicPartition

READER: Final = "router"
PAUSE_S: Final = 1.0
LONGEST_VALUE: Final = 900_000
"""Bytes: more would not fit into the log together with the headers."""

_TOPIC = dead_letter_topic(READER)
_PLACE = ("dead_letter_topic", "dead_letter_partition", "dead_letter_offset")

log = logging.getLogger(__name__)


class SetAside:
    """Keeps what is to be set aside until this replica leads, and what was, out of it."""

    def __init__(self, to: Log) -> None:
        """Set aside on `to`."""
        self._log = to
        self._waiting: list[Entry] = []
        self._leads = asyncio.Event()
        self._found = asyncio.Event()

    def add(self, record: Record, reason: str) -> None:
        """Take a record that cannot be decoded."""
        place = (record.topic, str(record.partition), str(record.offset))
        headers = (
            *record.headers,
            ("dead_letter_reason", reason[:500].encode()),
            *((name, value.encode()) for name, value in zip(_PLACE, place, strict=True)),
        )
        value = (record.value or b"")[:LONGEST_VALUE]
        self._waiting.append(Entry(record.key, value, headers))
        self._found.set()
        log.warning("set aside", extra={"at": "/".join(place), "reason": reason})

    def lead(self, leads: bool) -> None:
        """Let this replica write, or not."""
        if leads:
            self._leads.set()
        else:
            self._leads.clear()

    async def run(self) -> None:
        """Write what is to be set aside while this replica leads, for ever."""
        while True:
            await self._found.wait()
            await self._leads.wait()
            taken, self._waiting = self._waiting, []
            self._found.clear()
            try:
                await self._write(taken)
            except LogError:
                self._waiting = taken + self._waiting
                self._found.set()
                await asyncio.sleep(PAUSE_S)

    async def _write(self, entries: list[Entry]) -> None:
        await self._log.ensure_topics([_TOPIC], 1)
        there = await self._there()
        missing = [entry for entry in entries if _place(entry.headers) not in there]
        if not missing:
            return
        writer = await self._log.writer()
        try:
            for entry in missing:
                await writer.append(TopicPartition(_TOPIC.name, 0), [entry])
        finally:
            await writer.close()

    async def _there(self) -> set[tuple[bytes, ...]]:
        """Return the places of all records that were set aside already."""
        starts, ends = await self._log.starts([_TOPIC.name]), await self._log.ends([_TOPIC.name])
        reader = await self._log.reader(starts)
        places: set[tuple[bytes, ...]] = set()
        left = sum(ends.values()) - sum(starts.values())
        try:
            while left > 0:
                records = await reader.read()
                places.update(_place(record.headers) for record in records)
                left -= len(records)
        finally:
            await reader.close()
        return places


def _place(headers: tuple[tuple[str, bytes], ...]) -> tuple[bytes, ...]:
    found = dict(headers)
    return tuple(found.get(name, b"") for name in _PLACE)
