"""Migrations: each service's own, applied by alembic; the database is created if absent."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from contact_runtime.database import connect, database_of, state_of

LIMIT_S = 600.0
"""For one statement of a migration."""

_FIND = text("SELECT 1 FROM pg_database WHERE datname = :name")

_TAKEN = ("42P04", "23505")
"""There is one of that name; there has just been made one."""

_LOCK = 0x706F6C79
"""Of PostgreSQL's advisory locks: two replicas that start at once migrate one after the other."""


async def migrate(service_package: str, url: str, *, revision: str = "head") -> None:
    """Bring the database of `url` to `revision` of `<service_package>/migrations`.

    Raises:
        OSError: no server answers at `url`.
    """
    await create_database(url)
    engine = connect(url, statement_limit_s=LIMIT_S, poolclass=NullPool)
    with as_file(files(service_package) / "migrations") as folder:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade, folder, revision)
    await engine.dispose()


def _upgrade(connection: Connection, folder: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def run_in_environment() -> None:
    """Run the migrations alembic has chosen; all that a service's migrations/env.py calls."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def create_database(url: str) -> bool:
    """Create the database of `url` if the server has none of that name; return whether it did.

    Raises:
        OSError: no server answers at `url`.
    """
    name = database_of(url)
    server = connect(url, database="postgres", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with server.connect() as connection:
            if (await connection.execute(_FIND, {"name": name})).one_or_none():
                return False
            quoted = server.dialect.identifier_preparer.quote_identifier(name)
            try:
                await connection.execute(text(f"CREATE DATABASE {quoted}"))
            except DBAPIError as failed:
                if state_of(failed) in _TAKEN:
                    return False  # another replica was first
                raise
            return True
    finally:
        await server.dispose()
