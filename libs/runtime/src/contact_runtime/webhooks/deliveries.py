"""What is to be sent and what became of it: the queue of webhooks, in the service's database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_runtime.driver import lent
from contact_runtime.webhooks import settling
from contact_runtime.webhooks.endpoints import Endpoint, enabled
from contact_runtime.webhooks.notices import Notice, body_of, goes_to, message_id
from contact_runtime.webhooks.sending import Outcome
from contact_runtime.webhooks.settling import Attempt, Settled

State = Literal["waiting", "delivered", "dead"]

CLAIMED_S = 60.0
"""Machine seconds after which an attempt whose process died is made again; above any attempt."""

KEPT_S = 14 * 24 * 3600
"""Machine seconds for which what has ended can be seen and repeated."""

_MOST_PRUNED = 5_000

_ADD = """
INSERT INTO webhook_deliveries (delivery_id, endpoint_id, type, body, state, attempts, failures,
    made_at, waiting_since, due_at)
SELECT delivery_id, endpoint_id, type, body, 'waiting', 0, 0, {now}, {now}, {now}
FROM unnest({columns}) WITH ORDINALITY AS new (delivery_id, endpoint_id, type, body, place)
ORDER BY place ON CONFLICT (delivery_id) DO NOTHING
"""
_ADD_MANY = text(
    _ADD.format(
        now="CAST(:now AS timestamptz)",
        columns=", ".join(f"CAST(:{name} AS text[])" for name in ("ids", "to", "types", "bodies")),
    )
)
_COLUMNS = """delivery_id, number, endpoint_id, type, state, attempts, made_at, due_at, last_at,
    last_status, last_failure, ended_at"""
_ADD_ONE = f"""
INSERT INTO webhook_deliveries (delivery_id, endpoint_id, type, body, state, attempts, failures,
    made_at, waiting_since, due_at)
VALUES ($1, $2, $3, $4, 'waiting', 0, 0, $5, $5, $5) RETURNING {_COLUMNS}
"""
_PAGE = f"""
SELECT {_COLUMNS} FROM webhook_deliveries
WHERE endpoint_id = $1 AND number < $2 AND ($3::text IS NULL OR state = $3)
ORDER BY number DESC LIMIT $4
"""
_FIND = f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE endpoint_id = $1 AND delivery_id = $2"
_AGAIN = """
UPDATE webhook_deliveries
SET state = 'waiting', failures = 0, waiting_since = $2, due_at = $2, ended_at = NULL
WHERE endpoint_id = $1
"""
_CLAIM = """
WITH due AS (
    SELECT one.delivery_id
    FROM webhook_endpoints AS at
    LEFT JOIN unnest($2::text[], $3::int[]) AS busy (endpoint_id, under_way) USING (endpoint_id)
    CROSS JOIN LATERAL (
        SELECT delivery_id, due_at FROM webhook_deliveries
        WHERE endpoint_id = at.endpoint_id AND state = 'waiting' AND due_at <= $1
        ORDER BY due_at, number
        LIMIT greatest(0, CASE WHEN at.failing_since IS NULL THEN $4 ELSE least($4, 1) END
            - coalesce(busy.under_way, 0)) FOR UPDATE SKIP LOCKED
    ) AS one
    WHERE at.state = 'enabled' ORDER BY one.due_at LIMIT $5
)
UPDATE webhook_deliveries AS claimed
SET attempts = claimed.attempts + 1, last_at = $1, due_at = $6
FROM due, webhook_endpoints AS at
WHERE claimed.delivery_id = due.delivery_id AND at.endpoint_id = claimed.endpoint_id
RETURNING claimed.delivery_id, claimed.endpoint_id, claimed.body, claimed.attempts AS number,
    claimed.failures, claimed.waiting_since, at.url, at.secret,
    CASE WHEN at.previous_until > $1 THEN at.previous_secret END AS previous_secret
