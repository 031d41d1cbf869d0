"""The API of webhooks: subscriptions of integrators, their secrets, and what became of messages."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from starlette.responses import Response

from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import Fault, Page, Senseless
from contact_runtime.http.preconditions import CONDITIONS, Demanded, etag
from contact_runtime.http.problems import Problem, not_found
from contact_runtime.webhooks.answers import (
    DISABLED,
    FAULTS,
    NEXT,
    NEXT_OF_DELIVERY,
    TOO_MANY,
    WHILE_ENABLED,
    WHILE_ROOM,
)
from contact_runtime.webhooks.bodies import (
    DeliveriesView,
    DeliveryView,
    EnableBody,
    NewWebhookBody,
    NewWebhookView,
    RotateBody,
    WebhookBody,
    WebhookView,
)
from contact_runtime.webhooks.deliveries import State
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.endpoints import MOST, Endpoint
from contact_runtime.webhooks.telling import Telling

NEWEST = 2**53

PREFIX, TAG = "/v1/webhooks", "webhooks"
_routes = APIRouter(prefix=PREFIX, tags=[TAG])
Reads = Annotated[Principal, Depends(require("webhooks:read"))]
Writes = Annotated[Principal, Depends(require("webhooks:write"))]


def _of_app(request: Request) -> Webhooks:
    found: Webhooks = request.app.state.webhooks
    return found


AtDesk = Annotated[Webhooks, Depends(_of_app)]


async def _found(desk: Webhooks, principal: Principal, webhook_id: str) -> Endpoint:
    endpoint = await desk.endpoints.find(webhook_id)
    if endpoint is None:
        raise not_found("the webhook")
    principal.must_read(endpoint.client, "the webhook")
    return endpoint


@dataclass(frozen=True)
class Change:
    """Who wants to change a webhook, and what must be true of it."""

    principal: Writes
    desk: AtDesk
    demanded: Demanded
    response: Response

    async def endpoint(self, webhook_id: str) -> Endpoint:
        """Return the webhook, if it is the asker's."""
        return await _found(self.desk, self.principal, webhook_id)

    def hold(self, endpoint: Endpoint) -> None:
        """Do nothing if the webhook is as demanded.

        Raises:
            RevisionStale: it is not.
            PreconditionMissing: nothing was demanded.
        """
        self.demanded.hold(endpoint.endpoint_id, endpoint.version, exists=True)

    async def say(self, webhook_id: str, body: WebhookBody) -> Endpoint:
        """Return the webhook, once it says what the body says."""
        wanted = body.wanted()
        while True:
            endpoint = await self.endpoint(webhook_id)
            _check(self.desk, body, endpoint.client)
            said = (endpoint.url, endpoint.description, list(endpoint.types))
            if said == (wanted.url, wanted.description, wanted.types):
                return endpoint
            self.hold(endpoint)
            changed = await self.desk.change(endpoint, wanted)
            if changed is not None:
                return changed

    def tagged(self, endpoint: Endpoint) -> Endpoint:
        """Return the webhook; its revision stands in the answer's `ETag`."""
        self.response.headers["ETag"] = etag(endpoint.version)
        return endpoint


Changes = Annotated[Change, Depends()]


