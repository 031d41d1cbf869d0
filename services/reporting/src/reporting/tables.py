"""The tables of reporting: one row a contact, and sums for each quarter of an hour."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

READER = "reporting"
"""The reader whose position these tables hold."""

Moment = DateTime(timezone=True)

contacts = Table(
    "contacts",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("client_id", Text),
    Column("project_id", Text),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("dnis", Text, nullable=False),
    Column("entry_site_id", Text, nullable=False),
    Column("home_site_id", Text),
    Column("region", Text),
    Column("queue_id", Text),
    Column("outcome", Text),
    Column("outcome_reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("offers", Integer, nullable=False),
    Column("rang_out", Integer, nullable=False),
    Column("agent_id", Text),
    Column("answering_site_id", Text),
    Column("arrived_at", Moment, nullable=False),
    Column("queued_at", Moment),
    Column("connected_at", Moment),
    Column("ended_at", Moment),
    Column("self_service_ms", BigInteger, nullable=False),
    Column("wait_ms", BigInteger),
    Column("talk_ms", BigInteger, nullable=False),
    Column("hold_ms", BigInteger, nullable=False),
    Column("wrap_up_ms", BigInteger, nullable=False),
    Index("contacts_arrived", "arrived_at", "call_id"),
    Index("contacts_client", "client_id", "arrived_at", "call_id"),
    comment="One row a contact, derived from its facts",
)

call_facts = Table(
    "call_facts",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("facts", Text, nullable=False, comment="JSON: what each topic said of the call"),
    postgresql_with={"fillfactor": 60},
    comment="What the log has said of each call, from which every figure is derived",
)

queue_intervals = Table(
    "queue_intervals",
    metadata,
    Column("queue_id", Text, primary_key=True),
    Column("interval_start", Moment, primary_key=True),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            "offered",
            "answered",
            "answered_in_target",
            "abandoned",
            "abandoned_short",
            "overflowed",
            "failed",
            "wait_to_answer_ms",
            "wait_to_abandon_ms",
            "talk_ms",
            "hold_ms",
            "wrap_up_ms",
        )
    ),
    comment="A queue's quarters of an hour",
)

agent_intervals = Table(
    "agent_intervals",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("interval_start", Moment, primary_key=True),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("offered", "answered", "rejected", "rang_out")
    ),
    comment="What became of an agent's offers, a quarter of an hour a row",
)

agent_spells = Table(
    "agent_spells",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("interval_start", Moment, primary_key=True),
    Column("site_id", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("length_ms", BigInteger, nullable=False),
    comment="An agent's time in each state, a quarter of an hour a row; closed states only",
)

agents_now = Table(
    "agents_now",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("site_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("since", Moment, nullable=False),
    Column("signed_in_at", Moment),
    Column("team_id", Text),
    comment="What each agent is, and since when",
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("document", Text, nullable=False, comment="JSON: the site or queue as it is"),
    comment="The sites and queues that reports name",
)

PROJECTED: tuple[Table, ...] = (
    contacts,
    call_facts,
    queue_intervals,
    agent_intervals,
    agent_spells,
    agents_now,
    documents,
)
