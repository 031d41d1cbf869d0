"""The decision loop: reads, folds, decides, beats and judges silence, in one task.

A second task appends what was decided, so that reading goes on while a batch is on its way.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contact_events.topics import ROUTED, ROUTING_CONFIG
from contact_runtime.catalogue import (
    READER_RECORDS,
    ROUTER_CLAIMS,
    ROUTER_DECIDE_SECONDS,
    ROUTER_FAILURES,
    ROUTER_READ_BACK_SECONDS,
    ROUTER_TURN_SECONDS,
)
from contact_runtime.clock import Clock
from contact_runtime.log import Log, LogError, Record, TopicPartition
from contact_runtime.metrics import Metrics
from router import heartbeats
from router.candidacy import Candidacy
from router.codec import claim_envelope, decision_envelope
from router.hints import Hints
from router.leader import Batch
from router.orders import Orders
from router.replica import Replica
from router.resuming import Resuming
from router.sending import Outgoing, Sender
from router.sent import Sent
from router.set_aside import READER, SetAside
from router.silence import ANSWERING_S, Silence
from router.snapshot_store import SnapshotStore
from router.snapshotting import Snapshotting
from router.telling import Led, Telling
from router.whisper import Whisper

READ_LIMIT_S: Final = 0.05
"""Machine seconds that a read waits for a record: how often time alone is looked at."""

PROGRESS_S: Final = 1.0
"""Machine seconds without a decision after which the leader says that it lives."""

READ_BACK_LIMIT_S: Final = 5.0
"""Machine seconds in which a batch is read back while the log answers; later is a failure."""

LEAVE_LIMIT_S: Final = 1.0
"""Machine seconds that a leader told to stop has to say that it leaves."""

FOREIGN_WAIT_S: Final = 30.0

log = logging.getLogger(__name__)


@dataclass
class Loop:
    """One replica of the router of `replica.pool`, on a log. Times are machine seconds.

    `leaving` tells that the process is about to stop: who leads hands over at once.
    """

    replica: Replica
    log: Log
    partition: int
    clock: Clock
    orders: Orders
    metrics: Metrics
    leaving: Callable[[], bool] = lambda: False
    foreign_wait_s: float = FOREIGN_WAIT_S
    machine: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    caught_up: bool = False
    _led: Led | None = None
    _ends: dict[str, int] = field(default_factory=dict)
    _life: int = 0
    _sent_at: float = 0.0
    _leaves_since: float | None = None
    _refused: str | None = None

    def __post_init__(self) -> None:
        """Make the parts that need no connection."""
        replica, metrics = self.replica, self.metrics
        self.silence = Silence(self.draw)
        self.candidacy = Candidacy(replica, self.foreign_wait_s)
        self.whisper = Whisper(self.log)
        self.telling = Telling(
            *(replica, self.partition),
            whisper=self.whisper,
            metrics=metrics,
            clock=self.clock,
            machine=self.machine,
        )
        self.set_aside = SetAside(self.log)
        self.sent = Sent(replica.pool)
        self.sender = Sender(self.log, self._at(ROUTED.name), done=self._say, failed=self._failed)
        store = SnapshotStore(self.log, self.partition, replica.pool, replica.code_version)
        self.resuming = Resuming(self.log, self.partition, replica, store, metrics)
        self.snapshotting = Snapshotting(
            store, metrics, leads=lambda: self._led is not None, draw=self.draw
        )

    @property
    def refusal(self) -> str | None:
        """Return why this replica stands by without claiming, if it does."""
        return self.candidacy.refusal

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; who leads by then leaves in good order.

        Raises:
            LogError: the log cannot be read any more; the process is to end and start again.
        """
        reading = self._read(stop)
        beside = (self.sender.run(), self.whisper.run(), self.set_aside.run())
        await _until_first(reading, *beside, self.snapshotting.run())
        await self.orders.close()

    def _at(self, topic: str) -> TopicPartition:
        return TopicPartition(topic, self.partition)

    async def _read(self, stop: asyncio.Event) -> None:
        reader, self._ends = await self.resuming.open()
        try:
            while not (stop.is_set() and self._gone()):
                if self._leaves_since is None and (stop.is_set() or self.leaving()):
                    self._leaves_since = self.machine()
                records = await reader.read(timeout_s=READ_LIMIT_S)
                for record in records:
                    self._take(record)
                self.telling.folded(records, self.refusal is not None)
                self._step(reader.unheard_s())
                await asyncio.sleep(0)  # a read with a full buffer never lets others run
        finally:
            await reader.close()

    def _has_read(self, ends: Mapping[str, int]) -> bool:
        """Tell whether all up to these ends was read; of documents those before a snapshot, too."""
        read_to = {**self.replica.read_to, ROUTING_CONFIG.name: self.orders.read_to}
        return all(read_to[topic] >= end for topic, end in ends.items())

    def _gone(self) -> bool:
        """Tell whether this replica leads no more, or had its time to say so."""
        since = self._leaves_since
        late = since is not None and self.machine() - since > LEAVE_LIMIT_S
        return late or (self._led is None and self.sender.idle)

    def _take(self, record: Record) -> None:
        replica = self.replica
        if record.topic == heartbeats.TOPIC:
            if heartbeats.is_life(record, replica.pool, replica.leadership):
                self.silence.broken()
            return
        fact, poison = self.sent.fact_of(record)
        if poison is not None:
            self.set_aside.add(record, poison)
            self.metrics.add(READER_RECORDS, READER, record.topic, "poison")
        if record.topic == ROUTING_CONFIG.name:
            self.orders.see(fact)
        if record.offset < replica.read_to[record.topic]:
            return  # within the snapshot
        flying = replica.leader and replica.leader.in_flight
        replica.read(fact)
        if flying and replica.leader and replica.leader.in_flight is None:
            self.metrics.observe(ROUTER_READ_BACK_SECONDS, value=self.machine() - self._sent_at)

    def _step(self, unheard_s: float) -> None:
        """Do what is to be done after a read, whether or not anything was read."""
        self._look_who_leads()
        if self.caught_up:
            self.replica.look()
        if self.caught_up and self.replica.mark is not None:
            self.snapshotting.offer(self.replica.mark)
            self.replica.mark = None
        if self._led is None:
            self._judge(unheard_s)
            return
        self.silence.look(self.machine(), unheard_s)
        self._say()
        if self._leaves_since is None:
            self.telling.beat(self._led)
            self.telling.hint(self._led)
        if self._overdue(unheard_s):
            self._failed(LogError("a batch was not read back in time"))

    def _look_who_leads(self) -> None:
        replica = self.replica
        if not self.caught_up and self._has_read(self._ends):
            self.caught_up = True
            self.orders.caught_up()
        if replica.life != self._life:
            self._life = replica.life
            self.silence.broken()
        leader = replica.leader
        if leader is (self._led.leader if self._led else None):
            return
        self.set_aside.lead(leader is not None)
        self.telling.leads(leader is not None)
        extra = {"epoch": replica.leadership.epoch, "owner": replica.leadership.owner}
        log.info("leads" if leader else "follows", extra=extra)
        hints = Hints(replica.pool, replica.leadership.epoch)
        first_word = self.machine() - PROGRESS_S  # at once: that it leads is news for all
        self._led = Led(leader, hints, first_word) if leader else None

    def _judge(self, unheard_s: float) -> None:
        """Claim the next epoch if nobody leads and this replica may."""
        silent = self.silence.look(self.machine(), unheard_s)
        if not self.caught_up or not self.sender.idle or self._leaves_since is not None:
            return
        if self.candidacy.may_claim(silent=silent, silent_s=self.silence.passed_s):
            self._claim(self.replica.leadership.epoch)
        elif silent and self.refusal != self._refused:
            self._refused = self.refusal
            log.warning("refuses to lead", extra={"why": self.refusal})

    def _claim(self, judged: int) -> None:
        claim = self.replica.claim(judged)
        if claim is None:
            return
        self.silence.broken()
        self.metrics.add(ROUTER_CLAIMS)
        log.info("claims", extra={"epoch": claim.epoch, "owner": claim.owner})
        self._send([claim_envelope(claim, self.clock.now())])

    def _say(self) -> None:
        """Decide and send, unless the last batch is still on its way or not read back."""
        led = self._led
        if led is None or led.leader is not self.replica.leader or not self.sender.idle:
            return
        if led.leader.in_flight is not None:
            return
        if self._leaves_since is not None:
            self._leave(led)
            return
        began = self.machine()
        batch = self.replica.turn(self.clock.now(), alive=began - led.decided_at >= PROGRESS_S)
        if batch is None:
            return
        self.metrics.observe(ROUTER_DECIDE_SECONDS, value=self.machine() - began)
        led.decided_at = began
        self._send_batch(led, batch)
        self.metrics.observe(ROUTER_TURN_SECONDS, value=self.machine() - began)
        self.telling.decided(batch)

    def _leave(self, led: Led) -> None:
        """Say once that nothing more is decided; when that was read back, step down."""
        if self.replica.left:
            self.replica.step_down()
            self._look_who_leads()
        else:
            log.info("leaves", extra={"epoch": self.replica.leadership.epoch})
            self._send_batch(led, led.leader.leave(self.clock.now()))

    def _send_batch(self, led: Led, batch: Batch) -> None:
        self._send([decision_envelope(d, led.leader.state) for d in batch.decisions])

    def _send(self, envelopes: list[Any]) -> None:
        self._sent_at = self.machine()
        after = self.replica.read_to[ROUTED.name]
        self.sender.send(Outgoing(self.sent.entries(envelopes), after))

    def _failed(self, error: LogError) -> None:
        """Throw the leader's state away after an own failure, and claim the next epoch.

        Who was replaced before the failure showed, as after a standstill, steals nothing back.
        """
        self.metrics.add(ROUTER_FAILURES)
        if self.replica.leader is None and not self.replica.claiming:
            log.warning("failed at what is over", extra={"why": str(error)})
            return
        log.warning("steps down after a failure of its own", extra={"why": str(error)})
        judged = self.replica.step_down()
        self._look_who_leads()
        if self.sender.idle and self._leaves_since is None:
            self._claim(judged)

    def _overdue(self, unheard_s: float) -> bool:
        leader = self.replica.leader
        late = self.machine() - self._sent_at > READ_BACK_LIMIT_S
        waits = leader is not None and leader.in_flight is not None and self.sender.idle
        return waits and late and unheard_s < ANSWERING_S


async def _until_first(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all parts until one returns or raises; end the others and raise what was raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
