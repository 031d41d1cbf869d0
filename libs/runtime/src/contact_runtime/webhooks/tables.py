"""The tables of webhooks: endpoints that integrators have subscribed, and what is sent to them."""

from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

webhook_metadata = MetaData()

Moment = DateTime(timezone=True)

webhook_endpoints = Table(
    "webhook_endpoints",
    webhook_metadata,
    Column("endpoint_id", Text, primary_key=True),
    Column("client", Text, comment="whose calls it is told of; null: the operator's, of all"),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("secret", Text, nullable=False, comment="in clear: a message is signed with it"),
    Column("previous_secret", Text),
    Column("previous_until", Moment, comment="machine time until which both sign"),
    Column("state", Text, nullable=False, comment="enabled or disabled"),
    Column("disabled_for", Text, comment="failing (for a week) or gone (it answered 410)"),
    Column("disabled_at", Moment),
    Column("failing_since", Moment, comment="first failure after the last success"),
    Column("since", Moment, nullable=False, comment="business time of the first fact it is told"),
    Column("version", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    comment="Who is told of facts, where; times are machine times",
)

webhook_deliveries = Table(
    "webhook_deliveries",
    webhook_metadata,
    Column("delivery_id", Text, primary_key=True, comment="the header webhook-id"),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column(
        "endpoint_id",
        Text,
        ForeignKey(webhook_endpoints.c.endpoint_id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False, comment="as it is sent, each time the same"),
    Column("state", Text, nullable=False, comment="waiting, delivered or dead"),
    Column("attempts", Integer, nullable=False, comment="begun, whether or not they came back"),
    Column("failures", Integer, nullable=False, comment="since it was made or repeated"),
    Column("made_at", Moment, nullable=False),
    Column("waiting_since", Moment, nullable=False, comment="when it was made or repeated"),
    Column("due_at", Moment, nullable=False, comment="of the next attempt"),
    Column("last_at", Moment),
    Column("last_status", Integer),
    Column("last_failure", Text),
    Column("ended_at", Moment),
    Index(
        "webhook_deliveries_due",
        "endpoint_id",
        "due_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("webhook_deliveries_page", "endpoint_id", "number"),
    Index("webhook_deliveries_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.05},
    comment="One row a message and endpoint; times are machine times",
)


class _Operations(Protocol):
    """Of alembic's operations, what is needed here."""

    def get_bind(self) -> Connection:
        """Return the connection that migrates."""


def create_webhook_tables(op: _Operations) -> None:
    """Create these tables: a step of a migration of the service that sends webhooks."""
    webhook_metadata.create_all(op.get_bind())


def drop_webhook_tables(op: _Operations) -> None:
    """Drop these tables: the way back."""
    webhook_metadata.drop_all(op.get_bind())
