"""What the agent's desktop asks over HTTP, cut out of the services' own descriptions."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI

import agent_state.http
import ivr.http

_ASKED: Mapping[str, APIRouter] = {
    "/v1/not-ready-reasons": agent_state.http.routes,
    "/v1/wrap-up-codes": agent_state.http.routes,
    "/v1/directory": agent_state.http.routes,
    "/v1/calls/{call_id}/caller": ivr.http.routes,
}
_REFERENCE = re.compile(r"#/components/schemas/([\w.-]+)")


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of these questions, with what their answers hold."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for path, routes in _ASKED.items():
        app = FastAPI()
        app.include_router(routes)
        whole = app.openapi()
        answer = whole["paths"][path]["get"]["responses"]["200"]
        paths[path] = {"get": {"responses": {"200": answer}}}
        schemas |= _reached(str(answer), whole["components"]["schemas"])
    return {
        "openapi": "3.1.0",
        "info": {"title": "What the agent's desktop asks over HTTP", "version": "1"},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _reached(text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas that the text names, and those that they name."""
    found: dict[str, Any] = {}
    named: Iterable[str] = _REFERENCE.findall(text)
    while named := [name for name in named if name not in found]:
        found |= {name: known[name] for name in named}
        named = _REFERENCE.findall(str([known[name] for name in named]))
    return found
