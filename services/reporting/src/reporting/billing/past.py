"""What happened, read at one position of the log: from the tables as they are, or from the log."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contact_events.envelope import Undecodable, UnknownType, decode
from contact_events.intake import Intake
from contact_runtime.log import Log, Record, TopicPartition
from contact_runtime.tables import positions
from reporting import tables
from reporting.domain.agreements import Tariff
from reporting.domain.facts import CallFacts
from reporting.domain.folding import Folding
from reporting.domain.invoicing.gathering import teams_of, work_of
from reporting.domain.invoicing.spans import Days
from reporting.domain.invoicing.work import Work
from reporting.domain.timelines import SpellKey

Position = Mapping[str, int]
"""By `topic/partition`, the next offset that was not read any more."""

READ_LIMIT_S = 30.0
"""How long the log may be silent before the position is reached, in machine seconds."""

_FACTS = msgspec.json.Decoder(CallFacts)


class LogSilent(Exception):
    """The log did not give its records up to the position of the invoice. Try again later."""

    code = "log-silent"


async def work_now(engine: AsyncEngine, tariff: Tariff, days: Days) -> tuple[Work, Position]:
    """Return what the tables hold, and of which position, as of one moment."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        at = await _position(connection)
        calls = await _calls(connection, tariff, days)
        return work_of(tariff, days, calls, await _spells(connection, tariff)), at


async def _position(connection: AsyncConnection) -> Position:
    found = await connection.execute(select(positions).where(positions.c.reader == tables.READER))
    return {f"{row.topic}/{row.partition}": row.next_offset for row in found}


async def _calls(connection: AsyncConnection, tariff: Tariff, days: Days) -> list[CallFacts]:
    begin, end = days.moments(ZoneInfo(tariff.time_zone))
    contacts, facts = tables.contacts, tables.call_facts
    alive = or_(contacts.c.ended_at.is_(None), contacts.c.ended_at >= begin)
    wanted = and_(contacts.c.client_id == tariff.client_id, contacts.c.arrived_at < end, alive)
    joined = contacts.join(facts, facts.c.call_id == contacts.c.call_id)
    rows = await connection.execute(select(facts.c.facts).select_from(joined).where(wanted))
    return [_FACTS.decode(text) for (text,) in rows]


async def _spells(connection: AsyncConnection, tariff: Tariff) -> dict[SpellKey, int]:
    table = tables.agent_spells
    rows = await connection.execute(select(table).where(table.c.team_id.in_(teams_of(tariff))))
    found = (dict(row) for row in rows.mappings())
    return {SpellKey(**row): length_ms for row in found for length_ms in [row.pop("length_ms")]}


async def work_then(log: Log, tariff: Tariff, days: Days, at: Position) -> Work:
    """Return what the log held up to this position, folded anew.

    Raises:
        LogSilent: the log could not be read so far.
    """
    folding = await folded_to(log, at, tariff.client_id)
    return work_of(tariff, days, folding.facts.values(), folding.spells)


async def folded_to(log: Log, at: Position, client_id: str) -> Folding:
    """Return the fold of the log from its beginning up to this position.

    What is said to be of other clients is left out.

    Raises:
        LogSilent: the log could not be read so far.
    """
    ends = {_partition(name): offset for name, offset in at.items()}
    starts = await log.starts({tp.topic for tp in ends})
    unread = {tp for tp, end in ends.items() if end > starts.get(tp, 0)}
    folding, intake, silent_s = Folding(), Intake(), 0.0
    reader = await log.reader({tp: starts[tp] for tp in unread})
    try:
        while unread:
            records = await reader.read(max_records=1_000, timeout_s=0.5)
            silent_s = 0.0 if records else silent_s + 0.5
            if silent_s > READ_LIMIT_S:
                raise LogSilent(f"no record for {READ_LIMIT_S} s before the position")
            for record in records:
                tp = TopicPartition(record.topic, record.partition)
                if record.offset < ends[tp]:
                    _take(folding, intake, record, client_id)
                if record.offset + 1 >= ends[tp]:
                    unread.discard(tp)
    finally:
        await reader.close()
    return folding


def _take(folding: Folding, intake: Intake, record: Record, client_id: str) -> None:
    try:
        decoded = decode(record.value)
    except Undecodable:
        return
    if isinstance(decoded, UnknownType) or not intake.takes(record.topic, decoded.envelope):
        return
    if decoded.envelope.client in (None, client_id):
        folding.take(decoded.envelope)


def _partition(name: str) -> TopicPartition:
    topic, _, partition = name.rpartition("/")
    return TopicPartition(topic, int(partition))
