"""Questions to the tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.calls import Text
from router.explain.tables import decisions, moments, names


@dataclass(frozen=True, slots=True)
class Told:
    """One moment of a call, as a row holds it; `decision_id` where it is a decision."""

    pool: str
    topic: str
    offset: int
    client_id: str | None
    at: datetime
    kind: str
    said: dict[str, Any]
    decision_id: str | None


async def story(connection: AsyncConnection, call_id: str) -> list[Told]:
    """Return all moments of the call, each topic's in its own order."""
    here = (decisions.c.pool == moments.c.pool) & (decisions.c.log_offset == moments.c.log_offset)
    joined = moments.outerjoin(decisions, here & (moments.c.topic == "routed"))
    found = (
        select(moments, decisions.c.decision_id)
        .select_from(joined)
        .where(moments.c.call_id == call_id)
        .order_by(moments.c.topic, moments.c.log_offset)
    )
    return [_told(row) for row in (await connection.execute(found)).mappings()]


async def decision(connection: AsyncConnection, asked: str) -> RowMapping | None:
    """Return the row of the decision with this id, or that made the reservation of this id."""
    found = select(decisions).where(
        or_(decisions.c.decision_id == asked, decisions.c.reservation_id == asked),
        decisions.c.number > 0,
    )
    return (await connection.execute(found)).mappings().first()


async def led_since(connection: AsyncConnection, pool: str) -> datetime | None:
    """Return when the pool was first led; None if it never was."""
    found = select(func.min(decisions.c.decided_at)).where(decisions.c.pool == pool)
    at: datetime | None = (await connection.execute(found)).scalar_one()
    return at


async def last_before(connection: AsyncConnection, pool: str, at: datetime) -> int:
    """Return the offset of the last decision made at or before `at`; 0 if there is none."""
    found = select(func.max(decisions.c.log_offset)).where(
        decisions.c.pool == pool, decisions.c.decided_at <= at
    )
    return int((await connection.execute(found)).scalar_one() or 0)


async def names_of(connection: AsyncConnection, pool: str) -> dict[str, Text]:
    """Return what people call the pool's documents, by document id."""
    rows = await connection.execute(select(names).where(names.c.pool == pool))
    return {row.document_id: Text(row.ru, row.en) for row in rows}


def _told(row: RowMapping) -> Told:
    return Told(
        pool=row["pool"],
        topic=row["topic"],
        offset=row["log_offset"],
        client_id=row["client_id"],
        at=row["at"],
        kind=row["kind"],
        said=msgspec.json.decode(row["said"]),
        decision_id=row["decision_id"],
    )
