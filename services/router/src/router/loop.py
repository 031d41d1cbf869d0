"""The decision loop: reads, folds, decides, beats and judges silence, in one task.

A second task appends what was decided, so that reading goes on while a batch is on its way.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from contact_events.routing import CallRouted
from contact_events.topics import QUEUE_STATE, ROUTED, ROUTING_CONFIG
from contact_runtime.clock import Clock
from contact_runtime.log import Log, LogError, LogReader, Record, TopicPartition, Unavailable
from contact_runtime.metrics import (
    READER_RECORDS,
    ROUTER_CLAIMS,
    ROUTER_DECISIONS,
    ROUTER_EPOCH,
    ROUTER_FAILURES,
    ROUTER_LEADS,
    ROUTER_READ_BACK_SECONDS,
    ROUTER_TURN_SECONDS,
    ROUTER_VOID,
    ROUTER_WAIT_SECONDS,
    ROUTER_WAITING,
    Metrics,
)
from router import heartbeats
from router.codec import claim_envelope, decision_envelope, entry_of, fact_of
from router.domain.state import INPUTS
from router.hints import EVERY_S as HINTS_EVERY_S
from router.hints import Hints
from router.leader import Batch, Leader
from router.orders import Orders
from router.replica import Replica
from router.sending import Outgoing, Sender
from router.set_aside import READER, SetAside
from router.silence import ANSWERING_S, Silence
from router.whisper import Whisper

READ_LIMIT_S: Final = 0.05
"""Machine seconds that a read waits for a record: how often time alone is looked at."""

PAUSE_S: Final = 0.2
"""Machine seconds before a log that did not answer at the start is asked again."""

PROGRESS_S: Final = 1.0
"""Machine seconds without a decision after which the leader says that it lives."""

READ_BACK_LIMIT_S: Final = 5.0
"""Machine seconds in which a batch is read back while the log answers; later is a failure."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Led:
    """What the shell keeps of one leadership."""

    leader: Leader
    hints: Hints
    decided_at: float
    beaten_at: float = 0.0
    hinted_at: float = 0.0


