"""The rows of `bi.*` as records: flat JSON of scalars, the primary key as key, no personal data.

A key and its fields' order never change, so that a topic can be compacted by it. The two formats
have different keys: a topic keeps the one it began with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Table, Text

from contact_events.topics import (
    BI_AGENT_INTERVALS,
    BI_CONTACT_RECORDS,
    BI_QUEUE_INTERVALS,
    Topic,
)
from reporting import tables
from reporting.domain.facts import milliseconds

ValueFormat = Literal["json", "json_with_schema"]

PERSONAL: Final = frozenset({"caller_ref"})
"""Columns that tell who somebody is while a key lives; they leave the service in no row."""

TIMESTAMP: Final = "org.apache.kafka.connect.data.Timestamp"
"""Kafka Connect's name for a moment in whole milliseconds since 1970."""

Values = Mapping[str, Any]
_encode = msgspec.json.Encoder().encode
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class BiTopic:
    """A topic of rows, and the table whose rows these are."""

    topic: Topic
    table: Table

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the names of the primary key, in its order."""
        return tuple(column.name for column in self.table.primary_key)

    @cached_property
    def columns(self) -> tuple[Column[Any], ...]:
        """Return the columns that a row has on the topic, the keys included."""
        return tuple(column for column in self.table.columns if column.name not in PERSONAL)

    @property
    def outbox(self) -> Table:
        """Return where the keys of changed rows wait."""
        return tables.OUTBOXES[self.table]


BI_TOPICS: Final = (
    BiTopic(BI_CONTACT_RECORDS, tables.contacts),
    BiTopic(BI_QUEUE_INTERVALS, tables.queue_intervals),
    BiTopic(BI_AGENT_INTERVALS, tables.agent_intervals),
)


class RowFormat:
    """Turns the rows of one topic into keys and values, in one of the formats."""

    def __init__(self, rows: BiTopic, value_format: ValueFormat) -> None:
        of_key = [column for column in rows.columns if column.primary_key]
        build = _plain if value_format == "json" else _with_schema
        self.key: Callable[[Values], bytes] = build(f"{rows.topic.name}.key", of_key)
        self.value: Callable[[Values], bytes] = build(rows.topic.name, rows.columns)


def _plain(_name: str, columns: Any) -> Callable[[Values], bytes]:
    names = [column.name for column in columns]
    return lambda row: _encode({name: row[name] for name in names})


def _with_schema(name: str, columns: Any) -> Callable[[Values], bytes]:
    """Return what writes Kafka Connect's envelope: the schema beside each payload."""
    schema = {"type": "struct", "name": name, "optional": False}
    head = b'{"schema":' + _encode({**schema, "fields": [_field(c) for c in columns]})
    moments = [c.name for c in columns if isinstance(c.type, DateTime)]
    names = [column.name for column in columns]

    def written(row: Values) -> bytes:
        payload = {column: row[column] for column in names}
        for moment in moments:
            at = payload[moment]
            payload[moment] = None if at is None else milliseconds(_EPOCH, at)
        return head + b',"payload":' + _encode(payload) + b"}"

    return written


def _field(column: Column[Any]) -> dict[str, object]:
    field: dict[str, object] = {"field": str(column.name), "optional": bool(column.nullable)}
    if isinstance(column.type, DateTime):
        return {**field, "type": "int64", "name": TIMESTAMP, "version": 1}
    kinds = {Text: "string", BigInteger: "int64"}
    return {**field, "type": kinds[type(column.type)]}
