"""What callers were told of their waits: of the rows there are, nothing was on the log.

Tables of builds have the old columns: they go, and what is unfinished begins anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SUMS = ("expected_answered", "expected_wait_error_ms", "expected_wait_bias_ms")
TABLES = ("queue_intervals", "place_intervals")


def upgrade() -> None:
    for table in TABLES:
        for name in SUMS:
            column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
            op.add_column(table, column)
            op.alter_column(table, name, server_default=None)
    op.add_column("contact_legs", sa.Column("expected_wait_ms", sa.BigInteger))
    _drop_builds()


def _drop_builds() -> None:
    held = sa.text("SELECT build_id FROM builds WHERE state IN ('folding', 'done')")
    for build_id in op.get_bind().execute(held).scalars().all():
        op.execute(f"DROP SCHEMA IF EXISTS build_{build_id} CASCADE")
    op.execute("UPDATE builds SET state = 'dropped' WHERE state = 'done' AND purpose = 'as_of'")
    op.execute("UPDATE builds SET state = 'ordered', done = 0 WHERE state = 'folding'")


def downgrade() -> None:
    _drop_builds()
    op.drop_column("contact_legs", "expected_wait_ms")
    for table in TABLES:
        for name in SUMS:
            op.drop_column(table, name)
