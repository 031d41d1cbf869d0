"""How long a router takes to be where the log is: from its beginning, and from a snapshot.

A million records of calls as they happen (arrived, queued, offered, answered, joined, ended, and
what the agents' slots did) on a real Kafka of its own, decided by the production code while they
are made. The baseline of the snapshot's start is the fold of the whole log in the same run.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bench.report import Report, draw
from contact_events.agents import Slot
from contact_events.answering import CallAnswered
from contact_events.calls import CallConnected, CallDisconnected, CallFlowStep, CallQueued
from contact_events.envelope import Envelope
from contact_events.identity import derived_id
from contact_events.partitions import partition_of
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallRouted
from contact_events.topics import ROUTED, ROUTER_SNAPSHOTS, TOPICS
from contact_runtime.clock import SystemClock
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, LogWriter, TopicPartition
from contact_runtime.metrics import Metrics
from deploy.local.kafka import LocalKafka, free_ports
from router.codec import claim_envelope, decision_envelope, entry_of
from router.domain.state import Fact
from router.loop import Loop
from router.main import build
from router.replica import Replica
from router.snapshots import chunks_of
from router.version import code_version
from tests.support.router_world import POOL, START, agent_changed, arrived, queue, site
from tests.support.wait import until

RECORDS = int(os.environ.get("BENCH_RECORDS", "1000000"))
AGENTS, AT_ONCE, PARTITIONS = 400, 150, 4
PARTITION = partition_of(POOL, PARTITIONS)
BATCH_BYTES = 800_000
LIMIT_S = 1_800.0


class Made:
    """The log as it is made: a leader decides on it, a writer appends it."""

    def __init__(self, writer: LogWriter) -> None:
        """Begin with a claim, a site, a queue and its agents."""
        self.replica = Replica(POOL, "made", code_version(), snapshot_every=10**12)
        self.now, self.records, self._calls = START, 0, 0
        self._writer = writer
        self._numbers: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._waiting: dict[str, list[Entry]] = {}
        claim = self.replica.claim(0)
        assert claim is not None
        self._put(ROUTED.name, claim_envelope(claim, self.now))
        for event in (site("moscow"), queue("sales")):
            self.tell(event)
        for number in range(AGENTS):
            self.tell(agent_changed(f"a{number}"))

    def tell(self, event: Event, stream: str | None = None) -> None:
        """Say what another service, or a person, would say."""
        declared = event_type_of(type(event))
        key = stream or str(getattr(event, declared.key))
        name = f"{declared.topic.owner}/{key}"
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        envelope = Envelope(
            id=derived_id("bench", name, number),
            source=f"/polycentre/{declared.topic.owner}",
            subject=key,
            time=self.now,
            pool=POOL,
            stream=key,
            sequence=number,
            data=event,
        )
        self._put(declared.topic.name, envelope)

    def round(self) -> None:
        """Let some callers ring, be offered, answered and served, all at once."""
        self.now += timedelta(seconds=60)
        for _ in range(AT_ONCE):
            self._calls += 1
            call_id = derived_id("bench-call", self._calls)
            self.tell(arrived(call_id))
            self.tell(CallFlowStep(call_id=call_id, flow_id="main", step="menu"))
            self.tell(CallQueued(call_id=call_id, attempt=1, queue_id="sales"))
        leader = self.replica.leader
        assert leader is not None
        batch = leader.turn(self.now)
        assert batch is not None
        for decision in batch.decisions:
            self._put(ROUTED.name, decision_envelope(decision, leader.state))
        for decision in batch.decisions:
            if isinstance(decision, CallRouted):
                self._serve(decision)

    def _serve(self, offer: CallRouted) -> None:
        about = (offer.call_id, offer.attempt, offer.reservation_id)
        self._slot(offer, "reserved", *about)
        self.tell(
            CallAnswered(
                call_id=offer.call_id,
                attempt=offer.attempt,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
                slot=offer.slot,
            ),
            stream=offer.agent_id,
        )
        self._slot(offer, "talking", *about)
        self.tell(
            CallConnected(
                call_id=offer.call_id,
                attempt=offer.attempt,
                reservation_id=offer.reservation_id,
                agent_id=offer.agent_id,
            )
        )
        self.tell(CallDisconnected(call_id=offer.call_id, attempt=offer.attempt, by="caller"))
        self._slot(offer, "wrap_up", *about)
        self._slot(offer, "free")

    def _slot(
        self,
        offer: CallRouted,
        state: str,
        call_id: str | None = None,
        attempt: int | None = None,
        reservation_id: str | None = None,
    ) -> None:
        slot = Slot(
            slot=0,
            state=state,  # type: ignore[arg-type]
            call_id=call_id,
            attempt=attempt,
            reservation_id=reservation_id,
            last_reservation_id=offer.reservation_id,
        )
        self.tell(agent_changed(offer.agent_id, slots=(slot,)))

    def _put(self, topic: str, envelope: Envelope) -> None:
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        self.replica.read(Fact(topic, offset, envelope))
        self._waiting.setdefault(topic, []).append(entry_of(envelope))
        self.records += 1

    async def append(self) -> None:
        """Append what was made since the last time."""
        for topic, entries in self._waiting.items():
            for batch in _batches(entries):
                await self._writer.append(TopicPartition(topic, PARTITION), batch)
        self._waiting.clear()


def _batches(entries: list[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.value or b"") + 300
        if size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@asynccontextmanager
async def _kafka() -> AsyncIterator[KafkaLog]:
    with tempfile.TemporaryDirectory(prefix="polycentre-coldstart-") as folder:
        port, controller_port = free_ports(2)
        broker = LocalKafka(Path(folder), port=port, controller_port=controller_port)
        await asyncio.to_thread(broker.start, dies_with_us=True)
        try:
            log = KafkaLog(broker.bootstrap, append_timeout_s=60.0)
            await log.ensure_topics(TOPICS, PARTITIONS)
            yield log
        finally:
            await asyncio.to_thread(broker.stop)


async def _make(log: KafkaLog) -> int:
    writer = await log.writer()
    made = Made(writer)
    while made.records < RECORDS:
        draw("records made", made.records, RECORDS)
        made.round()
        await made.append()
    draw("records made", RECORDS, RECORDS)
    await writer.close()
    return made.records


async def _start(log: KafkaLog, *, until_written: bool = False) -> tuple[float, Loop]:
    """Start a router; return how long it took until it had caught up, and the router."""
    stop = asyncio.Event()
    begun = time.perf_counter()
    loop = build(log, SystemClock(), POOL, PARTITIONS, Metrics())
    running = asyncio.create_task(loop.run(stop))
    try:
        await until("a caught-up router", lambda: loop.caught_up, limit_s=LIMIT_S)
        took_s = time.perf_counter() - begun
        if until_written:
            await until("its snapshot", lambda: _written(log), limit_s=LIMIT_S)
    finally:
        stop.set()
        await running
    return took_s, loop


async def _written(log: KafkaLog) -> bool:
    ends = await log.ends([ROUTER_SNAPSHOTS.name])
    return sum(ends.values()) > 0


async def measure(report: Report) -> None:
    """Make the log, and start on it twice: without a snapshot and with the one left by that."""
    async with _kafka() as log:
        records = await _make(log)
        whole_s, first = await _start(log, until_written=True)
        tail_s, _ = await _start(log)
    state = first.replica.follower
    begun = time.perf_counter()
    copied = state.copy()
    copy_s = time.perf_counter() - begun
    chunks = list(chunks_of(copied))
    encode_s = time.perf_counter() - begun - copy_s
    report.add("records in the log", float(records), "records")
    report.add("start from the beginning", whole_s, "s")
    report.add("start from a snapshot and the tail", tail_s, "s", baseline=whole_s)
    report.add("fold, from Kafka", records / whole_s, "records/s")
    report.add("copy of the state, beside the loop", copy_s * 1_000, "ms")
    report.add("encoding of the state, in a thread", encode_s * 1_000, "ms")
    report.add("snapshot", sum(map(len, chunks)) / 2**20, "MB")
    report.note = (
        f"{AGENTS} agents; the tail is what came after the last multiple of 100,000 records: "
        "half of that in the mean. From process start add about a second of imports."
    )
