"""The tables that every service's database has: rows, event table, progress of readers, leases."""

from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

runtime_metadata = MetaData()

states = Table(
    "states",
    runtime_metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, comment="JSON; null where the version says it all (streams)"),
    Column("due_at", DateTime(timezone=True), comment="business time of the next tick"),
    Index("states_due", "kind", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    # room on the page for the next version of a row, so that most updates touch no index
    postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.05},
    comment="One row a key and kind; a stream's last number is the version of its kind 'stream'",
)

events = Table(
    "events",
    runtime_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("key", LargeBinary),
    Column("event_id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("value", LargeBinary),
    Column("headers", Text, nullable=False, comment="JSON: [[name, base64], ..]"),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("published_at", DateTime(timezone=True), comment="machine time; null: not yet"),
    UniqueConstraint("stream", "sequence", name="events_stream_sequence"),
    Index("events_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    postgresql_with={"autovacuum_vacuum_scale_factor": 0.05},
    comment="The event table is the outbox: the relay publishes what has no published_at",
)

positions = Table(
    "positions",
    runtime_metadata,
    Column("reader", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    postgresql_with={"fillfactor": 50},
    comment="The next offset each reader reads",
)

sequences = Table(
    "sequences",
    runtime_metadata,
    Column("reader", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    postgresql_with={"fillfactor": 70},
    comment="The last number of each stream a reader took (of a document: its revision)",
)

leaderships = Table(
    "leaderships",
    runtime_metadata,
    Column("reader", Text, primary_key=True),
    Column("pool", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    postgresql_with={"fillfactor": 50},
    comment="Which router leads each pool, as far as a reader has read",
)

leases = Table(
    "leases",
    runtime_metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, comment="machine time"),
    Column("ttl_s", Double, nullable=False),
    comment="Which process runs consumers, timers and relay",
)


class _Operations(Protocol):
    """Of alembic's operations, what is needed here."""

    def get_bind(self) -> Connection:
        """Return the connection that migrates."""


def runtime_tables(op: _Operations) -> None:
    """Create these tables; the first step of each service's first migration."""
    runtime_metadata.create_all(op.get_bind())


def drop_runtime_tables(op: _Operations) -> None:
    """Drop these tables: the way back."""
    runtime_metadata.drop_all(op.get_bind())
