"""Issued invoices over HTTP, made again from the log and restated."""

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from contact_runtime.http.documents import Fault, Senseless
from reporting.billing.again import (
    agreed_as_issued,
    as_issued,
    days_of,
    made_again,
    under,
    with_lines,
)
from reporting.billing.agreed import Agreed, agreed_now, definition_now
from reporting.billing.desk import AtDesk, Biller, Named, as_json, the_invoice
from reporting.billing.invoice_views import InvoiceView, RestateBody, RestatedView
from reporting.billing.invoices import Books, invoice_of, lines_of
from reporting.billing.past import LogSilent, work_now
from reporting.domain.invoicing.document import Difference, Invoice, differences, digest
from reporting.domain.invoicing.lines import Rated, total
from reporting.domain.measures.definition import BUILT_IN

routes = APIRouter(prefix="/v1/invoices", tags=["invoices"])


class InvoiceDiffers(Exception):
    """Made again, the invoice does not have the bytes it was issued with.

    The member `differences` tells the lines; the issued invoice stands as it is.
    """

    code = "invoice-differs"

    def __init__(self, sha256: str, found: list[Difference]) -> None:
        """Keep what it would have been."""
        super().__init__(f"{len(found)} line(s) differ")
        self.truth = {"sha256": sha256, "differences": msgspec.to_builtins(found)}


REFUSALS: dict[type[Exception], int] = {InvoiceDiffers: 409, LogSilent: 503}


@routes.post("/{invoice_id}/reproduce", response_model=InvoiceView)
async def reproduce_invoice(name: Named, who: Biller, desk: AtDesk) -> Response:
    """Make the invoice again from the log, read from its beginning up to the invoice's position.

    The tariff and the definitions are those of its revisions. Answered are the bytes that this
    gives, if they are the bytes that were issued; 409 tells what differs.
    """
    who.must_read(None, "the invoice")
    issued = await the_invoice(name, who, desk)
    invoice = invoice_of(issued)
    lines = await made_again(desk.books, invoice, await agreed_as_issued(desk.books, invoice))
    again = with_lines(invoice, lines).as_bytes()
    if again != issued.text.encode():
        before = await as_issued(desk.books, invoice)
        raise InvoiceDiffers(digest(again), list(differences(before, lines)))
    return Response(again, headers={"ETag": f'"{digest(again)}"'}, media_type="application/json")


@routes.post("/{invoice_id}/restate", response_model=RestatedView)
async def restate_invoice(name: Named, body: RestateBody, who: Biller, desk: AtDesk) -> Response:
    """Return how the invoice would differ: by another definition, or by what is known now."""
    who.must_read(None, "the invoice")
    invoice = invoice_of(await the_invoice(name, who, desk))
    agreed = await _otherwise(desk.books, invoice, body)
    if body.at == "now":
        work, position = await work_now(desk.books.engine, agreed.tariff, days_of(invoice))
        lines = await lines_of(agreed, days_of(invoice), work)
    else:
        lines, position = await made_again(desk.books, invoice, agreed), invoice.position
    before = await as_issued(desk.books, invoice)
    return as_json(_restated(invoice, agreed, position, before, lines))


def _restated(
    invoice: Invoice, agreed: Agreed, position: Any, before: list[Rated], after: list[Rated]
) -> dict[str, Any]:
    return {
        "invoice_id": invoice.invoice_id,
        "position": position,
        "tariff_revision": agreed.revision,
        "definitions": agreed.newest,
        "total_before": invoice.total,
        "total_after": total(after),
        "differences": list(differences(before, after)),
    }


async def _otherwise(books: Books, invoice: Invoice, body: RestateBody) -> Agreed:
    """Return what is agreed now, or what was at the issue, by the definition that is asked for."""
    agreed = await agreed_now(books.store, invoice.tariff_id) if body.at == "now" else None
    agreed = agreed or await agreed_as_issued(books, invoice)
    if body.definition_id is None:
        return agreed
    revisions = await definition_now(books.store, body.definition_id)
    theirs = [said.client_id in (None, invoice.client_id) for _, said in revisions]
    if body.definition_id not in BUILT_IN and not any(theirs):
        detail = f"there is no definition {body.definition_id} for the client"
        raise Senseless([Fault(("definition_id",), "unknown_definition", detail)])
    return under(agreed, body.definition_id, revisions)
