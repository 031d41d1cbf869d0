"""The migrations of reporting lead to the tables that its code means."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.webhooks.tables import webhook_metadata
from reporting import tables


def difference(connection: Connection, metadata: MetaData) -> list[object]:
    """Return what would have to be done to the database to have the tables of the code."""
    names = set(metadata.tables)
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in names}
    )
    found = compare_metadata(context, metadata)
    return [change for change in found if change[0] != "add_table_comment"]


@pytest.mark.postgres
async def test_the_migrated_tables_are_those_of_the_code(postgres_url: str) -> None:
    await migrate("reporting", postgres_url)
    engine = connect(postgres_url)
    async with engine.connect() as connection:
        for metadata in (tables.metadata, webhook_metadata):
            assert await connection.run_sync(difference, metadata) == []
    await engine.dispose()
