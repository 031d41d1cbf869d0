"""Events to rows: where each call's moments and decisions stand in the log."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_events.calls import (
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallFlowStep,
    Text,
)
from contact_events.config import Document
from contact_events.envelope import Envelope
from contact_events.registry import Event, event_type_of
from contact_events.routing import Decision, RouterEpochStarted, RouterProgress
from contact_runtime.reader import Received
from router.explain.tables import decisions, moments, names

Row = dict[str, Any]

_PERSONAL: Final = frozenset({"caller", "attributes", "agent_greeting", "note", "dnis"})
_ELSEWHERE: Final = frozenset({"pool", "call_id", "positions", "decided_at"})
_TELL_NOTHING: Final = (
    CallAgentLegAnswered,
    CallAgentLegRinging,
    CallFlowStep,
    RouterEpochStarted,
    RouterProgress,
)


async def project(connection: AsyncConnection, batch: Sequence[Received]) -> None:
    """Write what a batch of new, valid records adds, in the open transaction."""
    found = [moment for received in batch if (moment := moment_of(received)) is not None]
    decided = [row for received in batch if (row := decision_of(received)) is not None]
    named = {(row["pool"], row["document_id"]): row for r in batch if (row := name_of(r))}
    await _add(connection, moments, found)
    await _add(connection, decisions, decided)
    await _replace(connection, names, list(named.values()))


def moment_of(received: Received) -> Row | None:
    """Return the row of a record that explains a call's way; None if it does not."""
    envelope = received.envelope
    call_id = getattr(envelope.data, "call_id", None)
    if call_id is None or isinstance(envelope.data, _TELL_NOTHING):
        return None
    return {
        "pool": envelope.pool,
        "topic": received.record.topic,
        "log_offset": received.record.offset,
        "call_id": call_id,
        "client_id": envelope.client,
        "at": envelope.time,
        "kind": event_type_of(type(envelope.data)).name,
        "said": msgspec.json.encode(_said(envelope.data)).decode(),
    }


def decision_of(received: Received) -> Row | None:
    """Return the row of a valid claim or decision; None for what is neither, and of progress."""
    envelope, decision = received.envelope, received.envelope.data
    claims = isinstance(decision, RouterEpochStarted)
    if not (claims or isinstance(decision, Decision)) or isinstance(decision, RouterProgress):
        return None
    return {
        "pool": envelope.pool,
        "log_offset": received.record.offset,
        "decision_id": envelope.id,
        "reservation_id": _reservation(envelope),
        "call_id": getattr(decision, "call_id", None),
        "client_id": envelope.client,
        "epoch": getattr(decision, "epoch", 0),
        "owner": getattr(decision, "owner", ""),
        "number": envelope.sequence,
        "decided_at": envelope.time,
    }


def name_of(received: Received) -> Row | None:
    """Return what people call the site, queue or skill of a document; None if it has no name."""
    document = received.envelope.data
    name = getattr(document, "name", None)
    if not isinstance(document, Document) or not isinstance(name, Text):
        return None
    at = {"pool": received.envelope.pool, "document_id": document.document_id}
    return {**at, "ru": name.ru, "en": name.en}


def _said(event: Event) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items() if name not in _PERSONAL | _ELSEWHERE}


def _reservation(envelope: Envelope) -> str | None:
    """Return the reservation that the decision creates: a rescission's is another's."""
    if event_type_of(type(envelope.data)).name != "call.routed":
        return None
    found: str | None = getattr(envelope.data, "reservation_id", None)
    return found


async def _add(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    if rows:
        await connection.execute(insert(table).on_conflict_do_nothing(), rows)


async def _replace(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    if rows:
        statement = insert(table)
        changes = {name: statement.excluded[name] for name in ("ru", "en")}
        keys = [column.name for column in table.primary_key]
        await connection.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=changes), rows
        )
