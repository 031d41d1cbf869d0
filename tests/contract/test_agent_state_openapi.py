"""The OpenAPI document of agent-state says of every route what an integrator needs."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from agent_state import http
from agent_state.webhooks.payloads import TypeName, notice_of
from agent_state.webhooks.telling import TELLING
from contact_runtime.clock import StoppedClock
from contact_runtime.database import connect
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.metrics import Metrics
from contact_runtime.store import SqlStore
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender
from tests.contract.test_every_consumer_takes_every_example import EXAMPLES, envelope_of
from tests.support.specimens import NOON

Operation = dict[str, Any]


def written() -> dict[str, Any]:
    """Return the document of the whole service, none of whose parts is asked anything."""
    store = SqlStore(connect("postgresql:///nowhere"), source="/test")
    app = create_app(
        "agent-state",
        routes=[http.routes],
        auth=Auth("", "", ""),
        refusals=http.REFUSALS,
        description="Agents.",
    )
    with_webhooks(app, Webhooks(TELLING, store, StoppedClock(NOON), Metrics(), Sender()))
    return app.openapi()


DOCUMENT = written()


def operations(of: str) -> Iterator[tuple[str, Operation]]:
    for path, methods in DOCUMENT.get(of, {}).items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


ROUTES = dict(operations("paths"))
SENT = dict(operations("webhooks"))
BOTH = ROUTES | SENT


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that this one refers to, or this one."""
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return DOCUMENT["components"]["schemas"][name] if name else schema


def is_shown(schema: dict[str, Any]) -> bool:
    """Return whether a reader sees what is meant: by an example, or since there is no choice."""
    schema = whole(schema)
    if {"example", "examples", "enum", "const", "default"} & schema.keys():
        return True
    if schema.get("type") in ("boolean", "null"):
        return True
    if schema.get("format") in ("date-time", "date", "time"):
        return True
    if "anyOf" in schema:
        return all(is_shown(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return is_shown(schema["items"])
    needed = schema.get("required", ())
    return bool(schema.get("properties")) and all(
        is_shown(schema["properties"][name]) for name in needed
    )


def bodies() -> dict[str, dict[str, Any]]:
    """Return what each route takes, by route and media type."""
    return {
        f"{label} {kind}": media
        for label, operation in BOTH.items()
        for kind, media in operation.get("requestBody", {}).get("content", {}).items()
    }


@pytest.mark.parametrize("label", BOTH)
def test_a_route_says_what_it_does(label: str) -> None:
    operation = BOTH[label]
    assert len(operation["description"]) > 20
    assert len(operation["summary"].split()) > 2, operation["summary"]


@pytest.mark.parametrize("label", bodies())
def test_a_body_has_an_example_that_is_valid(label: str) -> None:
    media = bodies()[label]
    schema = whole(media["schema"])
    given = [one["value"] for one in media.get("examples", {}).values()]
    given += [media["example"]] if "example" in media else []
    given += schema.get("examples", [])
    assert given or is_shown(schema)
    rooted = {**media["schema"], "components": DOCUMENT["components"]}
    for example in given:
        Draft202012Validator(rooted).validate(example)


@pytest.mark.parametrize("label", ROUTES)
def test_a_route_documents_how_it_refuses(label: str) -> None:
    responses = ROUTES[label]["responses"]
    assert {"400", "401", "403", "422", "503"} <= responses.keys()
    for status, answer in responses.items():
        assert answer["description"]
        if int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json"]
            (content,) = answer["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
    conditional = any(p["name"] == "If-Match" for p in ROUTES[label].get("parameters", ()))
    assert ({"412", "428"} <= responses.keys()) == conditional


def test_a_link_leads_to_a_route() -> None:
    known = {operation["operationId"] for operation in ROUTES.values()}
    links = [
        link["operationId"]
        for operation in ROUTES.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert links
    assert set(links) <= known


def test_every_type_that_can_be_subscribed_to_is_documented() -> None:
    documented = set(DOCUMENT["webhooks"])
    offered = whole({"$ref": "#/components/schemas/NewWebhookBody"})["properties"]["types"]
    assert set(offered["items"]["enum"]) == documented == set(get_args(TypeName))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_integrators_are_told_of_a_fact_is_as_documented(path: Any) -> None:
    envelope = envelope_of(path)
    notice = notice_of(envelope)
    if notice is None:
        return
    (schema,) = (
        body["schema"]
        for label, body in bodies().items()
        if label == f"POST {notice.type} application/json"
    )
    said = {"type": notice.type, "version": 1, "timestamp": "2026-03-02T09:00:00Z"}
    rooted = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(rooted).validate(said | {"data": notice.data})
    assert notice.client == (envelope.client if notice.type != "agent.changed" else None)
