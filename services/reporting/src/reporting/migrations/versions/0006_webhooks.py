"""Who is told of alerts by webhooks, and what is sent to them."""

from alembic import op

from contact_runtime.webhooks.tables import create_webhook_tables, drop_webhook_tables

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    create_webhook_tables(op)


def downgrade() -> None:
    drop_webhook_tables(op)
