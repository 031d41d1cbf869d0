"""The embedded server: starts in a folder, keeps what it was given, ends with its starter."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_runtime import embedded
from contact_runtime.database import connect, database_of
from contact_runtime.embedded import EmbeddedPostgres, PostgresNotStarted
from contact_runtime.migrate import create_database, migrate
from tests.support.wait import until

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="polycentre-embedded-"))
    place.chmod(0o755)
    yield place / "pg"
    shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[AsyncConnection]:
    engine = connect(url)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_what_was_kept_is_there_after_a_new_start(folder: Path) -> None:
    server = embedded.start(folder, port=free_port(), tied=True)
    assert embedded.running(folder) == server.pid
    async with connection_to(server.tcp_url()) as connection:
        await connection.execute(text("CREATE TABLE kept AS SELECT 5 AS n"))
    server.stop()
    assert embedded.running(folder) is None
    server = embedded.start(folder, tied=True)
    async with connection_to(server.url()) as connection:
        assert (await connection.execute(text("SELECT n FROM kept"))).scalar() == 5
    with pytest.raises(ValueError, match="no TCP port"):
        server.tcp_url()
    server.stop()


async def test_a_folder_is_served_by_one_server(folder: Path) -> None:
    server = embedded.start(folder, tied=True)
    with pytest.raises(PostgresNotStarted, match="lock file"):
        embedded.start(folder, port=free_port(), tied=True)
    async with connection_to(server.url()) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    server.stop()


async def test_a_socket_may_lie_in_a_folder_of_a_long_name(folder: Path) -> None:
    server = embedded.start(folder / ("long" * 20), tied=True)
    async with connection_to(server.url()) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    server.stop()
    assert not server.socket_folder.exists()


async def test_a_tied_server_ends_when_its_starter_is_killed(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from contact_runtime import embedded;"
        "print(embedded.start(Path(sys.argv[1]), tied=True).pid, flush=True); time.sleep(600)"
    )
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    pid = int(await starter.stdout.readline())
    starter.kill()
    await starter.wait()

    def ended() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]

    await until("the end of the server", ended)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service's package with migrations, as each service has them."""
    migrations = tmp_path / "shop_service" / "migrations"
    (migrations / "versions").mkdir(parents=True)
    (tmp_path / "shop_service" / "__init__.py").write_text("")
    (migrations / "env.py").write_text(
        "from contact_runtime.migrate import run_in_environment\n\nrun_in_environment()\n"
    )
    (migrations / "versions" / "0001_rows.py").write_text(
        "from alembic import op\n"
        "from contact_runtime.tables import drop_runtime_tables, runtime_tables\n"
        "revision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    runtime_tables(op)\n    op.execute('CREATE TABLE own (n int)')\n"
        "def downgrade():\n    drop_runtime_tables(op)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "shop_service"


async def test_two_replicas_that_migrate_at_once_make_one_database(
    postgres_server: EmbeddedPostgres, service: str
) -> None:
    url = postgres_server.url("shop")
    await asyncio.gather(migrate(service, url), migrate(service, url))
    await migrate(service, url)
    async with connection_to(url) as connection:
        tables = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
        names = {row[0] for row in tables}
    assert {"events", "leases", "positions", "sequences", "states", "own"} <= names
    postgres_server.command("dropdb", "--force", "shop")


async def test_a_database_is_created_once(postgres_server: EmbeddedPostgres) -> None:
    url = postgres_server.url("made-by name")
    assert await create_database(url) is True
    assert await create_database(url) is False
    postgres_server.command("dropdb", "made-by name")


def test_a_url_without_a_database_is_refused() -> None:
    with pytest.raises(ValueError, match="no database"):
        database_of("postgresql://user@host")


async def test_user_host_and_port_may_stand_in_the_query(
    postgres_server: EmbeddedPostgres,
) -> None:
    url = f"postgresql:///postgres?host={postgres_server.socket_folder}&user=postgres"
    async with connection_to(url) as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar() == "postgres"
