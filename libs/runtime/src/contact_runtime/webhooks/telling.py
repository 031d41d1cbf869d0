"""What one service tells integrators: of which facts, in which words, and who may hear it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from contact_events.envelope import Envelope
from contact_events.topics import Topic
from contact_runtime.http.bodies import View
from contact_runtime.http.documents import Fault
from contact_runtime.webhooks.bodies import NewWebhookBody, WebhookBody
from contact_runtime.webhooks.notices import Notice

TAKEN: dict[int | str, dict[str, Any]] = {
    204: {"description": "Any 2xx: it was taken, and is not sent again"}
}
"""What is expected as the answer to a webhook."""


class Payload(View):
    """What every webhook says beside `type` and `data`."""

    version: Literal[1] = Field(description="fields may be added to a version, nothing else")
    timestamp: AwareDatetime = Field(description="business time of the fact")


def nothing_wrong(body: WebhookBody, client: str | None) -> list[Fault]:
    """Find no fault: whoever may subscribe may subscribe to every type."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is a service's own of its webhooks."""

    reader: str
    """The name under which it remembers how far it has read."""

    topics: Sequence[Topic]

    notice_of: Callable[[Envelope], Notice | None]
    """What integrators are told of a fact; None: nothing."""

    new: type[NewWebhookBody]
    said: type[WebhookBody]
    """Bodies that know the types of this service."""

    outgoing: APIRouter
    """For the OpenAPI document only: what it sends, and what it expects as the answer."""

    faults: Callable[[WebhookBody, str | None], list[Fault]] = nothing_wrong
    """What makes no sense in a body of a client's webhook, or of the operator's (None)."""
