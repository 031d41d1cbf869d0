"""The log as far as a build may read it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from contact_events.topics import Topic
from contact_runtime.log import Log, LogReader, LogWriter, Record, TopicPartition


class _Timed(msgspec.Struct):
    time: Annotated[datetime, msgspec.Meta(tz=True)]


_TIMED = msgspec.json.Decoder(_Timed)


class BoundedLog:
    """A log that ends at `until`, and in each partition before the first event after `moment`."""

    def __init__(
        self, log: Log, until: Mapping[TopicPartition, int], moment: datetime | None = None
    ) -> None:
        """Bound `log`; `until` tells every partition that is read."""
        self._log = log
        self.until = dict(until)
        """Where it ends, lowered as events after the moment are found."""
        self.moment = moment

    async def reader(
        self, positions: Mapping[TopicPartition, int], *, ahead: bool = True
    ) -> LogReader:
        """Return a reader of these partitions that gives nothing beyond the bounds."""
        return _BoundedReader(await self._log.reader(positions, ahead=ahead), self)

    async def writer(self) -> LogWriter:
        """Return a new writer."""
        return await self._log.writer()

    async def ensure_topics(self, topics: Iterable[Topic], partitions: int) -> None:
        """Create what is missing of `topics`."""
        await self._log.ensure_topics(topics, partitions)

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the first offset that is still kept of every partition of `topics`."""
        return await self._log.starts(topics)

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of every partition of `topics`."""
        return await self._log.ends(topics)

    def holds(self, record: Record) -> bool:
        """Tell whether the record lies within the bounds; the first that does not is a bound."""
        tp = TopicPartition(record.topic, record.partition)
        if record.offset >= self.until[tp]:
            return False
        if self.moment is not None and _later(record, self.moment):
            self.until[tp] = record.offset
            return False
        return True


class _BoundedReader:
    def __init__(self, reader: LogReader, log: BoundedLog) -> None:
        self._reader = reader
        self._bounds = log
        self.seek = reader.seek
        self.ends = reader.ends
        self.unheard_s = reader.unheard_s
        self.close = reader.close

    async def read(self, *, max_records: int = 1000, timeout_s: float = 0.1) -> list[Record]:
        """Return the next records within the bounds."""
        records = await self._reader.read(max_records=max_records, timeout_s=timeout_s)
        return [record for record in records if self._bounds.holds(record)]


def _later(record: Record, moment: datetime) -> bool:
    try:
        return _TIMED.decode(record.value or b"").time > moment
    except msgspec.DecodeError:
        return False  # set aside by the reader, at whatever time it was
