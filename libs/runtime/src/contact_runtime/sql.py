"""The statements of the store: PostgreSQL's own, each for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.validity import Leadership
from contact_runtime.errors import PositionMoved, StreamMoved
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.rows import Outgoing, Progress
from contact_runtime.unit import STREAM, EventWrite, RowWrite

CHANNEL = "polycentre_commits"

_encode = msgspec.json.Encoder().encode
_HEADERS = msgspec.json.Decoder(tuple[tuple[str, bytes], ...])

_LOCK = """
SELECT kind, key, version, state FROM states
WHERE kind = ANY($1::text[]) AND key = ANY($2::text[]) ORDER BY kind, key FOR UPDATE
"""
_INSERT_ROWS = """
INSERT INTO states (kind, key, version, state, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[])
ON CONFLICT DO NOTHING
"""
_UPDATE_ROWS = """
UPDATE states SET version = new.version, state = new.state, due_at = new.due_at
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[])
    AS new (kind, key, version, state, due_at, expected)
WHERE states.kind = new.kind AND states.key = new.key AND states.version = new.expected
"""
# The ids rise in the order of the arrays, and a stream's rows are locked before this statement:
# so the order of ids is the order of numbers in every stream.
_INSERT_EVENTS = """
WITH added AS (
    INSERT INTO events (stream, sequence, topic, partition, key, event_id, type, value, headers)
    SELECT stream, sequence, topic, partition, key, event_id, type, value, headers
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::bytea[], $6::text[],
                $7::text[], $8::bytea[], $9::text[]) WITH ORDINALITY
        AS new (stream, sequence, topic, partition, key, event_id, type, value, headers, place)
    ORDER BY place
)
SELECT pg_notify($10, $11)
"""
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
_UNPUBLISHED = """
SELECT id, topic, partition, key, value, headers, recorded_at FROM events
WHERE published_at IS NULL ORDER BY id LIMIT $1
"""
_TAKE_LEASE = """
INSERT INTO leases (name, owner, expires_at, ttl_s)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $3)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, expires_at = excluded.expires_at, ttl_s = excluded.ttl_s
WHERE leases.owner = excluded.owner OR leases.expires_at <= clock_timestamp()
"""


async def _rows(
    connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]
) -> Sequence[Any]:
    return (await connection.exec_driver_sql(statement, parameters)).all()


async def lock_rows(
    connection: AsyncConnection, kind: str, keys: Sequence[str]
) -> list[tuple[str, str, int, str | None]]:
    """Lock the rows of `kind` and the streams with these keys, and return what they hold."""
    kinds = [STREAM] if kind == STREAM else [kind, STREAM]
    found = await _rows(connection, _LOCK, (kinds, list(keys)))
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def read_row(connection: AsyncConnection, kind: str, key: str) -> str | None:
    """Return the text of one row."""
    found = await _rows(
        connection, "SELECT state FROM states WHERE kind = $1 AND key = $2", (kind, key)
    )
    return found[0][0] if found else None


async def read_rows(connection: AsyncConnection, kind: str) -> list[tuple[str, str]]:
    """Return key and text of every row of `kind`."""
    found = await _rows(
        connection, "SELECT key, state FROM states WHERE kind = $1 ORDER BY key", (kind,)
    )
    return [(row[0], row[1]) for row in found]


async def read_due(
    connection: AsyncConnection, kind: str, limit: int
) -> list[tuple[datetime, str]]:
    """Return (due time, key) of the rows of `kind` that are due first."""
    found = await _rows(
        connection,
        "SELECT due_at, key FROM states WHERE kind = $1 AND due_at IS NOT NULL"
        " ORDER BY due_at LIMIT $2",
        (kind, limit),
    )
    return [(row[0], row[1]) for row in found]


async def write_rows(connection: AsyncConnection, rows: Sequence[RowWrite]) -> None:
    """Write rows that were loaded with their expected versions.

    Raises:
        StreamMoved: one of them has another version by now.
    """
    new = [row for row in rows if row.expected == 0]
    old = [row for row in rows if row.expected != 0]
    if new:
        done = await connection.exec_driver_sql(_INSERT_ROWS, _columns(new))
        _all_of(new, done.rowcount)
    if old:
        expected = [row.expected for row in old]
        done = await connection.exec_driver_sql(_UPDATE_ROWS, (*_columns(old), expected))
        _all_of(old, done.rowcount)


def _columns(rows: Sequence[RowWrite]) -> tuple[list[Any], ...]:
    return (
        [row.kind for row in rows],
        [row.key for row in rows],
        [row.version for row in rows],
        [row.text for row in rows],
        [row.due_at for row in rows],
    )


def _all_of(rows: Sequence[RowWrite], written: int) -> None:
    if written != len(rows):
        raise StreamMoved(f"{len(rows) - written} of {len(rows)} rows were written by another")


async def write_events(
    connection: AsyncConnection, events: Sequence[EventWrite], notice: str
) -> None:
    """Append to the event table in this order, and tell other processes at commit."""
    if not events:
        await connection.exec_driver_sql("SELECT pg_notify($1, $2)", (CHANNEL, notice))
        return
    columns = (
        [event.stream for event in events],
        [event.sequence for event in events],
        [event.tp.topic for event in events],
        [event.tp.partition for event in events],
        [event.entry.key for event in events],
        [event.event_id for event in events],
        [event.type for event in events],
        [event.entry.value for event in events],
        [_encode(event.entry.headers).decode() for event in events],
    )
    await connection.exec_driver_sql(_INSERT_EVENTS, (*columns, CHANNEL, notice))


async def read_unpublished(connection: AsyncConnection, limit: int) -> list[Outgoing]:
    """Return the first events that are not marked as published, in order of id."""
    return [
        Outgoing(
            id=row.id,
            tp=TopicPartition(row.topic, row.partition),
            entry=Entry(row.key, row.value, _HEADERS.decode(row.headers)),
            recorded_at=row.recorded_at,
        )
        for row in await _rows(connection, _UNPUBLISHED, (limit,))
    ]


async def mark_published(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Mark events as published."""
    await connection.exec_driver_sql(
        "UPDATE events SET published_at = now() WHERE id = ANY($1::bigint[])", (list(ids),)
    )


