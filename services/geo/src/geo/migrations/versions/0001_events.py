"""The event table, progress and leases."""

from alembic import op

from contact_runtime.tables import drop_runtime_tables, runtime_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    runtime_tables(op)


def downgrade() -> None:
    drop_runtime_tables(op)
