"""The live board's stream, described: the AsyncAPI 3 document of its messages."""

from typing import Any

import msgspec

from reporting.domain.shown import Change, Snapshot

VERSION = "1"
"""Fields may be added to a version; anything else makes the next one."""

_MESSAGES: tuple[type[Any], ...] = (Snapshot, Change)
_SCHEMAS = "#/components/schemas/{name}"


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document: the address, the events, and each one's schema."""
    _, schemas = msgspec.json.schema_components(_MESSAGES, ref_template=_SCHEMAS)
    messages = {kind.__name__.lower(): _message(kind) for kind in _MESSAGES}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Polycentre's live board",
            "version": VERSION,
            "description": "Server-sent events: one `snapshot`, then a `change` at least once a "
            "second. Who comes back with the header `Last-Event-ID` is sent what it missed; an id "
            "that is too old, or of another replica, brings a snapshot. A client's token sees its "
            "own calls only.",
        },
        "defaultContentType": "application/json",
        "channels": {"board": _channel(messages)},
        "operations": {
            "show": {
                "action": "send",
                "summary": "What the service tells a board.",
                "channel": {"$ref": "#/channels/board"},
                "messages": [{"$ref": f"#/channels/board/messages/{name}"} for name in messages],
            }
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _channel(messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": "/v1/live",
        "description": "GET with `Authorization: Bearer`; the scope is `live:read`. The event's "
        "name is the message's, its `data` is the payload.",
        "bindings": {
            "http": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": {
                        "Last-Event-ID": {
                            "type": "string",
                            "description": "`id` of the last event that was seen",
                        }
                    },
                },
            }
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _message(kind: type[Any]) -> dict[str, Any]:
    about = (kind.__doc__ or "").strip()
    return {
        "name": kind.__name__.lower(),
        "summary": about.splitlines()[0],
        "description": about,
        "payload": {"$ref": _SCHEMAS.format(name=kind.__name__)},
    }