"""
_WAITING = """
SELECT count(*) AS waiting, min(due_at) AS due_at FROM webhook_deliveries
JOIN webhook_endpoints AS at USING (endpoint_id)
WHERE webhook_deliveries.state = 'waiting' AND at.state = 'enabled'
"""
_PRUNE = """
DELETE FROM webhook_deliveries WHERE delivery_id IN (
    SELECT delivery_id FROM webhook_deliveries WHERE ended_at < $1 LIMIT $2
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one endpoint; `due_at` is the next attempt while it is waiting."""

    delivery_id: str
    number: int
    endpoint_id: str
    type: str
    state: State
    attempts: int
    made_at: datetime
    due_at: datetime
    last_at: datetime | None
    last_status: int | None
    last_failure: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and when the first of them is or was due."""

    waiting: int
    due_at: datetime | None


async def add(connection: AsyncConnection, notices: Sequence[Notice], now: datetime) -> int:
    """Have each enabled endpoint told, in the open transaction; return how many messages wait.

    A fact that is read twice makes one message: its id follows from the fact and the endpoint.
    """
    endpoints = await enabled(connection)
    made = [(at, notice) for notice in notices for at in endpoints if goes_to(notice, at)]
    if made:
        rows = {
            "ids": [message_id(at.endpoint_id, notice.id) for at, notice in made],
            "to": [at.endpoint_id for at, _ in made],
            "types": [notice.type for _, notice in made],
            "bodies": [body_of(notice) for _, notice in made],
        }
        await connection.execute(_ADD_MANY, {"now": now, **rows})
    return len(made)


class Deliveries:
    """The queue of one service. Every method raises `Transient` where trying again may help."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before it is asked for."""
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def test(self, endpoint: Endpoint, notice: Notice, now: datetime) -> Delivery:
        """Have one endpoint told, whatever it wants to hear of."""
        delivery_id = message_id(endpoint.endpoint_id, notice.id)
        to = (delivery_id, endpoint.endpoint_id, notice.type, body_of(notice), now)
        async with lent(self._autocommit) as driver:
            (row,) = await driver.fetch(_ADD_ONE, to)
        return _shown(row)

    async def page(
        self, endpoint_id: str, before: int, state: State | None, limit: int
    ) -> list[Delivery]:
        """Return the last `limit` deliveries before this number, the newest first."""
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(_PAGE, (endpoint_id, before, state, limit))
        return [_shown(row) for row in rows]

    async def find(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of this endpoint, if there is one of this id."""
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(_FIND, (endpoint_id, delivery_id))
        return _shown(rows[0]) if rows else None

    async def repeat(self, endpoint_id: str, delivery_id: str, now: datetime) -> Delivery | None:
        """Have a message sent now, whatever became of it, with the same id; None if unknown."""
        again = f"{_AGAIN} AND delivery_id = $3 RETURNING {_COLUMNS}"
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(again, (endpoint_id, now, delivery_id))
        return _shown(rows[0]) if rows else None

    async def repeat_dead(self, endpoint_id: str, now: datetime) -> int:
        """Have all messages sent that were given up; return how many."""
        async with lent(self._autocommit) as driver:
            return await driver.execute(f"{_AGAIN} AND state = 'dead'", (endpoint_id, now))

    async def claim(
        self, busy: Mapping[str, int], now: datetime, *, each: int, most: int
    ) -> list[Attempt]:
        """Return what is due, at most `most`, and of no endpoint more than `each` under way.

        `busy` tells how many are under way to each; to one that fails there is one at a time.
        What is claimed is due again after `CLAIMED_S`, so that nothing is lost with the process
        that claimed it.
        """
        until = now + timedelta(seconds=CLAIMED_S)
        under_way = (list(busy), list(busy.values()))
        async with lent(self._autocommit) as driver:
            rows = await driver.fetch(_CLAIM, (now, *under_way, each, most, until))
        return [Attempt(**dict(row)) for row in rows]

    async def settle(
        self, attempt: Attempt, outcome: Outcome, now: datetime, chance: float
    ) -> Settled:
        """Keep what became of an attempt, and return what follows from it."""
        async with lent(self._autocommit) as driver, driver.transaction():
            settled = await settling.settle(driver, attempt, outcome, now, chance)
            await driver.commit()
        return settled

    async def backlog(self) -> Backlog:
        """Return what waits for enabled endpoints."""
        async with lent(self._autocommit) as driver:
            (row,) = await driver.fetch(_WAITING, ())
        return Backlog(row["waiting"], row["due_at"])

    async def prune(self, now: datetime) -> int:
        """Forget some of what has ended `KEPT_S` ago; return how many."""
        before = now - timedelta(seconds=KEPT_S)
        async with lent(self._autocommit) as driver:
            return await driver.execute(_PRUNE, (before, _MOST_PRUNED))


def _shown(row: Mapping[str, Any]) -> Delivery:
    return Delivery(**dict(row))
