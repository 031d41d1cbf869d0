"""What reporting's OpenAPI document says of webhooks is what integrators are sent."""

from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from contact_runtime.clock import StoppedClock
from contact_runtime.database import connect
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.metrics import Metrics
from contact_runtime.store import SqlStore
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender
from reporting import http
from reporting.webhooks.payloads import TypeName, notice_of
from reporting.webhooks.telling import TELLING
from tests.contract.test_every_consumer_takes_every_example import EXAMPLES, envelope_of, topic_of
from tests.support.specimens import NOON

TOLD = [path for path in EXAMPLES if topic_of(path) in TELLING.topics]


def written() -> dict[str, Any]:
    """Return the document of the whole service, none of whose parts is asked anything."""
    store = SqlStore(connect("postgresql:///nowhere"), source="/test")
    app = create_app("reporting", routes=http.ROUTES, auth=Auth("", "", ""), refusals=http.REFUSALS)
    with_webhooks(app, Webhooks(TELLING, store, StoppedClock(NOON), Metrics(), Sender()))
    return app.openapi()


DOCUMENT = written()
SCHEMAS = DOCUMENT["components"]["schemas"]


def rooted(schema: dict[str, Any]) -> Draft202012Validator:
    """Return what checks against a schema of the document."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_every_type_that_can_be_subscribed_to_is_documented() -> None:
    for body in ("NewWebhookBody", "WebhookBody"):
        offered = SCHEMAS[body]["properties"]["types"]["items"]["enum"]
        assert set(offered) == set(DOCUMENT["webhooks"]) == set(get_args(TypeName))


def test_a_subscription_has_an_example_that_is_valid() -> None:
    for body in ("NewWebhookBody", "WebhookBody"):
        (example,) = SCHEMAS[body]["examples"]
        rooted(SCHEMAS[body]).validate(example)


def test_every_field_of_what_is_sent_shows_what_may_stand_there() -> None:
    for name in ("Raised", "Cleared", "Named"):
        for field, said in SCHEMAS[name]["properties"].items():
            assert {"examples", "enum", "$ref"} & said.keys(), f"{name}.{field}"


@pytest.mark.parametrize("path", TOLD, ids=lambda path: path.stem)
def test_what_integrators_are_told_of_a_fact_is_as_documented(path: Path) -> None:
    envelope = envelope_of(path)
    notice = notice_of(envelope)
    assert notice is not None
    sent = DOCUMENT["webhooks"][notice.type]["post"]
    assert len(sent["description"]) > 20
    said = {"type": notice.type, "version": 1, "timestamp": "2026-03-02T09:00:00Z"}
    schema = sent["requestBody"]["content"]["application/json"]["schema"]
    rooted(schema).validate(said | {"data": dict(notice.data)})
    assert (notice.id, notice.client) == (envelope.id, envelope.client)
