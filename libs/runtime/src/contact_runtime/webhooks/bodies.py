"""What integrators say of their webhooks, and how webhooks and deliveries are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field
from pydantic_core import PydanticCustomError

from contact_runtime.http.bodies import Body, Id, View
from contact_runtime.webhooks.addresses import LONGEST_URL, fault_of_url
from contact_runtime.webhooks.deliveries import Delivery, State
from contact_runtime.webhooks.endpoints import Endpoint, Reason, Wanted
from contact_runtime.webhooks.sending import Failure

MOST_OVERLAP_S = 7 * 24 * 3600


def _url(written: str) -> str:
    fault = fault_of_url(written, unencrypted=True)
    if fault is not None:
        raise PydanticCustomError("url", fault)
    return written


Url = Annotated[
    str,
    AfterValidator(_url),
    Field(
        max_length=LONGEST_URL,
        description="https://, no user, no fragment; where the operator has named networks of "
        "their own, there also http://",
        examples=["https://crm.example/hooks/polycentre"],
        json_schema_extra={
            "format": "uri",
            "pattern": r"^https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(/[A-Za-z0-9/?&=._~%+-]*)?$",
        },
    ),
]


class WebhookBody(Body):
    """Where to, and of what. A service names its own types, and gives an example."""

    url: Url
    types: Sequence[str]
    description: str = Field(
        default="",
        max_length=200,
        json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f]*$"},
        examples=["screen pop"],
    )

    def wanted(self) -> Wanted:
        """Return what it says, in one order."""
        return Wanted(url=self.url, description=self.description, types=sorted(set(self.types)))


class NewWebhookBody(WebhookBody):
    """Where to, of what, and whose."""

    client: Id | None = Field(
        default=None,
        description="of what is this client's only; a client's own token may leave it out. "
        "Without it an operator's webhook is told of all",
        examples=["acme"],
    )


class RotateBody(Body):
    """For how long both secrets sign."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_s": 86400}]})

    overlap_s: int = Field(
        default=24 * 3600, ge=0, le=MOST_OVERLAP_S, description="machine seconds"
    )


class EnableBody(Body):
    """Whether what was given up is sent, too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"repeat_dead": True}]})

    repeat_dead: bool = Field(
        default=False, description="send again what was given up and is still kept"
    )


class WebhookView(View):
    """A webhook. `ETag` is `revision` in quotes.

    `failing_since` is the first failure after the last success: a week after it the webhook is
    disabled, for `failing`; one whose receiver answers 410 at once, for `gone`.
    """

    webhook_id: str = Field(examples=["we_3f1c0a5be8f04c2d9a7b6e10"])
    client: str | None
    url: str
    description: str
    types: list[str]
    state: Literal["enabled", "disabled"]
    disabled_for: Reason | None
    disabled_at: AwareDatetime | None
    failing_since: AwareDatetime | None
    previous_secret_until: AwareDatetime | None
    revision: int
    created_at: AwareDatetime
    changed_at: AwareDatetime

    @classmethod
    def of(cls, endpoint: Endpoint) -> "WebhookView":
        """Return the view of an endpoint."""
        return cls(**_shown(endpoint))


class NewWebhookView(WebhookView):
    """A webhook with its secret, which is shown this once and never again."""

    secret: str = Field(
        description="whsec_ and base64: the key of the signature",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )

    @classmethod
    def with_secret(cls, endpoint: Endpoint, secret: str) -> "NewWebhookView":
        """Return the view of an endpoint whose secret was just made."""
        return cls(**_shown(endpoint), secret=secret)


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {
        "webhook_id": endpoint.endpoint_id,
        "client": endpoint.client,
        "url": endpoint.url,
        "description": endpoint.description,
        "types": list(endpoint.types),
        "state": endpoint.state,
        "disabled_for": endpoint.disabled_for,
        "disabled_at": endpoint.disabled_at,
        "failing_since": endpoint.failing_since,
        "previous_secret_until": endpoint.previous_until,
        "revision": endpoint.version,
        "created_at": endpoint.created_at,
        "changed_at": endpoint.changed_at,
    }


class DeliveryView(View):
    """One message to a webhook and what became of it; times are machine times.

    `attempts` counts those that were begun; `next_attempt_at` is null once it has ended.
    """

    delivery_id: str = Field(
        description="the header `webhook-id`", examples=["msg_62ef533b04491960e7c259e8f2ca28e5"]
    )
    type: str
    state: State
    attempts: int
    made_at: AwareDatetime
    next_attempt_at: AwareDatetime | None
    last_attempt_at: AwareDatetime | None
    last_status: int | None = Field(description="what was answered last, if anything")
    last_failure: Failure | None
    ended_at: AwareDatetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """Return the view of a delivery."""
        next_at: datetime | None = delivery.due_at if delivery.state == "waiting" else None
        return cls.model_validate(
            {
                "delivery_id": delivery.delivery_id,
                "type": delivery.type,
                "state": delivery.state,
                "attempts": delivery.attempts,
                "made_at": delivery.made_at,
                "next_attempt_at": next_at,
                "last_attempt_at": delivery.last_at,
                "last_status": delivery.last_status,
                "last_failure": delivery.last_failure,
                "ended_at": delivery.ended_at,
            }
        )


class DeliveriesView(View):
    """A page of deliveries, the newest first; `next` is the `before` of the next page."""

    items: list[DeliveryView]
    next: int | None
