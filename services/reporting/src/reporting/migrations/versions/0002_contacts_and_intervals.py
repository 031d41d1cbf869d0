"""Complete contacts with their legs, sums by client and place, timelines, histories.

All of it is derived: the tables begin empty, and the reader folds the log again from its start.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from contact_runtime.tables import leaderships, positions, sequences

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
READER = "reporting"
DERIVED = (
    "contacts",
    "call_facts",
    "queue_intervals",
    "agent_intervals",
    "agent_spells",
    "agents_now",
    "documents",
)
LIMITS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
WAITS = [
    "offered",
    "answered",
    "abandoned",
    "overflowed",
    "failed",
    "callbacks",
    "transfers_in",
    "transfers_out",
    "home_answered",
    "wait_to_answer_ms",
    "wait_to_abandon_ms",
    "talk_ms",
    "hold_ms",
    "wrap_up_ms",
    "offers",
    "rang_out",
    "rejected",
]
WAITS += [f"{what}_in_{limit}" for what in ("answered", "abandoned") for limit in LIMITS_S]


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _texts(names: str, *, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names.split()]


def _figures(names: list[str]) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _moments(names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, MOMENT) for name in names.split()]


def _versions() -> list[sa.Column[Any]]:
    return [*_figures(["row_version"]), sa.Column("restated_at", MOMENT)]


def upgrade() -> None:
    _forget()
    _create_contacts()
    _create_legs()
    op.create_table(
        "call_facts",
        *_keys("call_id"),
        sa.Column(
            "facts", sa.Text, nullable=False, comment="JSON: what each topic said of the call"
        ),
        postgresql_with={"fillfactor": 60},
        comment="What the log has said of each call, from which every figure is derived",
    )
    _create_sums("queue_intervals", ["queue_id", "client_id", "project_id", "channel"], WAITS)
    _create_sums(
        "place_intervals",
        ["client_id", "project_id", "region", "home_site_id", "answering_site_id"],
        WAITS,
    )
    _create_sums(
        "contact_intervals",
        ["client_id", "project_id", "channel"],
        [
            "arrived",
            "queued",
            "answered",
            "contained",
            "refused",
            "abandoned_in_flow",
            "abandoned",
            "diverted",
            "failed",
            "disconnected",
            "ended",
            "consultations",
            "recoveries",
            "self_service_ms",
        ],
    )
    _create_sums(
        "flow_step_intervals",
        ["client_id", "project_id", "flow_id", "step", "choice"],
        ["entered", "contained", "abandoned", "queued"],
    )
    _create_sums(
        "agent_intervals",
        ["agent_id", "site_id"],
        [
            "offered",
            "answered",
            "rejected",
            "rang_out",
            "talks",
            "talk_ms",
            "hold_ms",
            "wrap_up_ms",
            "transfers_in",
            "transfers_out",
            "consultations",
            "consult_ms",
        ],
    )
    _create_agents()
    op.create_table(
        "documents",
        *_keys("document_id"),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column(
            "document", sa.Text, nullable=False, comment="JSON: the site, queue or skill as it was"
        ),
        comment="The sites, queues and skills that reports name, with their history",
    )
    op.create_table(
        "newest",
        *_keys("reader"),
        sa.Column("at", MOMENT, nullable=False),
        comment="The time of the newest event that these tables hold",
    )


def _forget() -> None:
    for table in DERIVED:
        op.drop_table(table)
    for progress in (positions, sequences, leaderships):
        op.execute(progress.delete().where(progress.c.reader == READER))


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        *_keys("call_id"),
        *_texts("client_id project_id"),
        *_texts("channel direction dnis entry_site_id", nullable=False),
        *_texts("home_site_id region caller_ref parent_call_id callback_call_id"),
        *_texts("queue_id last_queue_id outcome outcome_reason"),
        *_figures(["attempts", "legs", "transfers", "consultations", "recoveries"]),
        *_figures(["offers", "rang_out", "rejected"]),
        *_texts("agent_id answering_site_id"),
        sa.Column("arrived_at", MOMENT, nullable=False),
        *_moments("queued_at connected_at ended_at"),
        *_figures(["self_service_ms"]),
        sa.Column("wait_ms", sa.BigInteger),
        *_figures(["talk_ms", "hold_ms", "wrap_up_ms"]),
        *_texts("flow_path wrap_up_codes", nullable=False),
        *_versions(),
        comment="One row a contact, derived from its facts",
    )
    op.create_index("contacts_arrived", "contacts", ["arrived_at", "call_id"])
    op.create_index("contacts_client", "contacts", ["client_id", "arrived_at", "call_id"])
    op.create_index("contacts_caller", "contacts", ["client_id", "caller_ref", "arrived_at"])


def _create_legs() -> None:
    op.create_table(
        "contact_legs",
        *_keys("call_id"),
        sa.Column("leg", sa.BigInteger, primary_key=True),
        *_figures(["attempt"]),
        *_texts("reason", nullable=False),
        *_texts("sent_by queue_id named_agent_id"),
        sa.Column("began_at", MOMENT, nullable=False),
        *_figures(["offers", "rang_out", "rejected"]),
        *_texts("reservation_id agent_id site_id home_site_id"),
        *_moments("connected_at left_at"),
        *_texts("outcome"),
        sa.Column("wait_ms", sa.BigInteger),
        *_figures(["ring_ms", "talk_ms", "hold_ms", "holds", "wrap_up_ms"]),
        *_texts("wrap_up_codes", nullable=False),
        comment="One row a stay in a queue, or an agent who joined a talk",
    )


def _create_sums(table: str, keys: list[str], figures: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("interval_start", MOMENT, primary_key=True),
        *_keys(*keys),
        *_figures(figures),
        *_versions(),
        comment="Sums for each quarter of an hour",
    )


def _create_agents() -> None:
    op.create_table(
        "agent_spells",
        sa.Column("interval_start", MOMENT, primary_key=True),
        *_keys("agent_id", "site_id", "team_id", "status", "reason"),
        *_figures(["length_ms"]),
        comment="An agent's time in each state; closed states only",
    )
    op.create_table(
        "agent_timeline",
        *_keys("agent_id"),
        sa.Column("began_at", MOMENT, primary_key=True),
        *_moments("ended_at"),
        *_texts("status", nullable=False),
        *_texts("reason"),
        *_texts("site_id", nullable=False),
        *_texts("team_id"),
        comment="What each agent was, from when to when; no end: still is",
    )
    op.create_table(
        "agents_now",
        *_keys("agent_id"),
        *_texts("site_id status", nullable=False),
        *_texts("reason"),
        sa.Column("since", MOMENT, nullable=False),
        *_moments("signed_in_at"),
        *_texts("team_id"),
        comment="What each agent is, and since when",
    )
