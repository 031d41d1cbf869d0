"""The desktop's WebSocket protocol: its version, and the AsyncAPI 3 document of its messages."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import TypeAdapter

from agent_state.bodies import CommandBody
from agent_state.domain.refusals import UnknownProtocol
from agent_state.projections import (
    CallMessage,
    Changed,
    Heartbeat,
    Offer,
    OfferGone,
    Reply,
    Resumed,
    Snapshot,
)

NAME = "desktop.v1"
"""What a desktop offers as `Sec-WebSocket-Protocol`, beside its token."""

_FAMILY = "desktop."
_TOLD = (Snapshot, Resumed, Changed, Offer, OfferGone, CallMessage, Reply, Heartbeat)
_SCHEMAS = "#/components/schemas/{name}"


def must_speak(offered: Iterable[str]) -> None:
    """Do nothing if the desktop speaks this version, or names none.

    Raises:
        UnknownProtocol: it speaks other versions only.
    """
    versions = [name for name in offered if name.startswith(_FAMILY)]
    if versions and NAME not in versions:
        raise UnknownProtocol(f"this service speaks {NAME}, not {', '.join(versions)}", speaks=NAME)


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document: the address, who says what, and each message's schema."""
    _, schemas = msgspec.json.schema_components(_TOLD, ref_template=_SCHEMAS)
    command = TypeAdapter(CommandBody).json_schema(ref_template=_SCHEMAS.replace("name", "model"))
    nested = command.pop("$defs", {})
    told = {_name(kind): _message(kind, _SCHEMAS.format(name=kind.__name__)) for kind in _TOLD}
    asked = {"command": _message(CommandBody, _SCHEMAS.format(name="CommandBody"))}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Polycentre's agent desktop",
            "version": NAME.rpartition(".v")[2],
            "description": "One socket shows one agent: a snapshot, then every change, numbered "
            "by `sequence`. Commands have ids and may be repeated: one effect, one answer. The "
            "same commands are taken by POST /v1/agents/{agent_id}/commands.",
        },
        "defaultContentType": "application/json",
        "channels": {"socket": _channel([*told, *asked])},
        "operations": {
            "show": _operation("send", "What the service tells the desktop.", told),
            "ask": _operation("receive", "What the desktop asks of the service.", asked),
        },
        "components": {
            "messages": {**told, **asked},
            "schemas": {**schemas, **nested, "CommandBody": command},
        },
    }


def _channel(messages: Iterable[str]) -> dict[str, Any]:
    return {
        "address": "/v1/agents/{agent_id}/socket",
        "description": "A WebSocket. The token travels as `Authorization: Bearer` or as the "
        f"subprotocol `bearer.<token>`; the version is the subprotocol `{NAME}`.",
        "parameters": {"agent_id": {"description": "whose desktop it is; the token's own agent"}},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "properties": {
                        "after": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "the last `sequence` shown before the line broke",
                        }
                    },
                },
            }
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, summary: str, messages: Iterable[str]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in messages],
    }


def _message(kind: type[Any], schema: str) -> dict[str, Any]:
    about = (kind.__doc__ or "").strip()
    return {
        "name": _name(kind),
        "summary": about.splitlines()[0],
        "description": about,
        "payload": {"$ref": schema},
    }


def _name(kind: type[Any]) -> str:
    return str(kind.__struct_config__.tag) if issubclass(kind, msgspec.Struct) else "command"
