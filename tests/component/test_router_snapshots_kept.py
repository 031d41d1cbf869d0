"""Snapshots on a log in memory: who writes them, which are trusted, how a replica starts."""

import asyncio
import logging
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from contact_events.topics import ROUTED, ROUTER_SNAPSHOT_CHUNKS, ROUTER_SNAPSHOTS
from contact_runtime.log import Record, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from router.codec import fact_of
from router.domain.state import INPUTS
from router.replica import Replica
from router.snapshot_store import Manifest, SnapshotStore
from router.snapshots import Mark, chunks_of
from router.snapshotting import Snapshotting
from router.standing import standing_hash
from tests.support.router_app import PARTITION, POOL, Others, RunningRouter
from tests.support.wait import until

EVERY = 10
VERSION = "this"
MANIFESTS = TopicPartition(ROUTER_SNAPSHOTS.name, PARTITION)
CHUNKS = TopicPartition(ROUTER_SNAPSHOT_CHUNKS.name, PARTITION)


def _router(log: MemoryLog, version: str = VERSION) -> RunningRouter:
    return RunningRouter(log, version=version, snapshot_every=EVERY)


def _manifests(log: MemoryLog) -> list[Manifest]:
    records = log.records.get(MANIFESTS, [])
    return [msgspec.json.decode(record.value or b"", type=Manifest) for record in records]


async def _busy(others: Others, router: RunningRouter) -> None:
    """Let two calls be offered and one wait."""
    await others.open_centre("a1", "a2")
    for call_id in ("k1", "k2", "k3"):
        await others.call(call_id)
    await others.offer_of("k2")
    await until("a mark", lambda: router.loop.replica.follower.reservations)


async def _written(log: MemoryLog, others: Others, routers: list[RunningRouter]) -> Manifest:
    """Write two snapshots of a pool with offers; return the manifest of the newer one."""
    routers.append(await _router(log).start().leading())
    await _busy(others, routers[0])
    first = _mark(log)
    await others.open_centre("a3")
    await others.offer_of("k3")
    await routers.pop().stop()
    manifests = []
    for mark in (first, _mark(log)):
        chunks = list(chunks_of(mark.state))
        manifests.append(await _store(log).write(mark, chunks, standing_hash(mark.state)))
    assert manifests[0].records < manifests[1].records
    return manifests[1]


def _store(log: MemoryLog, version: str = VERSION) -> SnapshotStore:
    return SnapshotStore(log, PARTITION, POOL, version)


