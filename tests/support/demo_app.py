"""A tiny service with the shape of the real ones, to try the HTTP plumbing on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from msgspec import Struct
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from contact_runtime.errors import CommitUnknown, StreamMoved
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth, Principal, accept, require
from contact_runtime.http.bodies import Body, Id, Moment, Phone, View
from contact_runtime.http.idempotency import Once, Reply, once
from contact_runtime.http.problems import not_found
from contact_runtime.http.sockets import SocketRoute
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.metrics import Metrics
from contact_runtime.rows import Kind, Store

LIMIT_BYTES = 64 * 1024


class ThingTaken(Exception):
    """The thing is somebody's already.

    Choose another one.
    """

    code = "thing-taken"


class Thing(Struct, frozen=True):
    """How often a thing was made."""

    made: int = 0


THING: Kind[Thing] = Kind("thing", Thing, lambda key: Thing())


class Order(Body):
    """An order of a thing."""

    name: str
    amount: int = 1
    ani: Phone | None = None
    at: Moment | None = None
    notes: dict[str, str] = {}


class ThingView(View):
    """A thing as shown."""

    name: str
    amount: int
    ani: str | None
    made: int


routes = APIRouter()
Writer = Annotated[Principal, Depends(require("calls:write"))]
Reader = Annotated[Principal, Depends(require("calls:read"))]


@routes.post("/v1/things", status_code=201, response_model=ThingView)
async def make_thing(
    order: Order, principal: Writer, asked: Annotated[Once, Depends(once)], request: Request
) -> Response:
    store: Store = request.app.state.context
    async with store.unit() as unit:

        async def make() -> Reply:
            before = await unit.load(THING, order.name)
            await asyncio.sleep(0)  # so that two requests at once meet here
            unit.put(THING, order.name, Thing(before.made + 1))
            if order.name == "taken":
                raise ThingTaken("taken is taken")
            view = ThingView(
                name=order.name, amount=order.amount, ani=order.ani, made=before.made + 1
            )
            return Reply.of(201, view)

        reply = await asked.reply(unit, make)
    return reply.response()


@routes.put("/v1/things/{thing}")
async def put_thing(thing: Id, order: Order, principal: Writer) -> ThingView:
    return ThingView(name=thing, amount=order.amount, ani=order.ani, made=0)


@routes.get("/v1/things/{thing}")
async def get_thing(thing: str, principal: Reader, wait_s: int = 0) -> ThingView:
    owner, _, name = thing.partition(".")
    principal.must_read(owner, "the thing")
    if name == "none":
        raise not_found("the thing")
    return ThingView(name=name, amount=wait_s, ani=None, made=0)


@routes.get("/v1/broken")
async def broken(principal: Reader, how: str = "bug") -> None:
    if how == "moved":
        raise StreamMoved("stream a moved")
    if how == "lost":
        raise CommitUnknown("lost within the commit")
    raise ZeroDivisionError("the number +74951234567 cannot be divided")


@routes.post("/v1/upload")
async def upload(request: Request, principal: Writer) -> dict[str, int]:
    return {"bytes": len(await request.body())}


class Watched(BaseModel):
    """Whose socket it is, and what was shown last."""

    agent_id: Id
    after: int | None = Field(default=None, ge=0)


async def socket(websocket: WebSocket, asked: Watched, principal: Principal) -> None:
    principal.must_be(asked.agent_id)
    await accept(websocket)
    async for word in websocket.iter_text():
        if word == "bug":
            raise ZeroDivisionError("bug")
        if word == "wait":
            await websocket.receive_text()
        if word == "other":
            principal.must_be("somebody else")
        await websocket.send_text(word)


SOCKETS = [SocketRoute("/v1/agents/{agent_id}/socket", socket, asked=Watched, needs="agents:act")]


def demo_app(
    keys: Path,
    store: object = None,
    *,
    limit_bytes: int = LIMIT_BYTES,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Return the demo service, its issuer's keys in the folder `keys`."""
    mint(keys, "supervisor")
    return create_app(
        "demo",
        routes=[routes],
        sockets=SOCKETS,
        auth=Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE),
        refusals={ThingTaken: 409},
        context=store,
        metrics=metrics,
        cors_origins=("https://pages.example",),
        limit_bytes=limit_bytes,
    )


def client_of(app: ASGIApp, token: str | None = None) -> httpx.AsyncClient:
    """Return a client that calls `app` in this process."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://demo", headers=headers)


async def together(*calls: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """Return the answers to calls made at once, in their order."""
    return list(await asyncio.gather(*(call() for call in calls)))