async def read_sequences(
    connection: AsyncConnection, reader: str, streams: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the last sequence `reader` took of each known (topic, stream)."""
    topics, names = {topic for topic, _ in streams}, {stream for _, stream in streams}
    if not topics:
        return {}
    found = await _rows(connection, _READ_SEQUENCES, (reader, sorted(topics), sorted(names)))
    return {(row[0], row[1]): row[2] for row in found}


async def read_positions(connection: AsyncConnection, reader: str) -> dict[TopicPartition, int]:
    """Return the next offset to read of each partition."""
    found = await _rows(
        connection,
        "SELECT topic, partition, next_offset FROM positions WHERE reader = $1",
        (reader,),
    )
    return {TopicPartition(row[0], row[1]): row[2] for row in found}


async def read_leaderships(connection: AsyncConnection, reader: str) -> dict[str, Leadership]:
    """Return who leads each pool, as far as `reader` has read."""
    found = await _rows(
        connection,
        "SELECT pool, epoch, owner, number FROM leaderships WHERE reader = $1",
        (reader,),
    )
    return {row[0]: Leadership(row[1], row[2], row[3]) for row in found}


async def start_positions(
    connection: AsyncConnection, reader: str, positions: Mapping[TopicPartition, int]
) -> None:
    """Keep positions of partitions that have none yet."""
    await connection.exec_driver_sql(
        _START_POSITIONS,
        (
            reader,
            [tp.topic for tp in positions],
            [tp.partition for tp in positions],
            list(positions.values()),
        ),
    )


async def write_progress(connection: AsyncConnection, reader: str, progress: Progress) -> None:
    """Write how far a reader has come.

    Raises:
        PositionMoved: the positions are not where this reader left them.
    """
    if progress.positions:
        ordered = sorted(progress.positions.items())
        done = await connection.exec_driver_sql(
            _MOVE_POSITIONS,
            (
                reader,
                [tp.topic for tp, _ in ordered],
                [tp.partition for tp, _ in ordered],
                [expected for _, (expected, _) in ordered],
                [next_offset for _, (_, next_offset) in ordered],
            ),
        )
        if done.rowcount != len(ordered):
            raise PositionMoved(f"another reader {reader} has moved the positions")
    if progress.sequences:
        known = sorted(progress.sequences.items())
        topics, streams = [topic for (topic, _), _ in known], [name for (_, name), _ in known]
        await connection.exec_driver_sql(
            _WRITE_SEQUENCES, (reader, topics, streams, [number for _, number in known])
        )
    if progress.leaderships:
        await _write_leaderships(connection, reader, progress.leaderships)


async def _write_leaderships(
    connection: AsyncConnection, reader: str, leaderships: Mapping[str, Leadership]
) -> None:
    leaders = list(leaderships.values())
    await connection.exec_driver_sql(
        _WRITE_LEADERSHIPS,
        (
            reader,
            list(leaderships),
            [leader.epoch for leader in leaders],
            [leader.owner for leader in leaders],
            [leader.number for leader in leaders],
        ),
    )


async def take_lease(connection: AsyncConnection, name: str, owner: str, ttl_s: float) -> bool:
    """Return whether `owner` holds the lease from now on, by the server's clock."""
    done = await connection.exec_driver_sql(_TAKE_LEASE, (name, owner, ttl_s))
    return done.rowcount == 1


async def drop_lease(connection: AsyncConnection, name: str, owner: str) -> None:
    """Delete the lease if `owner` holds it."""
    await connection.exec_driver_sql(
        "DELETE FROM leases WHERE name = $1 AND owner = $2", (name, owner)
    )