async def test_a_follower_writes_and_a_cold_start_reads_only_the_tail(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers += [await _router(log).start().leading(), _router(log).start()]
    await _busy(others, routers[0])
    await until("a snapshot", lambda: _manifests(log), limit_s=20)
    late = _router(log)
    routers.append(late.start())
    await until("the late replica", lambda: late.loop.caught_up)
    assert "resumed" in _fates(late)
    assert "written" not in _fates(routers[0]), "the leader left it to the follower"
    await others.call("k4")
    numbers = [router.loop.replica for router in routers]
    await until("k4 in all", lambda: all("k4" in each.follower.calls for each in numbers))
    await until("one state", lambda: len({str(each.follower) for each in numbers}) == 1)


def _fates(router: RunningRouter) -> set[str]:
    lines = router.metrics.text().decode().splitlines()
    return {
        line.split('"')[1]
        for line in lines
        if line.startswith("router_snapshots_total{") and not line.endswith(" 0.0")
    }


async def test_a_leader_alone_writes_itself_and_not_what_a_follower_wrote(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await _router(log).start().leading())
    await _busy(others, routers[0])
    mark = _mark(log)
    writer = Snapshotting(
        _store(log), Metrics(), leads=lambda: True, draw=lambda: 0.0, leader_wait_s=0.0
    )
    running = asyncio.ensure_future(writer.run())
    try:
        writer.offer(mark)
        await until("its snapshot", lambda: _manifests(log))
        writer.offer(mark)
        again = writer._metrics
        await until("a look", lambda: b'fate="there"} 1.0' in again.text())
    finally:
        running.cancel()
    (manifest,) = _manifests(log)
    assert manifest.positions == mark.positions


def _mark(log: MemoryLog) -> Mark:
    """Return the last mark of a replica that reads what there is."""
    replica = Replica(POOL, "reader", VERSION, snapshot_every=1)
    for topic in (*INPUTS, ROUTED.name):
        for record in log.records[TopicPartition(topic, PARTITION)]:
            replica.read(fact_of(record, POOL)[0])
    assert replica.mark is not None
    return replica.mark


Break = Callable[[MemoryLog, Manifest], None]


def _half_written(log: MemoryLog, manifest: Manifest) -> None:
    log.records[MANIFESTS].pop()


def _chunk_gone(log: MemoryLog, manifest: Manifest) -> None:
    chunks = log.records[CHUNKS]
    chunks[manifest.last] = _other(chunks[manifest.last], headers=())


def _chunk_changed(log: MemoryLog, manifest: Manifest) -> None:
    chunks = log.records[CHUNKS]
    value = chunks[manifest.last].value or b""
    chunks[manifest.last] = _other(chunks[manifest.last], value=value[:-1] + b"\x00")


def _manifest_changed(log: MemoryLog, manifest: Manifest, **changes: object) -> None:
    record = log.records[MANIFESTS][-1]
    value = msgspec.json.encode(replace(manifest, **changes))
    log.records[MANIFESTS][-1] = _other(record, value=value)


def _manifest_is_none(log: MemoryLog, manifest: Manifest) -> None:
    log.records[MANIFESTS][-1] = _other(log.records[MANIFESTS][-1], value=b"{}")


def _other_version(log: MemoryLog, manifest: Manifest) -> None:
    _manifest_changed(log, manifest, code_version="other")


def _beyond_the_log(log: MemoryLog, manifest: Manifest) -> None:
    positions = {topic: at + 1_000 for topic, at in manifest.positions.items()}
    _manifest_changed(log, manifest, positions=positions)


def _of_another_log(log: MemoryLog, manifest: Manifest) -> None:
    routed = log.records[TopicPartition(ROUTED.name, PARTITION)]
    at = manifest.positions[ROUTED.name]
    routed[at - 1] = _other(routed[at - 1], value=routed[0].value)


def _other(record: Record, **changes: object) -> Record:
    return replace(record, **changes)


BREAKS: tuple[Break, ...] = (
    _half_written,
    _chunk_gone,
    _chunk_changed,
    _manifest_is_none,
    _other_version,
    _beyond_the_log,
    _of_another_log,
)


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__.strip("_"))
async def test_a_snapshot_that_cannot_be_trusted_is_passed_over_for_the_one_before_it(
    log: MemoryLog,
    others: Others,
    routers: list[RunningRouter],
    caplog: pytest.LogCaptureFixture,
    broken: Break,
) -> None:
    newest = await _written(log, others, routers)
    before = sorted(_manifests(log), key=lambda manifest: manifest.records)[-2]
    found, _ = await _store(log).newest()
    assert found is not None
    assert found.records == newest.records
    with caplog.at_level(logging.WARNING):
        broken(log, newest)
        found, passed_over = await _store(log).newest()
    assert found is not None
    assert found.records == before.records
    if broken is not _half_written:
        assert "snapshot passed over" in caplog.text
    assert passed_over == int(broken not in (_half_written, _manifest_is_none))


async def test_without_any_trusted_snapshot_the_whole_log_is_folded(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    await _written(log, others, routers)
    other = _router(log, "newer")
    routers.append(other.start())
    await until("the other version", lambda: other.loop.caught_up)
    assert _fates(other) - {"written"} == {"passed_over"}  # by now it may have one of its own
    assert "k3" in other.loop.replica.follower.calls


async def test_another_version_that_folds_otherwise_says_so(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await _router(log).start().leading())
    await _busy(others, routers[0])
    mark = _mark(log)
    chunks = list(chunks_of(mark.state))
    await _store(log, "other").write(mark, chunks, standing_hash(mark.state))
    metrics = Metrics()
    writer = Snapshotting(_store(log), metrics, leads=lambda: False, draw=lambda: 0.0)
    running = asyncio.ensure_future(writer.run())
    try:
        writer.offer(mark)
        await until("our own", lambda: len(_manifests(log)) == 2)
        assert writer.diverged is None, "both versions have the same queues"
        await _store(log, "third").write(mark, chunks, "another standing")
        writer.offer(mark)
        await until("the difference", lambda: writer.diverged == "third")
    finally:
        running.cancel()
    assert b"router_diverged_total 1.0" in metrics.text()


async def test_a_snapshot_that_the_log_does_not_take_is_tried_again_with_the_next_mark(
    log: MemoryLog, others: Others, routers: list[RunningRouter]
) -> None:
    routers.append(await _router(log).start().leading())
    await others.open_centre("a1")
    await others.call("k1")
    await others.offer_of("k1")
    mark = _mark(log)
    await routers.pop().stop()
    metrics = Metrics()
    writer = Snapshotting(_store(log), metrics, leads=lambda: False, draw=lambda: 0.0)
    running = asyncio.ensure_future(writer.run())
    try:
        log.doubt_next_append(landed=True)
        writer.offer(mark)
        await until("the failure", lambda: b'fate="failed"} 1.0' in metrics.text())
        assert not _manifests(log)
        writer.offer(mark)
        await until("the next", lambda: _manifests(log))
    finally:
        running.cancel()
    found, passed_over = await _store(log).newest()
    assert found is not None
    assert (found.records, passed_over) == (mark.records, 0)
