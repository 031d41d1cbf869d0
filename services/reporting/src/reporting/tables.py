"""The tables of reporting: contacts with their legs, and sums for each quarter of an hour.

Columns follow the structs of the domain. Lengths are whole milliseconds, moments UTC.
`row_version` counts changes of a row's content; `restated_at` is the time of the fact that
changed it after it had been final: a contact once all work about it is done, an interval an hour
after its end.
"""

from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text, text
from sqlalchemy.types import TypeEngine

from reporting.domain.contacts import Contact, Leg
from reporting.domain.sums import FAMILIES, Family
from reporting.domain.timelines import AgentNow, Period, SpellKey

metadata = MetaData()

READER = "reporting"
"""The reader whose position these tables hold."""

VERSION, RESTATED = "row_version", "restated_at"

Moment = DateTime(timezone=True)

_TYPES: dict[Any, TypeEngine[Any]] = {str: Text(), int: BigInteger(), datetime: Moment}


def _columns(of: type[Any], *keys: str) -> list[Column[Any]]:
    """Return a column for each field of a struct or a named tuple."""
    return [_column(name, hint, name in keys) for name, hint in get_type_hints(of).items()]


def _column(name: str, hint: Any, key: bool) -> Column[Any]:
    kinds = get_args(hint) or (hint,)
    (kind,) = (each for each in kinds if each is not NoneType)
    return Column(name, _TYPES[kind], primary_key=key, nullable=NoneType in kinds)


def _versions() -> list[Column[Any]]:
    return [Column(VERSION, BigInteger, nullable=False), Column(RESTATED, Moment)]


def _sums(family: Family, *indexes: Index) -> Table:
    keys = _columns(family.key, *family.key._fields)
    return Table(
        family.table,
        metadata,
        *keys,
        *_columns(family.counts),
        *_versions(),
        *indexes,
        comment=(family.key.__doc__ or "").splitlines()[0],
    )


contacts = Table(
    "contacts",
    metadata,
    *_columns(Contact, "call_id"),
    *_versions(),
    Index("contacts_arrived", "arrived_at", "call_id"),
    Index("contacts_client", "client_id", "arrived_at", "call_id"),
    Index("contacts_caller", "client_id", "caller_ref", "arrived_at"),
    comment="One row a contact, derived from its facts",
)

contact_legs = Table(
    "contact_legs",
    metadata,
    *_columns(Leg, "call_id", "leg"),
    comment="One row a stay in a queue, or an agent who joined a talk",
)

call_facts = Table(
    "call_facts",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("facts", Text, nullable=False, comment="JSON: what each topic said of the call"),
    postgresql_with={"fillfactor": 60},
    comment="What the log has said of each call, from which every figure is derived",
)

(
    queue_intervals,
    place_intervals,
    contact_intervals,
    flow_step_intervals,
    agent_intervals,
) = SUMS = tuple(_sums(family) for family in FAMILIES)

agent_spells = Table(
    "agent_spells",
    metadata,
    *_columns(SpellKey, *SpellKey._fields),
    Column("length_ms", BigInteger, nullable=False),
    comment="An agent's time in each state, a quarter of an hour a row; closed states only",
)

agent_timeline = Table(
    "agent_timeline",
    metadata,
    *_columns(Period, "agent_id", "began_at"),
    comment="What each agent was, from when to when; no end: still is",
)

agents_now = Table(
    "agents_now",
    metadata,
    *_columns(AgentNow, "agent_id"),
    comment="What each agent is, and since when",
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("valid_from", Moment, nullable=False),
    Column("document", Text, nullable=False, comment="JSON: the site, queue or skill as it was"),
    comment="The sites, queues and skills that reports name, with their history",
)

newest = Table(
    "newest",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    comment="The time of the newest event that these tables hold",
)

builds = Table(
    "builds",
    metadata,
    Column("build_id", BigInteger, Identity(always=True), primary_key=True),
    Column("purpose", Text, nullable=False, comment="rebuild, as_of"),
    Column("state", Text, nullable=False, comment="ordered, folding, done, failed, dropped"),
    Column("ordered_by", Text, nullable=False),
    Column("ordered_at", Moment, nullable=False, server_default=text("now()")),
    Column("asked", Text, comment="the position or time asked for, as it is said in `as_of`"),
    Column("until", Text, comment="JSON: the next offset of each partition where it ends"),
    Column("done", BigInteger, nullable=False, server_default="0", comment="records folded"),
    Column("total", BigInteger, nullable=False, server_default="0", comment="records to fold"),
    Column("finished_at", Moment),
    Column("used_at", Moment, comment="when a report was last made from it"),
    Column("error", Text),
    comment="Folds of the log beside the live tables, each in a schema of its own; machine time",
)

PROJECTED: tuple[Table, ...] = (
    contacts,
    contact_legs,
    call_facts,
    *SUMS,
    agent_spells,
    agent_timeline,
    agents_now,
    documents,
    newest,
)
"""All that is derived from the log, and so is made anew by a rebuild."""


def _outbox(table: Table) -> Table:
    return Table(
        f"{table.name}_changed",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        *(Column(key.name, key.type, nullable=False) for key in table.primary_key),
        comment="The keys of rows that changed and were not published yet",
    )


OUTBOXES = {table: _outbox(table) for table in (contacts, queue_intervals, agent_intervals)}
"""Of the tables whose rows leave the service on `bi.*`."""
