"""Documents with revisions over HTTP: the shapes and the faults that every service has of them."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import Field, StringConstraints
from starlette.responses import Response

from contact_runtime.http.bodies import Body, View

V = TypeVar("V", bound=View)
Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Text(Body):
    """What people read, in the two languages of the centre."""

    ru: Words = Field(description="in Russian", examples=["Продажи"])
    en: Words = Field(description="in English", examples=["Sales"])


Name = Annotated[Text, Field(description="what people read, in Russian and English")]


class Page(View, Generic[V]):
    """A page, by id; `next` is the `after` of the next page, null on the last one."""

    items: list[V]
    next: str | None


class History(View, Generic[V]):
    """Revisions, the newest first; `next` is the `before` of the next page."""

    items: list[V]
    next: int | None


class RollbackBody(Body):
    """Which revision shall be said again, as a new revision."""

    revision: int = Field(ge=1, le=2**53, description="of the history", examples=[2])


class Fault(NamedTuple):
    """One fault of sense: where it is in the body, its code, and what is wrong."""

    loc: tuple[str | int, ...]
    code: str
    detail: str


class Senseless(RequestValidationError):
    """What was ordered has the right shape and makes no sense: all faults at once."""

    def __init__(self, faults: list[Fault], place: str = "body") -> None:
        """Keep the faults as those of shape are kept; `place` is what their paths are in."""
        super().__init__([error(fault, place) for fault in faults])


def error(fault: Fault, place: str = "body") -> dict[str, Any]:
    """Return the fault as those of shape are told."""
    return {"type": fault.code, "loc": (place, *fault.loc), "msg": fault.detail}


FaultsOf = Callable[[Request, Mapping[str, Any]], Awaitable[list[Fault]]]
"""What makes no sense in a body, as it came: what has the wrong shape is passed over."""


def telling_all_faults(faults: FaultsOf) -> type[APIRoute]:
    """Return a route whose refusals of a wrong shape tell the faults of sense, too."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            plain = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    return await plain(request)
                except Senseless:
                    raise
                except RequestValidationError as wrong:
                    if request.method != "PUT" or not isinstance(wrong.body, dict):
                        raise
                    more = await faults(request, wrong.body)
                    errors = [*wrong.errors(), *(error(fault) for fault in more)]
                    raise RequestValidationError(errors, body=wrong.body) from None

            return handle

    return Route
