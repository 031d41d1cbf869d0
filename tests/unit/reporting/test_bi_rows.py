"""A row on `bi.*`: flat JSON of scalars, keyed by its primary key, naming nobody."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from reporting.bi import BI_TOPICS, PERSONAL, TIMESTAMP, BiTopic, RowFormat, ValueFormat

NOON = datetime(2026, 2, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def row_of(rows: BiTopic) -> dict[str, Any]:
    """Return a row with something in every column; those that may be are empty."""
    kinds: dict[type, Any] = {str: "x", int: 7, datetime: NOON}
    return {c.name: None if c.nullable else kinds[c.type.python_type] for c in rows.table.columns}


@pytest.mark.parametrize("value_format", get_args(ValueFormat))
@pytest.mark.parametrize("rows", BI_TOPICS, ids=lambda rows: rows.topic.name)
def test_a_row_is_an_object_of_scalars_without_personal_data(
    rows: BiTopic, value_format: ValueFormat
) -> None:
    value = json.loads(RowFormat(rows, value_format).value(row_of(rows)))
    payload = value["payload"] if value_format == "json_with_schema" else value
    assert list(payload) == [c.name for c in rows.table.columns if c.name not in PERSONAL]
    assert "row_version" in payload
    assert all(not isinstance(each, dict | list) for each in payload.values())
    assert not {"caller_ref", "ani", "sealed", "prefix"} & payload.keys()


def test_keys_are_the_primary_key_in_its_order() -> None:
    contacts, queues, agents = (json.loads(RowFormat(r, "json").key(row_of(r))) for r in BI_TOPICS)
    assert contacts == {"call_id": "x"}
    assert list(queues) == ["interval_start", "queue_id", "client_id", "project_id", "channel"]
    assert list(agents)[:2] == ["interval_start", "agent_id"]
    assert queues["interval_start"] == "2026-02-01T12:00:00.250000Z"


@pytest.mark.parametrize("rows", BI_TOPICS, ids=lambda rows: rows.topic.name)
def test_with_a_schema_connect_knows_each_field_of_key_and_value(rows: BiTopic) -> None:
    written = RowFormat(rows, "json_with_schema")
    for record in (written.key(row_of(rows)), written.value(row_of(rows))):
        said = json.loads(record)
        assert said.keys() == {"schema", "payload"}
        assert said["schema"]["type"] == "struct"
        fields = {field["field"]: field for field in said["schema"]["fields"]}
        assert list(fields) == list(said["payload"])
        for name, value in said["payload"].items():
            field = fields[name]
            expected = {"string": str, "int64": int}[field["type"]]
            assert isinstance(value, expected) or (value is None and field["optional"])


def test_with_a_schema_moments_are_connects_timestamps() -> None:
    queues = BI_TOPICS[1]
    said = json.loads(RowFormat(queues, "json_with_schema").key(row_of(queues)))
    first = said["schema"]["fields"][0]
    assert (first["name"], first["version"]) == (TIMESTAMP, 1)
    assert said["payload"]["interval_start"] == int(NOON.timestamp() * 1_000)
