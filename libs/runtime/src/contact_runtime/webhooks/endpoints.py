"""The endpoints that integrators have subscribed, in the service's own database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_runtime.driver import lent

MOST = 100
"""Endpoints of one client, and of the operator: each costs something with every fact."""

State = Literal["enabled", "disabled"]
Reason = Literal["failing", "gone"]

_COLUMNS = """endpoint_id, client, url, description, types, state, disabled_for, disabled_at,
    failing_since, since, version, created_at, changed_at, previous_until"""

_CREATE = f"""
INSERT INTO webhook_endpoints (endpoint_id, client, url, description, types, secret, state, since,
    version, created_at, changed_at)
SELECT $1, $2::text, $3, $4, $5::text[], $6, 'enabled', $7, 1, $8, $8
WHERE (SELECT count(*) FROM webhook_endpoints WHERE client IS NOT DISTINCT FROM $2) < $9
RETURNING {_COLUMNS}
"""
_FIND = f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE endpoint_id = $1"
_PAGE = f"""
SELECT {_COLUMNS} FROM webhook_endpoints
WHERE endpoint_id > $1 AND ($2::text IS NULL OR client = $2) ORDER BY endpoint_id LIMIT $3
"""
_CHANGE = f"""
UPDATE webhook_endpoints
SET url = $3, description = $4, types = $5::text[], version = version + 1, changed_at = $6
WHERE endpoint_id = $1 AND version = $2 RETURNING {_COLUMNS}
"""
_ROTATE = f"""
UPDATE webhook_endpoints
SET previous_secret = secret, previous_until = $4, secret = $3, version = version + 1,
    changed_at = $5
WHERE endpoint_id = $1 AND version = $2 RETURNING {_COLUMNS}
"""
_ENABLE = f"""
UPDATE webhook_endpoints
SET state = 'enabled', disabled_for = NULL, disabled_at = NULL, failing_since = NULL,
    version = version + 1, changed_at = $2
WHERE endpoint_id = $1 AND state = 'disabled' RETURNING {_COLUMNS}
"""
_ENABLED = text(f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE state = 'enabled'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as it is, without its secrets. Times but `since` are machine times."""

    endpoint_id: str
    client: str | None
    url: str
    description: str
    types: Sequence[str]
    state: State
    disabled_for: Reason | None
    disabled_at: datetime | None
    failing_since: datetime | None
    since: datetime
    version: int
    created_at: datetime
    changed_at: datetime
    previous_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What may be said of an endpoint at any time."""

    url: str
    description: str
    types: Sequence[str]


class Endpoints:
    """The endpoints of one service. Every method raises `Transient` where trying again may help."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before it is asked for."""
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def create(
        self,
        endpoint_id: str,
        client: str | None,
        wanted: Wanted,
        secret: str,
        *,
        since: datetime,
        now: datetime,
    ) -> Endpoint | None:
        """Return a new endpoint, which is told of facts from the business time `since` on.

        None if the client, or the operator, has `MOST` of them.
        """
        said = (wanted.url, wanted.description, list(wanted.types))
        return await self._one(_CREATE, endpoint_id, client, *said, secret, since, now, MOST)

    async def find(self, endpoint_id: str) -> Endpoint | None:
        """Return an endpoint, if there is one of this id."""
        return await self._one(_FIND, endpoint_id)

    async def page(self, after: str, client: str | None, limit: int) -> list[Endpoint]:
        """Return the first `limit` endpoints after this id, of one client or of all."""
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(_PAGE, (after, client, limit))
        return [_shown(row) for row in rows]

    async def change(
        self, endpoint_id: str, version: int, wanted: Wanted, now: datetime
    ) -> Endpoint | None:
        """Return the endpoint as changed; None if it is not at this version any more."""
        said = (wanted.url, wanted.description, list(wanted.types))
        return await self._one(_CHANGE, endpoint_id, version, *said, now)

    async def rotate(
        self, endpoint_id: str, version: int, secret: str, *, until: datetime, now: datetime
    ) -> Endpoint | None:
        """Sign with a new secret, and until then with the one before; None as `change`."""
        return await self._one(_ROTATE, endpoint_id, version, secret, until, now)

    async def enable(self, endpoint_id: str, now: datetime) -> Endpoint | None:
        """Return the endpoint, enabled again; None if it was not disabled."""
        return await self._one(_ENABLE, endpoint_id, now)

    async def delete(self, endpoint_id: str, version: int) -> bool:
        """Delete the endpoint and its deliveries; return whether it was at this version."""
        async with lent(self._autocommit) as driver:
            done = await driver.execute(
                "DELETE FROM webhook_endpoints WHERE endpoint_id = $1 AND version = $2",
                (endpoint_id, version),
            )
        return done == 1

    async def any(self) -> bool:
        """Return whether there is any endpoint."""
        async with lent(self._autocommit) as driver:
            return bool(await driver.fetch("SELECT 1 FROM webhook_endpoints LIMIT 1", ()))

    async def _one(self, statement: str, *parameters: Any) -> Endpoint | None:
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(statement, parameters)
        return _shown(rows[0]) if rows else None


async def enabled(connection: AsyncConnection) -> list[Endpoint]:
    """Return the endpoints that are told of facts, as the open transaction sees them."""
    found = await connection.execute(_ENABLED)
    return [Endpoint(**row) for row in found.mappings()]


def _shown(row: Mapping[str, Any]) -> Endpoint:
    return Endpoint(**dict(row))
