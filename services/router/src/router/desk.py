"""What the routes work with."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from contact_runtime.http.auth import Principal, require
from router.dry_runs import DryRuns
from router.loop import Loop
from router.orders import Orders


@dataclass(slots=True)
class Desk:
    """The parts that the routes need."""

    orders: Orders
    loop: Loop
    dry_runs: DryRuns = field(init=False)

    def __post_init__(self) -> None:
        """Make what needs no connection."""
        self.dry_runs = DryRuns(self.loop)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
Administers = Annotated[Principal, Depends(require("routing:admin"))]
Reads = Annotated[Principal, Depends(require("routing:read"))]
