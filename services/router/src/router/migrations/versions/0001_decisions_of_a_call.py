"""The tables of the runtime and the first ones of explaining.

The tables are written out as they were then; `router.explain.tables` is what they are now.
"""

import sqlalchemy as sa
from alembic import op

from contact_runtime.tables import drop_runtime_tables, runtime_tables

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    runtime_tables(op)
    op.create_table(
        "moments",
        sa.Column("pool", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("log_offset", sa.BigInteger, primary_key=True),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("at", MOMENT, nullable=False, comment="business time"),
        sa.Column("kind", sa.Text, nullable=False, comment="the event's type"),
        sa.Column("said", sa.Text, nullable=False, comment="JSON: what the event says"),
        comment="What the log says of each call that explains its way",
    )
    op.create_index("moments_call", "moments", ["call_id"])
    op.create_table(
        "decisions",
        sa.Column("pool", sa.Text, primary_key=True),
        sa.Column("log_offset", sa.BigInteger, primary_key=True, comment="of the topic routed"),
        sa.Column("decision_id", sa.Text, nullable=False, unique=True),
        sa.Column("reservation_id", sa.Text),
        sa.Column("call_id", sa.Text),
        sa.Column("client_id", sa.Text),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False, comment="business time"),
        comment="Where each valid decision stands",
    )
    op.create_index("decisions_decided", "decisions", ["pool", "decided_at"])
    op.create_index("decisions_reservation", "decisions", ["reservation_id"])
    op.create_table(
        "names",
        sa.Column("pool", sa.Text, primary_key=True),
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("ru", sa.Text, nullable=False),
        sa.Column("en", sa.Text, nullable=False),
        comment="What people call sites, queues and skills",
    )


def downgrade() -> None:
    for name in ("names", "decisions", "moments"):
        op.drop_table(name)
    drop_runtime_tables(op)
