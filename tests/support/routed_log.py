"""The topic `routed` as it grows: what counts, what is void, who led when, by machine time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from contact_events.envelope import Decoded, decode
from contact_events.partitions import partition_of
from contact_events.registry import Event
from contact_events.routing import Decision, RouterEpochStarted, RouterProgress
from contact_events.topics import ROUTED
from contact_events.validity import NOBODY, Leadership, admit
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import LogReader, TopicPartition
from tests.support.wait import until

POOL = "main"


@dataclass(frozen=True, slots=True)
class Said:
    """One record: where it stands, whether it counts, and when its writer wrote it."""

    offset: int
    event: Event
    counts: bool
    at_s: float

    @property
    def pair(self) -> tuple[int, str]:
        """Return who said it: epoch and owner."""
        assert isinstance(self.event, Decision | RouterEpochStarted)
        return self.event.epoch, self.event.owner

    @property
    def replica(self) -> str:
        """Return the process that said it: an owner is a replica's name and a number."""
        return replica_of(self.pair[1])

    @property
    def decides(self) -> bool:
        """Tell whether it is a valid decision."""
        return self.counts and isinstance(self.event, Decision)

    @property
    def claims(self) -> bool:
        """Tell whether it is a valid claim."""
        return self.counts and isinstance(self.event, RouterEpochStarted)

    @property
    def leaves(self) -> bool:
        """Tell whether a leader says that it leaves."""
        return self.counts and isinstance(self.event, RouterProgress) and self.event.leaving


def replica_of(owner: str) -> str:
    """Return the name of the process whose claim this was."""
    return owner.rpartition(".")[0]


@dataclass
class RoutedLog:
    """All that was said on the pool's partition so far."""

    reader: LogReader
    said: list[Said] = field(default_factory=list)
    leadership: Leadership = NOBODY

    @classmethod
    async def open(cls, bootstrap: str, partitions: int) -> "RoutedLog":
        """Read from the beginning."""
        at = TopicPartition(ROUTED.name, partition_of(POOL, partitions))
        return cls(await KafkaLog(bootstrap).reader({at: 0}))

    async def read(self) -> int:
        """Take what has come; return the next offset."""
        while records := await self.reader.read(timeout_s=0.02):
            for record in records:
                decoded = decode(record.value)
                assert isinstance(decoded, Decoded)
                event = decoded.envelope.data
                self.leadership, counts = admit(self.leadership, event)
                self.said.append(Said(record.offset, event, counts, record.timestamp_ms / 1000))
        return self.said[-1].offset + 1 if self.said else 0

    async def close(self) -> None:
        """Read no more."""
        await self.reader.close()

    async def until(
        self, what: str, condition: Callable[[Said], bool], *, after: int, limit_s: float = 60.0
    ) -> Said:
        """Wait for the first record from offset `after` on of which the condition is true."""

        async def found() -> Said | None:
            await self.read()
            return next((s for s in self.said if s.offset >= after and condition(s)), None)

        said = await until(what, found, limit_s=limit_s)
        assert said is not None
        return said

    async def decides_after(self, at_s: float, *, after: int, limit_s: float = 60.0) -> Said:
        """Wait for the first valid decision that was written after this time."""
        return await self.until(
            "a valid decision",
            lambda said: said.decides and said.at_s >= at_s,
            after=after,
            limit_s=limit_s,
        )


def now_s() -> float:
    """Return the time by which Kafka's records are stamped on this machine."""
    return time.time()
