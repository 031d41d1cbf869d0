"""The tables of explaining: from a call to the positions of all that was said of it."""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Table, Text

metadata = MetaData()

READER = "explain"
"""The reader whose position these tables hold."""

Moment = DateTime(timezone=True)

moments = Table(
    "moments",
    metadata,
    Column("pool", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("log_offset", BigInteger, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("client_id", Text),
    Column("at", Moment, nullable=False, comment="business time"),
    Column("kind", Text, nullable=False, comment="the event's type"),
    Column("said", Text, nullable=False, comment="JSON: what the event says, nothing personal"),
    Index("moments_call", "call_id"),
    comment="What the log says of each call that explains its way, valid and new records only",
)

decisions = Table(
    "decisions",
    metadata,
    Column("pool", Text, primary_key=True),
    Column("log_offset", BigInteger, primary_key=True, comment="of the topic routed"),
    Column("decision_id", Text, nullable=False, unique=True, comment="the event's id"),
    Column("reservation_id", Text, comment="of an offer"),
    Column("call_id", Text),
    Column("client_id", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("number", BigInteger, nullable=False, comment="0: a claim of leadership"),
    Column("decided_at", Moment, nullable=False, comment="business time"),
    Index("decisions_decided", "pool", "decided_at"),
    Index("decisions_reservation", "reservation_id"),
    comment="Where each valid claim and decision stands; of progress nobody asks",
)

names = Table(
    "names",
    metadata,
    Column("pool", Text, primary_key=True),
    Column("document_id", Text, primary_key=True),
    Column("ru", Text, nullable=False),
    Column("en", Text, nullable=False),
    comment="What people call sites, queues and skills",
)
