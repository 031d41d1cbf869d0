"""How the routes of webhooks answer beside what was asked for: refusals, and links to go on by."""

from typing import Any

from contact_runtime.http.openapi import documented
from contact_runtime.http.problems import refusal_type


class WebhookDisabled(Exception):
    """The webhook is disabled. Enable it first; the member `disabled_for` says why it was."""

    code = "webhook-disabled"


class TooManyWebhooks(Exception):
    """There are as many webhooks as there may be. Delete one; the member `most` is how many."""

    code = "too-many-webhooks"


REFUSALS: dict[type[Exception], int] = {
    TooManyWebhooks: 409,
    WebhookDisabled: 409,
}
FAULTS = {
    "url": "No webhook could go there; the detail says why.",
    "unencrypted_url": "http:// is for networks that the operator has named, and there are none.",
}
DISABLED, TOO_MANY = refusal_type(WebhookDisabled, 409), refusal_type(TooManyWebhooks, 409)
WHILE_ENABLED: dict[int | str, dict[str, Any]] = {409: documented(DISABLED, "It is disabled")}
WHILE_ROOM: dict[int | str, dict[str, Any]] = {409: documented(TOO_MANY, "There are too many")}


def _links(*operations: str, **parameters: str) -> dict[str, Any]:
    """Return what can be asked next, with what of this answer."""
    known = {name: f"$response.body#/{field}" for name, field in parameters.items()}
    return {
        operation.partition("_v1_")[0]: {"operationId": operation, "parameters": known}
        for operation in operations
    }


NEXT = _links(
    "read_webhook_v1_webhooks__webhook_id__get",
    "change_webhook_v1_webhooks__webhook_id__put",
    "delete_webhook_v1_webhooks__webhook_id__delete",
    "rotate_secret_v1_webhooks__webhook_id__secret_post",
    "test_webhook_v1_webhooks__webhook_id__test_post",
    "read_deliveries_v1_webhooks__webhook_id__deliveries_get",
    webhook_id="webhook_id",
)
NEXT_OF_DELIVERY = {
    name: {**link, "parameters": {**link["parameters"], "webhook_id": "$request.path.webhook_id"}}
    for name, link in _links(
        "read_delivery_v1_webhooks__webhook_id__deliveries__delivery_id__get",
        "repeat_delivery_v1_webhooks__webhook_id__deliveries__delivery_id__repeat_post",
        delivery_id="delivery_id",
    ).items()
}
