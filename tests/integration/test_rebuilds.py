"""Tables folded beside the live ones: they end as the fold of the log, however they got there."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from contact_events.envelope import encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_runtime.clock import SystemClock
from contact_runtime.database import connect
from contact_runtime.errors import Transient
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.migrate import migrate
from contact_runtime.reader import Received, RecordHandler, run_reader
from contact_runtime.rows import Unit
from contact_runtime.store import SqlStore
from deploy.local.kafka import LocalKafka
from reporting.audit import Audit
from reporting.builds.asked import AsOfAhead, AsOfUnreadable
from reporting.builds.building import SOURCE, Builder, builds_in
from reporting.builds.orders import MOST_KEPT, MOST_UNDER_WAY, Build, Builds, TooManyBuilds
from reporting.consumers import READS
from reporting.domain.audit.findings import Patience, Seen
from reporting.held_tables import held
from reporting.main import fold
from reporting.tables import READER
from tests.support.busy_day import busy_day, interleaved
from tests.support.histories import plain_call
from tests.support.wait import until

pytestmark = pytest.mark.postgres

LIMIT_S = 60.0


@dataclass
class Centre:
    """A log, the live tables, and whoever folds it."""

    url: str
    log: MemoryLog
    store: SqlStore
    builds: Builds

    async def write(self, seens: Iterable[Seen]) -> None:
        writer = await self.log.writer()
        for seen in seens:
            at = TopicPartition(seen.place.topic, 0)
            await writer.append(at, [Entry(b"k", encode(seen.envelope))])

    async def live(self, stop: asyncio.Event, most: int = 7) -> None:
        await run_reader(
            self.store,
            self.log,
            reader=READER,
            topics=READS,
            handler=fold,
            clock=SystemClock(),
            stop=stop,
            most_records=most,
        )

    async def caught_up(self) -> None:
        """Have the live tables fold the whole log."""
        stop = asyncio.Event()
        folding = asyncio.create_task(self.live(stop))
        ends = await self.log.ends([topic.name for topic in READS])

        async def there() -> bool:
            return await self.store.positions(READER) == ends

        await until("the live tables to hold the log", there, limit_s=LIMIT_S)
        stop.set()
        await folding

    async def findings(self) -> list[str]:
        async with self.store.engine.connect() as connection:
            tables_held = await held(connection)
        report = await Audit(self.log).report(tables_held, Patience())
        return [str(finding) for finding in report.findings if finding.invariant == "I4"]

    def builder(self, handler: RecordHandler = fold, batch: int = 5) -> Builder:
        return Builder(self.url, self.log, SystemClock(), handler, batch=batch)

    async def built(self, build: Build) -> Build:
        """Carry out what is ordered until the build is done."""
        builder, stop = self.builder(), asyncio.Event()
        working = asyncio.create_task(builder.run(stop))

        async def done() -> bool:
            return (await self.builds.get(build.build_id)).state == "done"

        try:
            await until("the build to be done", done, limit_s=LIMIT_S)
            return await self.builds.get(build.build_id)
        finally:
            stop.set()
            await working
            await builder.close()

    async def ask(self, question: str) -> list[tuple[object, ...]]:
        async with self.store.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question))]

    async def change(self, statement: str) -> None:
        async with self.store.engine.begin() as connection:
            await connection.execute(text(statement))


@pytest.fixture
async def centre(postgres_url: str) -> AsyncIterator[Centre]:
    await migrate("reporting", postgres_url)
    log, store = MemoryLog(), SqlStore(connect(postgres_url), source=SOURCE)
    await log.ensure_topics(READS, 1)
    yield Centre(postgres_url, log, store, builds_in(store.engine, log))
    await store.close()


def stuck_after(batches: int, stuck: asyncio.Event) -> RecordHandler:
    """Return a fold that comes so far and then to nothing more, in the midst of a transaction."""
    left = [batches]

    async def handle(unit: Unit, batch: Sequence[Received]) -> None:
        await fold(unit, batch)
        left[0] -= 1
        if left[0] < 0:
            stuck.set()
            await asyncio.Event().wait()

    return handle


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_rebuild_under_load_that_is_killed_on_its_way_ends_as_the_fold(
    centre: Centre, seed: int
) -> None:
    rnd = random.Random(seed)
    story = busy_day(rnd, 14)
    for seen in rnd.sample(story.log, len(story.log) // 3):
        story.repeat(seen.envelope)
    log = interleaved(rnd, story.log)
    half = len(log) // 2
    await centre.write(log[:half])
    stop = asyncio.Event()
    live = asyncio.create_task(centre.live(stop))
    build = await centre.builds.rebuild("ann")
    stuck = asyncio.Event()
    builder = centre.builder(stuck_after(3, stuck))
    killed = asyncio.create_task(builder.build(build, asyncio.Event()))
    async with asyncio.timeout(LIMIT_S):
        await stuck.wait()
    killed.cancel()
    await asyncio.wait([killed])
    await builder.close()
    assert await centre.builds.rebuild("bob") == await centre.builds.get(build.build_id)
    writing = asyncio.create_task(centre.write(log[half:]))
    done = await centre.built(build)
    await writing
    stop.set()
    await live
    await centre.caught_up()
    assert await centre.findings() == []
    assert done.finished_at is not None
    assert await centre.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'build%'") == []


async def test_rows_that_come_out_the_same_keep_their_version_and_others_are_told(
    centre: Centre,
) -> None:
    await centre.write(busy_day(random.Random(3)).log)
    await centre.caught_up()
    versions = "SELECT call_id, row_version, restated_at FROM contacts WHERE call_id <> 'c1'"
    before = sorted(await centre.ask(versions))
    (first,) = await centre.ask("SELECT row_version FROM contacts WHERE call_id = 'c1'")
    await centre.change("UPDATE contacts SET talk_ms = 1 WHERE call_id = 'c1'")
    await centre.change("DELETE FROM contacts_changed")
    await centre.change("DELETE FROM queue_intervals_changed")
    done = await centre.built(await centre.builds.rebuild("ann"))
    ends = await centre.log.ends([topic.name for topic in READS])
    assert done.done == done.total == sum(ends.values())
    assert sorted(await centre.ask(versions)) == before
    (row,) = await centre.ask(
        "SELECT talk_ms, row_version, restated_at = newest.at FROM contacts, newest"
        " WHERE call_id = 'c1'"
    )
    assert row == (60_000, int(str(first[0])) + 1, True)
    assert await centre.ask("SELECT call_id FROM contacts_changed") == [("c1",)]
    assert await centre.ask("SELECT queue_id FROM queue_intervals_changed") == []


async def test_the_live_tables_go_on_from_a_swap(centre: Centre) -> None:
    story = plain_call()
    await centre.write(story.log)
    await centre.built(await centre.builds.rebuild("ann"))
    told = len(story.log)
    story.agent("a1", "Ready")
    await centre.write(story.log[told:])
    await centre.caught_up()
    assert await centre.ask("SELECT status FROM agents_now") == [("Ready",)]
    assert await centre.findings() == []


async def test_tables_as_of_a_position_hold_what_the_log_held_then(centre: Centre) -> None:
    story = plain_call()
    ends = story.ends()
    said = " ".join(f"{topic}/0@{at}" for topic, at in ends.items())
    told = len(story.log)
    story.arrives("c2")
    await centre.write(story.log)
    await centre.caught_up()
    build = await centre.builds.as_of(said, "ann")
    assert build.state == "ordered"
    build = await centre.built(build)
    async with centre.builds.tables(build) as connection:
        then = (await connection.execute(text("SELECT call_id FROM contacts"))).all()
    async with centre.builds.tables(None) as connection:
        now = (await connection.execute(text("SELECT call_id FROM contacts"))).all()
    assert ([row[0] for row in then], len(now)) == (["c1"], 2)
    assert (build.done, build.total) == (told, told)
    again = await centre.builds.as_of(said, "bob")
    assert (again.build_id, again.state) == (build.build_id, "done")


async def test_tables_as_of_a_moment_end_before_the_first_event_after_it(centre: Centre) -> None:
    story = plain_call()
    moment = story.now
    story.passes(60)
    story.arrives("c2")
    await centre.write(story.log)
    await centre.caught_up()
    build = await centre.built(await centre.builds.as_of(moment.isoformat(), "ann"))
    async with centre.builds.tables(build) as connection:
        then = (await connection.execute(text("SELECT call_id FROM contacts"))).all()
    assert [row[0] for row in then] == ["c1"]
    assert build.until is not None
    assert build.until[TopicPartition("call-arrived", 0)] == story.ends()["call-arrived"] - 1


async def test_what_the_log_does_not_hold_yet_cannot_be_asked_for(centre: Centre) -> None:
    story = plain_call()
    await centre.write(story.log)
    await centre.caught_up()
    with pytest.raises(AsOfAhead):
        await centre.builds.as_of((story.now + timedelta(hours=1)).isoformat(), "ann")
    with pytest.raises(AsOfAhead):
        await centre.builds.as_of("call-arrived/0@1000000", "ann")
    for wrong in ("yesterday", "2026-03-02T09:00:00", "call-arrived@5"):
        with pytest.raises(AsOfUnreadable):
            await centre.builds.as_of(wrong, "ann")


async def test_only_so_many_moments_wait_to_be_folded(centre: Centre) -> None:
    await centre.write(busy_day(random.Random(3)).log)
    moments = [f"call-arrived/0@{at}" for at in range(MOST_UNDER_WAY + 1)]
    waiting = [await centre.builds.as_of(said, "ann") for said in moments[:-1]]
    with pytest.raises(TooManyBuilds):
        await centre.builds.as_of(moments[-1], "ann")
    again = await centre.builds.as_of(moments[0], "bob")
    assert again.build_id == waiting[0].build_id
    assert (await centre.builds.rebuild("ann")).state == "ordered"
    await centre.change("UPDATE builds SET state = 'done' WHERE purpose = 'rebuild'")
    await centre.built(waiting[0])
    assert (await centre.builds.as_of(moments[-1], "ann")).state == "ordered"


async def test_of_too_many_moments_the_one_unused_for_longest_goes_unless_just_used(
    centre: Centre,
) -> None:
    for number in range(MOST_KEPT + 1):
        await centre.change(
            "INSERT INTO builds (purpose, state, ordered_by, asked, used_at) "
            f"VALUES ('as_of', 'done', 'ann', '{number}', now() - interval '{60 - number} minutes')"
        )
    old = await centre.builds.outdated()
    assert old is not None and old.asked == "0"
    await centre.change("UPDATE builds SET used_at = now()")
    assert await centre.builds.outdated() is None
    await centre.change("UPDATE builds SET used_at = now() - interval '25 hours' WHERE asked = '7'")
    old = await centre.builds.outdated()
    assert old is not None and old.asked == "7"


async def test_a_swap_waits_for_nobody_who_reads_for_long(centre: Centre) -> None:
    await centre.write(plain_call().log)
    await centre.caught_up()
    build, builder = await centre.builds.rebuild("ann"), centre.builder()
    async with centre.store.engine.connect() as reading:
        await reading.execute(text("SELECT * FROM contacts"))
        with pytest.raises(Transient):
            await builder.build(build, asyncio.Event())
    await builder.close()
    assert (await centre.built(build)).state == "done"
    assert await centre.findings() == []


@pytest.mark.kafka
async def test_the_command_rebuilds_the_tables_from_kafka_and_says_how_far_it_is(
    centre: Centre, empty_kafka: LocalKafka
) -> None:
    log = KafkaLog(empty_kafka.bootstrap)
    await log.ensure_topics(READS, 2)
    writer = await log.writer()
    story = plain_call()
    for seen in story.log:
        envelope = seen.envelope
        place = TopicPartition(seen.place.topic, partition_of(envelope.pool, 2))
        entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
        await writer.append(place, [entry])
    await writer.close()
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "reporting.rebuild", "--bootstrap", empty_kafka.bootstrap),
        *("--database-url", centre.url),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), LIMIT_S)
    finally:
        if running.returncode is None:
            running.kill()
    assert running.returncode == 0, said.decode()
    assert said.decode().splitlines()[-1].startswith("rebuild 1: done, ")
    assert await centre.ask("SELECT call_id, talk_ms FROM contacts") == [("c1", 60_000)]
    ends = await log.ends([topic.name for topic in READS])
    assert await centre.store.positions(READER) == ends
    assert await centre.ask("SELECT done, total FROM builds") == [(len(story.log),) * 2]
