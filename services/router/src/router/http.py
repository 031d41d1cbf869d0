"""The router over HTTP: what people order of sites and queues, and who leads."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from contact_events.config import QueueChanged, SiteChanged
from contact_runtime.http import context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.problems import not_found
from router.loop import Loop
from router.orders import Orders
from router.views import LeadershipView, QueueBody, QueueView, SiteBody, SiteView


class OverflowsToItself(Exception):
    """A queue cannot overflow to itself. Name another queue, or none."""

    code = "overflows-to-itself"


REFUSALS: dict[type[Exception], int] = {OverflowsToItself: 422}

routes = APIRouter(prefix="/v1")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    orders: Orders
    loop: Loop


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
Administers = Annotated[Principal, Depends(require("routing:admin"))]
Reads = Annotated[Principal, Depends(require("routing:read"))]


@routes.put("/sites/{site_id}")
async def put_site(site_id: Id, body: SiteBody, principal: Administers, desk: AtDesk) -> SiteView:
    """Order the whole site. It counts when this answers; the same order again changes nothing."""
    wanted = body.plain(site_id, principal.subject)
    return SiteView.of(await desk.orders.put(wanted, _cause()))


@routes.get("/sites/{site_id}")
async def get_site(site_id: Id, principal: Reads, desk: AtDesk) -> SiteView:
    """Return the site as ordered."""
    site = desk.orders.get(SiteChanged, f"site:{site_id}")
    if site is None:
        raise not_found("the site")
    return SiteView.of(site)


@routes.put("/queues/{queue_id}")
async def put_queue(
    queue_id: Id, body: QueueBody, principal: Administers, desk: AtDesk
) -> QueueView:
    """Order the whole queue. It counts when this answers; the same order again changes nothing."""
    if body.overflow_to == queue_id:
        raise OverflowsToItself(f"{queue_id} cannot overflow to itself")
    wanted = body.plain(queue_id, principal.subject)
    return QueueView.of(await desk.orders.put(wanted, _cause()))


@routes.get("/queues/{queue_id}")
async def get_queue(queue_id: Id, principal: Reads, desk: AtDesk) -> QueueView:
    """Return the queue as ordered."""
    queue = desk.orders.get(QueueChanged, f"queue:{queue_id}")
    if queue is None:
        raise not_found("the queue")
    return QueueView.of(queue)


@routes.get("/leadership")
async def get_leadership(principal: Reads, desk: AtDesk) -> LeadershipView:
    """Return who leads the pool, as this replica has folded it."""
    replica = desk.loop.replica
    leadership = replica.leadership
    return LeadershipView(
        pool=replica.pool,
        epoch=leadership.epoch,
        owner=leadership.owner,
        number=leadership.number,
        leads=replica.leader is not None,
        caught_up=desk.loop.caught_up,
        read_to=dict(replica.read_to),
    )


def _cause() -> str:
    return f"command:{context.request_id.get()}"
