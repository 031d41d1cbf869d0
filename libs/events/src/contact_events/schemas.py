"""The generated documents: a JSON Schema for each event and one AsyncAPI 3 page for all."""

from typing import Any

import msgspec

from contact_events.envelope import SCHEMA_PREFIX, Envelope
from contact_events.registry import EVENTS, EventType
from contact_events.topics import TOPICS, Topic

Schema = dict[str, Any]


def schema_of(declared: EventType) -> Schema:
    """Return the JSON Schema of the event's data, with every reference written out."""
    (root,), definitions = msgspec.json.schema_components(
        [declared.shape], ref_template="#/$defs/{name}"
    )
    body = _inlined(root, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMA_PREFIX}{declared.name}:{declared.version}",
        "x-topic": declared.topic.name,
        "x-key": declared.key,
        "x-owner": declared.topic.owner,
        **body,
    }


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    match node:
        case {"$ref": str(reference)}:
            return _inlined(definitions[reference.rsplit("/", 1)[-1]], definitions)
        case dict():
            return {name: _inlined(value, definitions) for name, value in node.items()}
        case list():
            return [_inlined(value, definitions) for value in node]
        case _:
            return node


def asyncapi() -> Schema:
    """Return the AsyncAPI 3.0 document of all topics and the events on them."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Polycentre events",
            "version": "1",
            "description": "Every topic of the log and every event on it, as structured "
            "CloudEvents 1.0 in the record's value; `ce_type` repeats the type as a header.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            f"write-{topic.name}": {
                "action": "send",
                "summary": f"Only {topic.owner} writes {topic.name}.",
                "channel": {"$ref": f"#/channels/{topic.name}"},
            }
            for topic in TOPICS
        },
        "components": {
            "messages": {name: _message(EVENTS[name]) for name in sorted(EVENTS)},
            "schemas": {"envelope": _envelope_schema()},
        },
    }


def _channel(topic: Topic) -> Schema:
    return {
        "address": topic.name,
        "description": f"Written by {topic.owner}; key: {topic.key}; "
        + ("kept for ever, never compacted." if topic.kept else "derived: a hint or a row."),
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"}
            for name in sorted(EVENTS)
            if EVENTS[name].topic == topic
        },
    }


def _message(declared: EventType) -> Schema:
    return {
        "name": declared.name,
        "summary": (declared.shape.__doc__ or "").strip().splitlines()[0],
        "headers": {"type": "object", "properties": {"ce_type": {"const": declared.name}}},
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/envelope"},
                {
                    "properties": {
                        "type": {"const": declared.name},
                        "dataschema": {
                            "const": f"{SCHEMA_PREFIX}{declared.name}:{declared.writes}"
                        },
                        "data": {"$ref": f"schemas/{declared.name}.v{declared.writes}.json"},
                    }
                },
            ]
        },
    }


def _envelope_schema() -> Schema:
    text: Schema = {"type": "string"}
    optional = {name: text for name in ("client", "project", "causationid", "traceparent")}
    required: Schema = {
        "specversion": {"const": "1.0"},
        "type": text,
        "dataschema": text,
        "time": {"type": "string", "format": "date-time"},
        "sequence": {"type": "integer", "minimum": 1},
        "data": {"type": "object"},
        **{name: text for name in ("id", "source", "subject", "pool", "stream")},
    }
    return {
        "type": "object",
        "description": (Envelope.__doc__ or "").strip(),
        "required": sorted(required),
        "properties": {**required, **optional},
    }
