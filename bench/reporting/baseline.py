"""The same contact rows from the same events on Kafka: the service's reader, and quixstreams.

quixstreams keeps state by key within one topic, and events of a call stand on four: for it they are
written to one topic, keyed by call. It makes a shorter row of them, no legs, sums or outbox.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Final

from bench.report import Report
from bench.reporting.events import records
from bench.reporting.folding import empty_store
from contact_events.topics import Topic
from contact_runtime.clock import SystemClock
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.reader import run_reader
from contact_runtime.store import SqlStore
from deploy.local.kafka import LocalKafka, free_ports
from reporting.builds.building import BATCH
from reporting.consumers import READS
from reporting.main import fold
from reporting.tables import READER

EVENTS: Final = int(os.environ.get("BENCH_QUIX_EVENTS", "40000"))
UNDER_WAY: Final = 4_000
LIMIT_S: Final = 170.0
AT_ONCE: Final = 1_000
LOOK_EVERY_S: Final = 0.05
ONE_TOPIC: Final = Topic("bench-events", "bench", "call_id")
QUIXSTREAMS: Final = "quixstreams[postgresql]==3.28.1"
JOB: Final = Path(__file__).with_name("quix_job.py")


async def measure(report: Report, server: EmbeddedPostgres) -> None:
    """Write the events to a Kafka of its own and let each of the two read them."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="polycentre-bench-kafka-"))
    port, controller_port = free_ports(2)
    kafka = LocalKafka(folder, port=port, controller_port=controller_port)
    await asyncio.to_thread(kafka.start, dies_with_us=True)
    try:
        of_calls = await _written(KafkaLog(kafka.bootstrap))
        async with empty_store(server) as store:
            ours = await _ours(KafkaLog(kafka.bootstrap), store)
        theirs = await _theirs(kafka.bootstrap, server, of_calls)
    finally:
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    report.add("contact rows from Kafka, beside quixstreams", ours, "events/s", baseline=theirs)


async def _written(log: KafkaLog) -> int:
    """Write the events to their topics, and once more to one topic; return how many are there."""
    await log.ensure_topics([*READS, ONE_TOPIC], 1)
    writer, of_calls = await log.writer(), 0
    remaining = records(UNDER_WAY, EVENTS)
    while batch := list(islice(remaining, AT_ONCE)):
        by_topic: defaultdict[str, list[Entry]] = defaultdict(list)
        for record in batch:
            entry = Entry(record.key, record.value, record.headers)
            by_topic[record.topic].append(entry)
            if dict(record.headers)["ce_type"].startswith(b"call."):
                by_topic[ONE_TOPIC.name].append(entry)
        of_calls += len(by_topic[ONE_TOPIC.name])
        for topic, entries in by_topic.items():
            if entries:
                await writer.append(TopicPartition(topic, 0), entries)
    await writer.close()
    return of_calls


async def _ours(log: KafkaLog, store: SqlStore) -> float:
    ends, stop = await log.ends(topic.name for topic in READS), asyncio.Event()
    began = time.perf_counter()
    reading = asyncio.create_task(
        run_reader(
            store,
            log,
            reader=READER,
            topics=READS,
            handler=fold,
            clock=SystemClock(),
            stop=stop,
            linger_s=0.0,
            most_records=BATCH,
        )
    )
    while not reading.done():
        at = await store.positions(READER)
        if all(at.get(tp, 0) >= end for tp, end in ends.items()):
            took_s = time.perf_counter() - began
            stop.set()
        await asyncio.wait([reading], timeout=LOOK_EVERY_S)
    await reading
    return sum(ends.values()) / took_s


async def _theirs(bootstrap: str, server: EmbeddedPostgres, events: int) -> float:
    """Return what quixstreams takes a second, in an environment of its own.

    Raises:
        RuntimeError: it could not be run; the message holds what it said.
    """
    server.command("createdb", "quix")
    ran = await asyncio.create_subprocess_exec(
        *("uv", "run", "--no-project", "--python", sys.executable, "--with", QUIXSTREAMS),
        *("python", str(JOB), bootstrap, ONE_TOPIC.name, str(server.port), "quix", str(events)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await asyncio.wait_for(ran.communicate(), LIMIT_S)
    if ran.returncode:
        raise RuntimeError(f"quixstreams: {complaint.decode()[-2_000:]}")
    server.command("dropdb", "--force", "quix")
    told = json.loads(said.splitlines()[-1])
    return float(told["events"] / told["took_s"])
