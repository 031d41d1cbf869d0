"""Which facts integrators may subscribe to at reporting.

A client's webhook is told of alerts of this client's rules, as its board shows them: every type
is open to it, and no alert of a rule that is the operator's.
"""

from pydantic import ConfigDict, Field

from contact_events.topics import ALERTS
from contact_runtime.webhooks import bodies
from contact_runtime.webhooks.telling import Telling
from reporting.webhooks.payloads import TypeName, notice_of, outgoing


class WebhookBody(bodies.WebhookBody):
    """Where to, and of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://pager.example/hooks/polycentre",
                    "types": ["alert.raised", "alert.cleared"],
                    "description": "pager of the floor",
                }
            ]
        }
    )

    types: list[TypeName] = Field(min_length=1, max_length=20, description="which facts")


class NewWebhookBody(WebhookBody, bodies.NewWebhookBody):
    """Where to, of what, and of whose alerts."""


TELLING = Telling(
    reader="reporting-webhooks",
    topics=(ALERTS,),
    notice_of=notice_of,
    new=NewWebhookBody,
    said=WebhookBody,
    outgoing=outgoing,
)
