"""The way to PostgreSQL: engines from plain URLs, every wait bounded, its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asyncpg import exceptions as postgres
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from contact_runtime.errors import StreamMoved, Transient

STATEMENT_LIMIT_S = 10.0
"""A statement that takes longer is given up: `Transient`."""

CONNECT_LIMIT_S = 5.0

CONNECTIONS = 10
"""Of one process to its database, at most."""

DATABASE_ERRORS: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    postgres.PostgresError,
    postgres.InterfaceError,
    postgres.InternalClientError,
)
"""What a statement may raise, of SQLAlchemy or of the driver itself."""

_SERVER_SETTINGS = {
    "jit": "off",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
}

_RETRY_CLASSES = ("08", "40", "53", "57")
"""Connection, rollback (deadlock, serialization), resources, operator intervention."""

_RETRY_STATES = ("55P03", "25P03")
"""A lock not got in time; a transaction that stood idle too long."""


def database_of(url: str) -> str:
    """Return the name of the database of `url`.

    Raises:
        ValueError: it names none.
    """
    name = make_url(url).database
    if not name:
        raise ValueError(f"no database is named in {make_url(url).render_as_string()}")
    return name


def connect(
    url: str,
    *,
    pool_size: int = CONNECTIONS,
    application: str = "polycentre",
    database: str | None = None,
    schema: str | None = None,
    statement_limit_s: float = STATEMENT_LIMIT_S,
    **options: Any,
) -> AsyncEngine:
    """Return an engine for a plain `postgresql://` URL; it connects at first use.

    Host, port, user and sslmode may stand in the query, as in
    `postgresql:///ivr?host=/run/pg&user=postgres`. `database` is another one of the same server;
    `schema` is where tables are found and made, if not in the default one; `options` are those of
    SQLAlchemy's engine. `pool_size` connections at most are opened, as they
    are needed, and kept: one beyond it would be closed when it comes back, and opened again in the
    next burst.
    """
    plain, where = _where(url)
    path = {} if schema is None else {"search_path": schema}
    pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": CONNECT_LIMIT_S}
    return create_async_engine(
        plain if database is None else plain.set(database=database),
        connect_args={
            **where,
            "timeout": CONNECT_LIMIT_S,
            "command_timeout": statement_limit_s,
            "server_settings": {**_SERVER_SETTINGS, "application_name": application, **path},
        },
        **(pool if "poolclass" not in options else {}),
        **options,
    )


def _where(url: str) -> tuple[URL, dict[str, Any]]:
    """Return the URL without, and the driver's arguments with, what may stand in the query."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    query = dict(parsed.query)
    where: dict[str, Any] = {name: query.pop(name) for name in ("host", "user") if name in query}
    if "sslmode" in query:
        where["ssl"] = query.pop("sslmode")  # the driver's word for it
    if "port" in query:
        where["port"] = int(str(query.pop("port")))
    return parsed.set(query=query), where


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what the database says inside the block into `Transient` or `StreamMoved`.

    Raises:
        StreamMoved: somebody else wrote the same number of a stream.
        Transient: deadlock, lost connection, time-out, no connection to be had.
    """
    try:
        with statements_in_our_words():
            yield
    except (OSError, PoolTimeoutError, PendingRollbackError) as error:
        raise Transient(f"the database does not answer: {error!r}") from error


@contextmanager
def statements_in_our_words() -> Iterator[None]:
    """Do so only with errors that must be a statement's: others may be the block's own."""
    try:
        yield
    except DBAPIError as error:
        lost = error.connection_invalidated or isinstance(error, InterfaceError)
        raise _meaning(error, state_of(error), lost) from error
    except postgres.InvalidCachedStatementError as error:
        raise Transient(f"a table was changed: {error}") from error
    except postgres.PostgresError as error:
        raise _meaning(error, str(error.sqlstate or ""), lost=False) from error
    except postgres.InterfaceError as error:
        raise _meaning(error, "", lost="closed" in str(error)) from error
    except postgres.InternalClientError as error:
        # the server's farewell was read, the end of the connection not yet: it is out of step
        raise Transient(f"the connection is lost: {error}") from error


def _meaning(error: Exception, state: str, lost: bool) -> Exception:
    if state == "23505" and "events_stream_sequence" in str(error):
        return StreamMoved(str(error))
    if lost or state[:2] in _RETRY_CLASSES or state in _RETRY_STATES:
        return Transient(f"{state or 'the connection is lost'}: {error}")
    return error


def state_of(error: DBAPIError) -> str:
    """Return PostgreSQL's code of the error, five characters, or nothing."""
    original: Any = error.orig
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
