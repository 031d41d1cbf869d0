"""What the routes work with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from contact_runtime.http.auth import Principal, require
from router.loop import Loop
from router.orders import Orders


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that the routes need."""

    orders: Orders
    loop: Loop


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
Administers = Annotated[Principal, Depends(require("routing:admin"))]
Reads = Annotated[Principal, Depends(require("routing:read"))]
