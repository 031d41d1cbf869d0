"""What a replica tells of itself: heartbeats and hints while it leads, metrics always.

Nothing here is decided from by others, and nothing is missed if it is lost.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contact_events.routing import CallRouted
from contact_events.topics import QUEUE_STATE
from contact_runtime.catalogue import (
    READER_RECORDS,
    ROUTER_DECISIONS,
    ROUTER_EPOCH,
    ROUTER_FOLD_LAG_SECONDS,
    ROUTER_LEADS,
    ROUTER_REFUSES,
    ROUTER_UNFOLDED,
    ROUTER_UNSERVED,
    ROUTER_VOID,
    ROUTER_WAIT_SECONDS,
    ROUTER_WAITING,
)
from contact_runtime.clock import Clock
from contact_runtime.log import Record, TopicPartition
from contact_runtime.metrics import Metrics
from router import heartbeats
from router.codec import entry_of
from router.hints import EVERY_S as HINTS_EVERY_S
from router.hints import Hints
from router.leader import Batch, Leader
from router.replica import Replica
from router.set_aside import READER
from router.whisper import Whisper


@dataclass(slots=True)
class Led:
    """What the shell keeps of one leadership. Times are machine seconds."""

    leader: Leader
    hints: Hints
    decided_at: float
    beaten_at: float = 0.0
    hinted_at: float = 0.0


class Telling:
    """Tells of one replica."""

    def __init__(
        self,
        replica: Replica,
        partition: int,
        *,
        whisper: Whisper,
        metrics: Metrics,
        clock: Clock,
        machine: Callable[[], float],
    ) -> None:
        """Tell by `whisper` and in `metrics`."""
        self._replica = replica
        self._partition = partition
        self._whisper = whisper
        self._metrics = metrics
        self._clock = clock
        self._machine = machine
        self._void = 0

    def leads(self, leads: bool) -> None:
        """Tell whether it leads."""
        self._metrics.set(ROUTER_LEADS, to=float(leads))

    def beat(self, led: Led) -> None:
        """Give a sign of life, if it is time."""
        now = self._machine()
        if now - led.beaten_at >= heartbeats.EVERY_S:
            led.beaten_at = now
            beat = heartbeats.heartbeat(self._replica.pool, self._replica.leadership)
            self._whisper.say(heartbeats.place(self._partition), beat)

    def hint(self, led: Led) -> None:
        """Tell how the queues stand, if it is time and where it changed."""
        now = self._machine()
        if now - led.hinted_at < HINTS_EVERY_S:
            return
        led.hinted_at = now
        at = TopicPartition(QUEUE_STATE.name, self._partition)
        for envelope in led.hints.changed(led.leader.indexes, self._clock.now()):
            self._whisper.say(at, entry_of(envelope))
        unserved = led.leader.indexes.unserved()
        for queue_id, line in led.leader.indexes.lines.items():
            self._metrics.set(ROUTER_WAITING, queue_id, to=float(len(line.since)))
            self._metrics.set(ROUTER_UNSERVED, queue_id, to=float(unserved.get(queue_id, 0)))

    def decided(self, batch: Batch) -> None:
        """Count the decisions of a turn."""
        for decision in batch.decisions:
            self._metrics.add(ROUTER_DECISIONS, type(decision).__name__)
            if isinstance(decision, CallRouted):
                queue_id = decision.queue_id or "named agent"
                self._metrics.observe(ROUTER_WAIT_SECONDS, queue_id, value=decision.why.waited_s)

    def folded(self, records: Sequence[Record], refuses: bool) -> None:
        """Count what was read, and tell how far behind the fold is."""
        for topic, count in Counter(record.topic for record in records).items():
            self._metrics.add(READER_RECORDS, READER, topic, "taken", amount=count)
        if records:
            newest = max(record.timestamp_ms for record in records)
            lag_s = max(0.0, time.time() - newest / 1000)
            self._metrics.observe(ROUTER_FOLD_LAG_SECONDS, value=lag_s)
        replica = self._replica
        self._metrics.set(ROUTER_UNFOLDED, to=float(replica.unfolded))
        self._metrics.set(ROUTER_EPOCH, to=float(replica.leadership.epoch))
        self._metrics.set(ROUTER_REFUSES, to=float(refuses))
        self._metrics.add(ROUTER_VOID, amount=replica.void - self._void)
        self._void = replica.void
