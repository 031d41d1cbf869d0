"""Which facts integrators may subscribe to at agent-state, and who may hear what."""

from pydantic import ConfigDict, Field

from agent_state.webhooks.payloads import OF_CALLS, TypeName, notice_of, outgoing
from contact_events.topics import AGENT_STATE, ANSWERED, ROUTED, WRAPPED_UP
from contact_runtime.http.documents import Fault
from contact_runtime.webhooks import bodies
from contact_runtime.webhooks.telling import Telling

FAULTS = {"operators_only": "A client's webhook is not told of agents' states."}


class WebhookBody(bodies.WebhookBody):
    """Where to, and of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://crm.example/hooks/polycentre",
                    "types": ["call.answered", "call.wrapped_up"],
                    "description": "screen pop",
                }
            ]
        }
    )

    types: list[TypeName] = Field(
        min_length=1,
        max_length=20,
        description="which facts; `agent.changed` for the operator's webhooks only",
    )


class NewWebhookBody(WebhookBody, bodies.NewWebhookBody):
    """Where to, of what, and of whose calls."""


def operators_only(body: bodies.WebhookBody, client: str | None) -> list[Fault]:
    """Return the fault of a client's webhook that wants to hear of agents."""
    if client is None or OF_CALLS.issuperset(body.types):
        return []
    return [Fault(("types",), "operators_only", FAULTS["operators_only"])]


TELLING = Telling(
    reader="agent-state-webhooks",
    topics=(ROUTED, ANSWERED, WRAPPED_UP, AGENT_STATE),
    notice_of=notice_of,
    new=NewWebhookBody,
    said=WebhookBody,
    outgoing=outgoing,
    faults=operators_only,
)
