"""The statements of the store: PostgreSQL's own, each for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from contact_runtime.driver import Driver
from contact_runtime.errors import StreamMoved
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.rows import STREAM, Outgoing
from contact_runtime.unit import EventWrite, RowWrite

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


async def lock_rows(
    driver: Driver, kind: str, keys: Sequence[str]
) -> list[tuple[str, str, int, str | None]]:
    """Lock the rows of `kind` and the streams with these keys, and return what they hold."""
    kinds = [STREAM] if kind == STREAM else [kind, STREAM]
    found = await driver.fetch(_LOCK, (kinds, list(keys)))
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def read_row(driver: Driver, kind: str, key: str) -> str | None:
    """Return the text of one row."""
    found = await driver.fetch("SELECT state FROM states WHERE kind = $1 AND key = $2", (kind, key))
    return found[0][0] if found else None


async def read_rows(driver: Driver, kind: str) -> list[tuple[str, str]]:
    """Return key and text of every row of `kind`."""
    found = await driver.fetch(
        "SELECT key, state FROM states WHERE kind = $1 ORDER BY key", (kind,)
    )
    return [(row[0], row[1]) for row in found]


async def read_rows_of(driver: Driver, kind: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return key and text of the rows of `kind` with these keys."""
    found = await driver.fetch(
        "SELECT key, state FROM states WHERE kind = $1 AND key = ANY($2::text[])", (kind, keys)
    )
    return [(row[0], row[1]) for row in found]


async def read_page(driver: Driver, kind: str, after: str, limit: int) -> list[tuple[str, str]]:
    """Return key and text of the first rows of `kind` whose key comes after `after`."""
    found = await driver.fetch(
        "SELECT key, state FROM states WHERE kind = $1 AND key > $2 ORDER BY key LIMIT $3",
        (kind, after, limit),
    )
    return [(row[0], row[1]) for row in found]


async def read_due(driver: Driver, kind: str, limit: int) -> list[tuple[datetime, str]]:
    """Return (due time, key) of the rows of `kind` that are due first."""
    found = await driver.fetch(
        "SELECT due_at, key FROM states WHERE kind = $1 AND due_at IS NOT NULL"
        " ORDER BY due_at LIMIT $2",
        (kind, limit),
    )
    return [(row[0], row[1]) for row in found]


async def write_rows(driver: Driver, rows: Sequence[RowWrite]) -> None:
    """Write rows that were loaded with their expected versions.

    Raises:
        StreamMoved: one of them has another version by now.
    """
    new = [row for row in rows if row.expected == 0]
    old = [row for row in rows if row.expected != 0]
    if new:
        done = await driver.execute(_INSERT_ROWS, _columns(new))
        _all_of(new, done)
    if old:
        expected = [row.expected for row in old]
        done = await driver.execute(_UPDATE_ROWS, (*_columns(old), expected))
        _all_of(old, done)


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


async def write_events(driver: Driver, events: Sequence[EventWrite], notice: str) -> None:
    """Append to the event table in this order, and tell other processes at commit."""
    if not events:
        await driver.execute("SELECT pg_notify($1, $2)", (CHANNEL, notice))
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
    await driver.execute(_INSERT_EVENTS, (*columns, CHANNEL, notice))


async def read_unpublished(driver: Driver, limit: int) -> list[Outgoing]:
    """Return the first events that are not marked as published, in order of id."""
    return [
        Outgoing(
            id=row["id"],
            tp=TopicPartition(row["topic"], row["partition"]),
            entry=Entry(row["key"], row["value"], _HEADERS.decode(row["headers"])),
            recorded_at=row["recorded_at"],
        )
        for row in await driver.fetch(_UNPUBLISHED, (limit,))
    ]


async def mark_published(driver: Driver, ids: Sequence[int]) -> None:
    """Mark events as published."""
    await driver.execute(
        "UPDATE events SET published_at = now() WHERE id = ANY($1::bigint[])", (list(ids),)
    )


async def take_lease(driver: Driver, name: str, owner: str, ttl_s: float) -> bool:
    """Return whether `owner` holds the lease from now on, by the server's clock."""
    done = await driver.execute(_TAKE_LEASE, (name, owner, ttl_s))
    return done == 1


async def drop_lease(driver: Driver, name: str, owner: str) -> None:
    """Delete the lease if `owner` holds it."""
    await driver.execute("DELETE FROM leases WHERE name = $1 AND owner = $2", (name, owner))
