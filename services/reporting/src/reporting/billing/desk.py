"""What the routes of invoices share."""

from typing import Annotated, Any, Protocol

import msgspec
from fastapi import Depends, Path, Request
from starlette.responses import Response

from contact_runtime.administration.office import Office
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.idempotency import Once, once
from contact_runtime.http.problems import not_found
from reporting.billing.invoices import Books
from reporting.billing.rows import INVOICE, Issued


class Desk(Protocol):
    """What these routes need of their service's context."""

    @property
    def books(self) -> Books:
        """Where invoices are."""

    @property
    def office(self) -> Office:
        """Where they are issued."""


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
Reader = Annotated[Principal, Depends(require("billing:read"))]
Biller = Annotated[Principal, Depends(require("billing:admin"))]
Asked = Annotated[Once, Depends(once)]
Named = Annotated[Id, Path(alias="invoice_id")]


async def the_invoice(name: str, who: Principal, desk: Desk) -> Issued:
    """Return the issued invoice.

    Raises:
        Problem: 404, there is none, or it is another client's.
    """
    issued = await desk.books.store.peek(INVOICE, name)
    if issued is None or not who.may_read(issued.client_id):
        raise not_found("the invoice")
    return issued


def as_json(value: Any) -> Response:
    """Return the value as JSON, numbers of money as text."""
    return Response(msgspec.json.encode(value), media_type="application/json")
