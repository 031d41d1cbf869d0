"""The statements of readers' progress: positions, sequences, leaderships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contact_events.validity import Leadership
from contact_runtime.driver import Driver
from contact_runtime.errors import PositionMoved
from contact_runtime.log import TopicPartition
from contact_runtime.rows import Progress

_READ_SEQUENCES = """
SELECT topic, stream, sequence FROM sequences
WHERE reader = $1 AND topic = ANY($2::text[]) AND stream = ANY($3::text[])
"""
_WRITE_SEQUENCES = """
INSERT INTO sequences (reader, topic, stream, sequence)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
ON CONFLICT (reader, topic, stream) DO UPDATE SET sequence = excluded.sequence
"""
_WRITE_LEADERSHIPS = """
INSERT INTO leaderships (reader, pool, epoch, owner, number)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[])
ON CONFLICT (reader, pool)
DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, number = excluded.number
"""
_MOVE_POSITIONS = """
UPDATE positions SET next_offset = new.next_offset
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[])
    AS new (topic, partition, expected, next_offset)
WHERE positions.reader = $1 AND positions.topic = new.topic
    AND positions.partition = new.partition AND positions.next_offset = new.expected
"""
_START_POSITIONS = """
INSERT INTO positions (reader, topic, partition, next_offset)
SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[]) ON CONFLICT DO NOTHING
"""


async def read_sequences(
    driver: Driver, reader: str, streams: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the last sequence `reader` took of each known (topic, stream)."""
    topics, names = {topic for topic, _ in streams}, {stream for _, stream in streams}
    if not topics:
        return {}
    found = await driver.fetch(_READ_SEQUENCES, (reader, sorted(topics), sorted(names)))
    return {(row[0], row[1]): row[2] for row in found}


async def read_positions(driver: Driver, reader: str) -> dict[TopicPartition, int]:
    """Return the next offset to read of each partition."""
    found = await driver.fetch(
        "SELECT topic, partition, next_offset FROM positions WHERE reader = $1",
        (reader,),
    )
    return {TopicPartition(row[0], row[1]): row[2] for row in found}


async def read_leaderships(driver: Driver, reader: str) -> dict[str, Leadership]:
    """Return who leads each pool, as far as `reader` has read."""
    found = await driver.fetch(
        "SELECT pool, epoch, owner, number FROM leaderships WHERE reader = $1",
        (reader,),
    )
    return {row[0]: Leadership(row[1], row[2], row[3]) for row in found}


async def start_positions(
    driver: Driver, reader: str, positions: Mapping[TopicPartition, int]
) -> None:
    """Keep positions of partitions that have none yet."""
    await driver.execute(
        _START_POSITIONS,
        (
            reader,
            [tp.topic for tp in positions],
            [tp.partition for tp in positions],
            list(positions.values()),
        ),
    )


async def write_progress(driver: Driver, reader: str, progress: Progress) -> None:
    """Write how far a reader has come.

    Raises:
        PositionMoved: the positions are not where this reader left them.
    """
    if progress.positions:
        ordered = sorted(progress.positions.items())
        done = await driver.execute(
            _MOVE_POSITIONS,
            (
                reader,
                [tp.topic for tp, _ in ordered],
                [tp.partition for tp, _ in ordered],
                [expected for _, (expected, _) in ordered],
                [next_offset for _, (_, next_offset) in ordered],
            ),
        )
        if done != len(ordered):
            raise PositionMoved(f"another reader {reader} has moved the positions")
    if progress.sequences:
        known = sorted(progress.sequences.items())
        topics, streams = [topic for (topic, _), _ in known], [name for (_, name), _ in known]
        await driver.execute(
            _WRITE_SEQUENCES, (reader, topics, streams, [number for _, number in known])
        )
    if progress.leaderships:
        await _write_leaderships(driver, reader, progress.leaderships)


async def _write_leaderships(
    driver: Driver, reader: str, leaderships: Mapping[str, Leadership]
) -> None:
    leaders = list(leaderships.values())
    await driver.execute(
        _WRITE_LEADERSHIPS,
        (
            reader,
            list(leaderships),
            [leader.epoch for leader in leaders],
            [leader.owner for leader in leaders],
            [leader.number for leader in leaders],
        ),
    )
