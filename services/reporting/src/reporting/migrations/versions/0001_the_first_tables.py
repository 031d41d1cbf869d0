"""The tables of the runtime and the first ones of reporting.

The tables are written out as they were then; `reporting.tables` is what they are now.
"""

import sqlalchemy as sa
from alembic import op

from contact_runtime.tables import drop_runtime_tables, runtime_tables

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def _figures(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def upgrade() -> None:
    runtime_tables(op)
    op.create_table(
        "contacts",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text),
        sa.Column("project_id", sa.Text),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("channel", "direction", "dnis", "entry_site_id")
        ),
        *(
            sa.Column(name, sa.Text)
            for name in ("home_site_id", "region", "queue_id", "outcome", "outcome_reason")
        ),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("attempts", "offers", "rang_out")
        ),
        sa.Column("agent_id", sa.Text),
        sa.Column("answering_site_id", sa.Text),
        sa.Column("arrived_at", MOMENT, nullable=False),
        *(sa.Column(name, MOMENT) for name in ("queued_at", "connected_at", "ended_at")),
        *_figures("self_service_ms"),
        sa.Column("wait_ms", sa.BigInteger),
        *_figures("talk_ms", "hold_ms", "wrap_up_ms"),
        comment="One row a contact, derived from its facts",
    )
    op.create_index("contacts_arrived", "contacts", ["arrived_at", "call_id"])
    op.create_index("contacts_client", "contacts", ["client_id", "arrived_at", "call_id"])
    op.create_table(
        "call_facts",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("facts", sa.Text, nullable=False, comment="JSON: what each topic said"),
        postgresql_with={"fillfactor": 60},
        comment="What the log has said of each call, from which every figure is derived",
    )
    _create_intervals()
    op.create_table(
        "agents_now",
        sa.Column("agent_id", sa.Text, primary_key=True),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("signed_in_at", MOMENT),
        sa.Column("team_id", sa.Text),
        comment="What each agent is, and since when",
    )
    op.create_table(
        "documents",
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="JSON: the site or queue"),
        comment="The sites and queues that reports name",
    )


def _create_intervals() -> None:
    op.create_table(
        "queue_intervals",
        sa.Column("queue_id", sa.Text, primary_key=True),
        sa.Column("interval_start", MOMENT, primary_key=True),
        *_figures(
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
        ),
        comment="A queue's quarters of an hour",
    )
    op.create_table(
        "agent_intervals",
        sa.Column("agent_id", sa.Text, primary_key=True),
        sa.Column("interval_start", MOMENT, primary_key=True),
        *_figures("offered", "answered", "rejected", "rang_out"),
        comment="What became of an agent's offers, a quarter of an hour a row",
    )
    op.create_table(
        "agent_spells",
        sa.Column("agent_id", sa.Text, primary_key=True),
        sa.Column("interval_start", MOMENT, primary_key=True),
        sa.Column("site_id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, primary_key=True),
        *_figures("length_ms"),
        comment="An agent's time in each state; closed states only",
    )


def downgrade() -> None:
    for table in (
        "documents",
        "agents_now",
        "agent_spells",
        "agent_intervals",
        "queue_intervals",
        "call_facts",
        "contacts",
    ):
        op.drop_table(table)
    drop_runtime_tables(op)
