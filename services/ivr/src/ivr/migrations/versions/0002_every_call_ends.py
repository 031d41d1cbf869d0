"""Calls that wait or talk are due at the latest end of a call, which they were not before.

Calls in self-service or about to be joined are due earlier, and then anew.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        UPDATE states
        SET due_at = (state::jsonb ->> 'arrived_at')::timestamptz + interval '4 hours'
        WHERE kind = 'call' AND due_at IS NULL
          AND state::jsonb ->> 'type' IN ('waiting', 'connected')
        """
    )


def downgrade() -> None:
    pass  # the release before looks at a row that is due and finds nothing to do
