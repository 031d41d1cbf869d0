"""A real PostgreSQL for the tests of one session, and a fresh database for each test."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from contact_runtime import embedded
from contact_runtime.database import connect
from contact_runtime.embedded import EmbeddedPostgres
from contact_runtime.store import SqlStore
from contact_runtime.tables import runtime_metadata

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A server of this session's own; it ends with the session, however that ends."""
    folder = Path(tempfile.mkdtemp(prefix="polycentre-postgres-"))
    folder.chmod(0o755)
    server = embedded.start(folder / "pg", settings=_SETTINGS, tied=True)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database of this test's own, empty."""
    name = f"test_{next(_numbers)}"
    postgres_server.command("createdb", name)
    yield postgres_server.url(name)
    postgres_server.command("dropdb", "--force", name)


@pytest.fixture
async def sql_store(postgres_url: str) -> AsyncIterator[SqlStore]:
    """A store in a database of this test's own, with the runtime's tables."""
    store = SqlStore(connect(postgres_url), source="/polycentre/test", partitions=4)
    async with store.engine.begin() as connection:
        await connection.run_sync(runtime_metadata.create_all)
    yield store
    await store.close()
