"""Builds: folds of the log beside the live tables."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "builds",
        sa.Column("build_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False, comment="rebuild, as_of"),
        sa.Column(
            "state", sa.Text, nullable=False, comment="ordered, folding, done, failed, dropped"
        ),
        sa.Column("ordered_by", sa.Text, nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column(
            "asked", sa.Text, comment="the position or time asked for, as it is said in `as_of`"
        ),
        sa.Column(
            "until", sa.Text, comment="JSON: the next offset of each partition where it ends"
        ),
        sa.Column(
            "done", sa.BigInteger, nullable=False, server_default="0", comment="records folded"
        ),
        sa.Column(
            "total", sa.BigInteger, nullable=False, server_default="0", comment="records to fold"
        ),
        sa.Column("finished_at", MOMENT),
        sa.Column("used_at", MOMENT, comment="when a report was last made from it"),
        sa.Column("error", sa.Text),
        comment="Folds of the log beside the live tables, each in a schema of its own",
    )


def downgrade() -> None:
    op.drop_table("builds")