@dataclass
class Loop:
    """One replica of the router of `replica.pool`, on a log. Times are machine seconds."""

    replica: Replica
    log: Log
    partition: int
    clock: Clock
    orders: Orders
    metrics: Metrics
    machine: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    caught_up: bool = False
    _led: _Led | None = None
    _ends: dict[str, int] = field(default_factory=dict)
    _void: int = 0
    _life: int = 0
    _sent_at: float = 0.0

    def __post_init__(self) -> None:
        """Make the parts that need no connection."""
        self.silence = Silence(self.draw)
        self.whisper = Whisper(self.log)
        self.set_aside = SetAside(self.log)
        self.sender = Sender(self.log, self._at(ROUTED.name), done=self._turn, failed=self._failed)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set.

        Raises:
            LogError: the log cannot be read any more; the process is to end and start again.
        """
        reading = self._read(stop)
        beside = (self.sender.run(), self.whisper.run(), self.set_aside.run())
        await _until_first(reading, *beside)
        await self.orders.close()

    def _at(self, topic: str) -> TopicPartition:
        return TopicPartition(topic, self.partition)

    async def _read(self, stop: asyncio.Event) -> None:
        reader = await self._open()
        try:
            while not stop.is_set():
                records = await reader.read(timeout_s=READ_LIMIT_S)
                for record in records:
                    self._take(record)
                self._count(records)
                self._step(reader.unheard_s())
                await asyncio.sleep(0)  # a read with a full buffer never lets others run
        finally:
            await reader.close()

    async def _open(self) -> LogReader:
        """Return a reader from the beginning; of heartbeats only new ones are of use."""
        topics, beats = (*INPUTS, ROUTED.name), heartbeats.place(self.partition)
        while True:
            try:
                ends = await self.log.ends((*topics, heartbeats.TOPIC))
                self._ends = {topic: ends[self._at(topic)] for topic in topics}
                positions = {self._at(topic): 0 for topic in topics}
                return await self.log.reader({**positions, beats: ends[beats]})
            except Unavailable as error:
                log.warning("cannot read the log yet", extra={"why": str(error)})
                await asyncio.sleep(PAUSE_S)

    def _take(self, record: Record) -> None:
        replica = self.replica
        if record.topic == heartbeats.TOPIC:
            if heartbeats.is_life(record, replica.pool, replica.leadership):
                self.silence.broken()
            return
        fact, poison = fact_of(record, replica.pool)
        if poison is not None:
            self.set_aside.add(record, poison)
            self.metrics.add(READER_RECORDS, READER, record.topic, "poison")
        if record.topic == ROUTING_CONFIG.name:
            self.orders.see(fact)
        flying = replica.leader and replica.leader.in_flight
        replica.read(fact)
        if flying and replica.leader and replica.leader.in_flight is None:
            self.metrics.observe(ROUTER_READ_BACK_SECONDS, value=self.machine() - self._sent_at)

    def _step(self, unheard_s: float) -> None:
        """Do what is to be done after a read, whether or not anything was read."""
        self._look_who_leads()
        if self._led is None:
            self._judge(unheard_s)
            return
        self.silence.look(self.machine(), unheard_s)
        self._turn()
        self._beat()
        self._hint()
        if self._overdue(unheard_s):
            self._failed(LogError("a batch was not read back in time"))

    def _look_who_leads(self) -> None:
        replica = self.replica
        if not self.caught_up and all(replica.read_to[t] >= end for t, end in self._ends.items()):
            self.caught_up = True
            self.orders.caught_up()
        if replica.life != self._life:
            self._life = replica.life
            self.silence.broken()
        leader = replica.leader
        if leader is (self._led.leader if self._led else None):
            return
        self.set_aside.lead(leader is not None)
        self.metrics.set(ROUTER_LEADS, to=float(leader is not None))
        extra = {"epoch": replica.leadership.epoch, "owner": replica.leadership.owner}
        log.info("leads" if leader else "follows", extra=extra)
        hints = Hints(replica.pool, replica.leadership.epoch)
        self._led = _Led(leader, hints, self.machine()) if leader else None

    def _judge(self, unheard_s: float) -> None:
        """Claim the next epoch if nobody ever led, or was heard to lead for long enough."""
        silent = self.silence.look(self.machine(), unheard_s)
        epoch = self.replica.leadership.epoch
        first = epoch == 0 and not self.replica.claiming
        if (silent or first) and self.caught_up and self.sender.idle:
            self._claim(epoch)

    def _claim(self, judged: int) -> None:
        claim = self.replica.claim(judged)
        if claim is None:
            return
        self.silence.broken()
        self.metrics.add(ROUTER_CLAIMS)
        log.info("claims", extra={"epoch": claim.epoch, "owner": claim.owner})
        self._send([claim_envelope(claim, self.clock.now())])

    def _turn(self) -> None:
        """Decide and send, unless the last batch is still on its way or not read back."""
        led = self._led
        if led is None or led.leader is not self.replica.leader or not self.sender.idle:
            return
        began = self.machine()
        alive = began - led.decided_at >= PROGRESS_S
        batch = self.replica.turn(self.clock.now(), alive=alive)
        if batch is None:
            return
        led.decided_at = began
        self._send([decision_envelope(d, led.leader.state) for d in batch.decisions])
        self.metrics.observe(ROUTER_TURN_SECONDS, value=self.machine() - began)
        self._tell(batch)

    def _send(self, envelopes: list[Any]) -> None:
        self._sent_at = self.machine()
        after = self.replica.read_to[ROUTED.name]
        self.sender.send(Outgoing([entry_of(envelope) for envelope in envelopes], after))

    def _failed(self, error: LogError) -> None:
        """Throw the leader's state away after an own failure, and claim the next epoch."""
        self.metrics.add(ROUTER_FAILURES)
        log.warning("steps down after a failure of its own", extra={"why": str(error)})
        judged = self.replica.step_down()
        self._look_who_leads()
        if self.sender.idle:
            self._claim(judged)

    def _overdue(self, unheard_s: float) -> bool:
        leader = self.replica.leader
        late = self.machine() - self._sent_at > READ_BACK_LIMIT_S
        waits = leader is not None and leader.in_flight is not None and self.sender.idle
        return waits and late and unheard_s < ANSWERING_S

    def _beat(self) -> None:
        led, now = self._led, self.machine()
        if led and now - led.beaten_at >= heartbeats.EVERY_S:
            led.beaten_at = now
            beat = heartbeats.heartbeat(self.replica.pool, self.replica.leadership)
            self.whisper.say(heartbeats.place(self.partition), beat)

    def _hint(self) -> None:
        led, now = self._led, self.machine()
        if led and now - led.hinted_at >= HINTS_EVERY_S:
            led.hinted_at = now
            for envelope in led.hints.changed(led.leader.indexes, self.clock.now()):
                self.whisper.say(self._at(QUEUE_STATE.name), entry_of(envelope))
            for queue_id, line in led.leader.indexes.lines.items():
                self.metrics.set(ROUTER_WAITING, queue_id, to=float(len(line.since)))

    def _tell(self, batch: Batch) -> None:
        for decision in batch.decisions:
            self.metrics.add(ROUTER_DECISIONS, type(decision).__name__)
            if isinstance(decision, CallRouted):
                queue_id = decision.queue_id or "named agent"
                self.metrics.observe(ROUTER_WAIT_SECONDS, queue_id, value=decision.why.waited_s)

    def _count(self, records: list[Record]) -> None:
        for topic, count in Counter(record.topic for record in records).items():
            self.metrics.add(READER_RECORDS, READER, topic, "taken", amount=count)
        self.metrics.set(ROUTER_EPOCH, to=float(self.replica.leadership.epoch))
        self.metrics.add(ROUTER_VOID, amount=self.replica.void - self._void)
        self._void = self.replica.void


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
