"""The database is killed and started again under load: nothing is lost, nothing counts twice."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.intake import Intake
from contact_events.topics import CALL_ARRIVED
from contact_runtime import embedded
from contact_runtime.batcher import CommandBatcher
from contact_runtime.clock import StoppedClock
from contact_runtime.database import connect
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.errors import Transient
from contact_runtime.execute import execute
from contact_runtime.lease import lead
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.reader import Received, run_reader
from contact_runtime.relay import run_relay
from contact_runtime.rows import Unit
from contact_runtime.store import SqlStore
from contact_runtime.tables import runtime_metadata
from tests.support.till import CONTEXT, NOON, RULES, TILL, PayIn, paid_in
from tests.support.wait import until

pytestmark = pytest.mark.postgres

KILLS = 3
STREAMS = 7


@pytest.fixture
def folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="polycentre-killed-"))
    place.chmod(0o755)
    yield place / "pg"
    shutil.rmtree(place, ignore_errors=True)


def kill(server: EmbeddedPostgres) -> None:
    """End the server at once, as a crash does: nothing is written down any more."""
    os.kill(server.pid, signal.SIGQUIT)
    os.waitpid(server.pid, 0)


async def say(log: MemoryLog, stream: str, sequence: int) -> None:
    envelope = Envelope(
        id=f"{stream}/{sequence}",
        source="/polycentre/other",
        subject=stream,
        time=NOON,
        pool="main",
        stream=stream,
        sequence=sequence,
        data=paid_in(stream, 1),
    )
    entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
    await (await log.writer()).append(TopicPartition("call-arrived", 0), [entry])


async def pay(unit: Unit, batch: Sequence[Received]) -> None:
    for received in batch:
        await execute(unit, RULES, received.envelope.stream, PayIn(1), CONTEXT)


def counted(log: MemoryLog) -> dict[str, list[int]]:
    """The numbers of each stream that a reader of `log` takes."""
    intake = Intake()
    numbers: dict[str, list[int]] = {}
    for tp in sorted(log.records):
        for record in log.records[tp]:
            found = decode(record.value)
            assert isinstance(found, Decoded)
            if intake.takes(record.topic, found.envelope):
                numbers.setdefault(found.envelope.stream, []).append(found.envelope.sequence)
    return numbers


def more_than(streams: int, log: MemoryLog) -> Callable[[], bool]:
    return lambda: len(counted(log)) > streams


async def pay_once(unit: Unit, key: str) -> int:
    """Pay 1 into a till that is empty, so that a command tried again changes nothing."""
    if (await unit.load(TILL, key)).paid == 0:
        await execute(unit, RULES, key, PayIn(1), CONTEXT)
    return (await unit.load(TILL, key)).paid


async def insist(batcher: CommandBatcher[str, int], key: str) -> None:
    """Ask again as long as the database is away, as a caller told 503 does."""
    while True:
        try:
            assert await batcher.submit(key) == 1
            return
        except Transient:
            await asyncio.sleep(0.1)


async def test_whatever_the_database_is_killed_in_everything_counts_once(folder: Path) -> None:
    server = embedded.start(folder, tied=True)
    store = SqlStore(connect(server.url()), source="/polycentre/test", partitions=1)
    async with store.engine.begin() as connection:
        await connection.run_sync(runtime_metadata.create_all)
    came_in, went_out = MemoryLog(), MemoryLog()
    for log in (came_in, went_out):
        await log.ensure_topics([CALL_ARRIVED], 1)
    stop = asyncio.Event()

    async def read(stop: asyncio.Event) -> None:
        await run_reader(
            store,
            came_in,
            reader="test",
            topics=[CALL_ARRIVED],
            handler=pay,
            clock=StoppedClock(NOON + timedelta(seconds=1)),
            stop=stop,
        )

    async def publish(stop: asyncio.Event) -> None:
        await run_relay(store, went_out, stop=stop)

    leading = asyncio.create_task(lead(store, "work", [read, publish], stop=stop, ttl_s=1.0))
    batcher = CommandBatcher(store, pay_once)
    commands: list[asyncio.Task[None]] = []

    async def load() -> None:
        for n in range(300):
            await say(came_in, f"s{n % STREAMS}", n // STREAMS + 1)
            commands.append(asyncio.create_task(insist(batcher, f"command {n}")))
            await asyncio.sleep(0.02)

    loading = asyncio.create_task(load())
    for _ in range(KILLS):
        got_more = more_than(len(counted(went_out)), went_out)
        await until("more to get through", got_more, limit_s=60)
        kill(server)
        await asyncio.sleep(0.5)  # callers and loops meet the database that is away
        server = embedded.start(folder, tied=True)
    await loading
    await asyncio.gather(*commands)

    async def all_done() -> bool:
        read_up_to = await store.positions("test")
        return read_up_to == await came_in.ends(["call-arrived"]) and not await store.unpublished(1)

    await until("all to be read and published", all_done, limit_s=60)
    stop.set()
    await leading
    paid = {key: till.paid for key, till in (await store.scan(TILL)).items()}
    expected = {f"s{n}": len(range(n, 300, STREAMS)) for n in range(STREAMS)}
    assert paid == expected | {f"command {n}": 1 for n in range(300)}
    assert counted(went_out) == {key: list(range(1, n + 1)) for key, n in paid.items()}
    await store.close()
    server.stop()