@_routes.get("")
async def read_webhooks(
    principal: Reads,
    desk: AtDesk,
    after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Page[WebhookView]:
    """Return webhooks by id: a client's token sees its own, the operator's all."""
    found = await desk.endpoints.page(after or "", principal.client, limit + 1)
    items = [WebhookView.of(endpoint) for endpoint in found[:limit]]
    return Page(items=items, next=items[-1].webhook_id if len(found) > limit else None)


@_routes.get("/{webhook_id}")
async def read_webhook(
    webhook_id: Id, principal: Reads, desk: AtDesk, response: Response
) -> WebhookView:
    """Return a webhook as it is; its secret is never shown again."""
    endpoint = await _found(desk, principal, webhook_id)
    response.headers["ETag"] = etag(endpoint.version)
    return WebhookView.of(endpoint)


@_routes.delete("/{webhook_id}", status_code=204, responses=CONDITIONS)
async def delete_webhook(webhook_id: Id, change: Changes) -> None:
    """Delete a webhook, with all that waits for it."""
    while True:
        endpoint = await change.endpoint(webhook_id)
        change.hold(endpoint)
        if await change.desk.endpoints.delete(endpoint.endpoint_id, endpoint.version):
            return


@_routes.post("/{webhook_id}/secret", responses=CONDITIONS)
async def rotate_secret(webhook_id: Id, body: RotateBody, change: Changes) -> NewWebhookView:
    """Sign with a new secret from now on, and for `overlap_s` with the one before, too.

    The new secret is shown in this answer and never again.
    """
    while True:
        endpoint = await change.endpoint(webhook_id)
        change.hold(endpoint)
        made = await change.desk.rotate(endpoint, body.overlap_s)
        if made is not None:
            return NewWebhookView.with_secret(change.tagged(made[0]), made[1])


@_routes.post("/{webhook_id}/enable")
async def enable_webhook(
    webhook_id: Id, body: EnableBody, principal: Writes, desk: AtDesk, response: Response
) -> WebhookView:
    """Enable a disabled webhook: it is told of facts from now on.

    Of the facts since it was disabled it is not told. What was given up by then is sent with
    `repeat_dead`.
    """
    endpoint = await _found(desk, principal, webhook_id)
    enabled = await desk.enable(endpoint, repeat_dead=body.repeat_dead)
    response.headers["ETag"] = etag(enabled.version)
    return WebhookView.of(enabled)


@_routes.post(
    "/{webhook_id}/test",
    status_code=202,
    responses={202: {"links": NEXT_OF_DELIVERY}, **WHILE_ENABLED},
)
async def test_webhook(webhook_id: Id, principal: Writes, desk: AtDesk) -> DeliveryView:
    """Send a message of type `webhook.test`; its delivery tells what became of it."""
    endpoint = await _enabled(desk, principal, webhook_id)
    return DeliveryView.of(await desk.test(endpoint))


@_routes.get("/{webhook_id}/deliveries")
async def read_deliveries(
    webhook_id: Id,
    principal: Reads,
    desk: AtDesk,
    before: Annotated[
        int | None, Query(ge=1, le=NEWEST, description="`next` of the page before")
    ] = None,
    state: Annotated[State | None, Query(description="only these")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeliveriesView:
    """Return what was sent or waits, the newest first; what ended two weeks ago is forgotten."""
    endpoint = await _found(desk, principal, webhook_id)
    found = await desk.deliveries.page(endpoint.endpoint_id, before or NEWEST, state, limit + 1)
    more = len(found) > limit
    return DeliveriesView(
        items=[DeliveryView.of(delivery) for delivery in found[:limit]],
        next=found[limit - 1].number if more else None,
    )


@_routes.get("/{webhook_id}/deliveries/{delivery_id}")
async def read_delivery(
    webhook_id: Id, delivery_id: Id, principal: Reads, desk: AtDesk
) -> DeliveryView:
    """Return what became of one message."""
    endpoint = await _found(desk, principal, webhook_id)
    delivery = await desk.deliveries.find(endpoint.endpoint_id, delivery_id)
    if delivery is None:
        raise not_found("the delivery")
    return DeliveryView.of(delivery)


@_routes.post(
    "/{webhook_id}/deliveries/{delivery_id}/repeat", status_code=202, responses=WHILE_ENABLED
)
async def repeat_delivery(
    webhook_id: Id, delivery_id: Id, principal: Writes, desk: AtDesk
) -> DeliveryView:
    """Send a message again now, with the same `webhook-id`, whatever became of it."""
    endpoint = await _enabled(desk, principal, webhook_id)
    delivery = await desk.repeat(endpoint, delivery_id)
    if delivery is None:
        raise not_found("the delivery")
    return DeliveryView.of(delivery)


async def _enabled(desk: Webhooks, principal: Principal, webhook_id: str) -> Endpoint:
    endpoint = await _found(desk, principal, webhook_id)
    if endpoint.state == "disabled":
        raise Problem(DISABLED, disabled_for=endpoint.disabled_for)
    return endpoint


def _check(desk: Webhooks, body: WebhookBody, client: str | None) -> None:
    faults = []
    if body.url.startswith("http:") and not desk.unencrypted:
        faults.append(Fault(("url",), "unencrypted_url", FAULTS["unencrypted_url"]))
    faults += desk.telling.faults(body, client)
    if faults:
        raise Senseless(faults)


async def _subscribed(
    desk: Webhooks, principal: Principal, body: NewWebhookBody
) -> tuple[Endpoint, str]:
    client = body.client or principal.client
    principal.must_read(client, "the client")
    _check(desk, body, client)
    made = await desk.create(client, body.wanted())
    if made is None:
        raise Problem(TOO_MANY, most=MOST)
    return made


def _subscribing(telling: Telling) -> APIRouter:
    """Return the routes whose bodies name the types of a service."""
    routes = APIRouter(prefix=PREFIX, tags=[TAG])
    new: Any = telling.new
    said: Any = telling.said

    @routes.post("", status_code=201, responses={201: {"links": NEXT}, **WHILE_ROOM})
    async def create_webhook(
        body: new, principal: Writes, desk: AtDesk, response: Response
    ) -> NewWebhookView:
        """Subscribe an address to facts that happen from the answer on.

        The secret is shown in this answer and never again.
        """
        endpoint, secret = await _subscribed(desk, principal, body)
        response.headers["ETag"] = etag(endpoint.version)
        response.headers["Location"] = f"{PREFIX}/{endpoint.endpoint_id}"
        return NewWebhookView.with_secret(endpoint, secret)

    @routes.put("/{webhook_id}", responses=CONDITIONS)
    async def change_webhook(webhook_id: Id, body: said, change: Changes) -> WebhookView:
        """Say anew where to and of what. The same again changes nothing and needs no `If-Match`.

        What waits already goes to the new address.
        """
        return WebhookView.of(change.tagged(await change.say(webhook_id, body)))

    return routes


def with_webhooks(app: FastAPI, webhooks: Webhooks) -> FastAPI:
    """Return the application with the routes of webhooks, and what they send documented."""
    app.include_router(_subscribing(webhooks.telling))
    app.include_router(_routes)
    app.webhooks.include_router(webhooks.telling.outgoing)
    app.state.webhooks = webhooks
    return app
