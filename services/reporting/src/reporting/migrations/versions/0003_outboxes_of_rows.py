"""The outboxes of `bi.*`: keys of rows that changed and were not published yet.

What the tables hold already is published once.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)
KEYS: dict[str, dict[str, Any]] = {
    "contacts": {"call_id": sa.Text},
    "queue_intervals": {
        "interval_start": MOMENT,
        "queue_id": sa.Text,
        "client_id": sa.Text,
        "project_id": sa.Text,
        "channel": sa.Text,
    },
    "agent_intervals": {"interval_start": MOMENT, "agent_id": sa.Text, "site_id": sa.Text},
}


def upgrade() -> None:
    for table, keys in KEYS.items():
        op.create_table(
            f"{table}_changed",
            sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
            *(sa.Column(name, kind, nullable=False) for name, kind in keys.items()),
            comment="The keys of rows that changed and were not published yet",
        )
        names = ", ".join(keys)
        op.execute(f"INSERT INTO {table}_changed ({names}) SELECT {names} FROM {table}")


def downgrade() -> None:
    for table in KEYS:
        op.drop_table(f"{table}_changed")
