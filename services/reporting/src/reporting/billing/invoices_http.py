"""Invoices over HTTP: drafted, issued and read, with what stands behind each line."""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from contact_runtime.administration.documents import Author
from contact_runtime.administration.routes import author_of
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import Fault, Senseless
from contact_runtime.http.idempotency import IDEMPOTENCY, Reply
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Unit
from reporting.billing.again import items_from
from reporting.billing.desk import Asked, AtDesk, Biller, Named, Reader, as_json, the_invoice
from reporting.billing.invoice_views import (
    DraftView,
    InvoicesView,
    InvoiceView,
    IssuedView,
    ItemsView,
    OrderBody,
    as_csv,
)
from reporting.billing.invoices import (
    AlreadyInvoiced,
    Draft,
    NotReplaceable,
    Order,
    PeriodOpen,
    draft,
    invoice_of,
    issue,
    must_be_over,
)
from reporting.billing.rows import BILLED, INVOICE, Issued
from reporting.domain.invoicing.lines import total
from reporting.domain.invoicing.spans import Days, NotAgreed

PAGE = 1_000

routes = APIRouter(prefix="/v1/invoices", tags=["invoices"])


REFUSALS: dict[type[Exception], int] = {
    AlreadyInvoiced: 409,
    NotAgreed: 409,
    NotReplaceable: 409,
    PeriodOpen: 409,
}


@routes.post("/draft", response_model=DraftView)
async def draft_invoice(body: OrderBody, who: Biller, desk: AtDesk) -> Response:
    """Return what an invoice would come to now. Nothing is kept."""
    who.must_read(None, "the tariff")
    drafted = await draft(desk.books, _order(body))
    agreed = drafted.agreed
    return as_json(
        {
            "client_id": agreed.tariff.client_id,
            "tariff_id": body.tariff_id,
            "tariff_revision": agreed.revision,
            "definitions": agreed.newest,
            "begins_on": body.begins_on,
            "ends_on": body.ends_on,
            "time_zone": agreed.tariff.time_zone,
            "currency": agreed.tariff.currency,
            "position": drafted.position,
            "lines": [each.line for each in drafted.lines],
            "total": total(drafted.lines),
        }
    )


@routes.post("", status_code=201, response_model=IssuedView)
async def issue_invoice(body: OrderBody, who: Biller, desk: AtDesk, asked: Asked) -> Response:
    """Issue an invoice: from then on its bytes never change.

    Days that were invoiced are invoiced again only by an invoice that `replaces` the first.
    """
    who.must_read(None, "the tariff")
    drafted = await draft(desk.books, _order(body))
    author, days, tariff = author_of(who, desk.office), drafted.order.days, drafted.agreed.tariff
    _, end = days.moments(ZoneInfo(tariff.time_zone))
    must_be_over(days, end, author.at)

    async def work(unit: Unit) -> Reply:
        return await asked.reply(unit, lambda: _issued(unit, drafted, author))

    needs = ((IDEMPOTENCY, asked.row), (BILLED, tariff.client_id))
    return (await desk.office.carry_out(work, *needs)).response()


async def _issued(unit: Unit, drafted: Draft, author: Author) -> Reply:
    return Reply.of(201, _summary(await issue(unit, drafted, author)))


@routes.get("")
async def read_invoices(
    who: Reader,
    desk: AtDesk,
    client_id: Annotated[Id | None, Query(description="whose; a client's own by itself")] = None,
) -> InvoicesView:
    """Return the invoices of a client, the earliest issue first."""
    wanted = client_id or who.client
    if wanted is None:
        raise Senseless([Fault(("client_id",), "missing", "whose invoices?")], "query")
    who.must_read(wanted, "the client")
    billed = await desk.books.store.peek(BILLED, wanted)
    held = await desk.books.store.peek_many(INVOICE, [each.invoice_id for each in billed])
    found = [(held[each.invoice_id], each.replaced_by) for each in billed]
    return InvoicesView(
        invoices=[_summary(issued, by) for issued, by in found if issued is not None]
    )


@routes.get(
    "/{invoice_id}",
    response_model=InvoiceView,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def read_invoice(
    name: Named,
    who: Reader,
    desk: AtDesk,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Return the invoice: the very bytes that were issued, or its lines as CSV."""
    issued = await the_invoice(name, who, desk)
    headers = {"ETag": f'"{issued.sha256}"'}
    if form == "json":
        return Response(issued.text, headers=headers, media_type="application/json")
    headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    text = as_csv(invoice_of(issued).lines)
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


@routes.get("/{invoice_id}/lines/{number}/contacts", response_model=ItemsView)
async def read_contacts(
    name: Named,
    number: Annotated[int, Path(ge=1, le=100_000)],
    who: Reader,
    desk: AtDesk,
    after: Annotated[int, Query(ge=0, le=2**53, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 200,
) -> Response:
    """Return what stands behind a line. Whose hours an agent worked only the operator sees."""
    invoice = invoice_of(await the_invoice(name, who, desk))
    line = next((each for each in invoice.lines if each.number == number), None)
    if line is None:
        raise not_found("the line")
    if line.kind == "per_agent_hour":
        who.must_read(None, "the line's agents")
    end = min(after + limit, line.items)
    items = await items_from(desk.books.store, name, number, after, end) if after < end else []
    return as_json({"contacts": items, "next": end if end < line.items else None})


def _order(body: OrderBody) -> Order:
    days = Days(date.fromisoformat(body.begins_on), date.fromisoformat(body.ends_on))
    return Order(body.tariff_id, days, body.replaces)


def _summary(issued: Issued, replaced_by: str | None = None) -> IssuedView:
    invoice = invoice_of(issued)
    return IssuedView(
        invoice_id=issued.invoice_id,
        client_id=issued.client_id,
        begins_on=invoice.begins_on,
        ends_on=invoice.ends_on,
        currency=invoice.currency,
        total=str(invoice.total),
        sha256=issued.sha256,
        replaced_by=replaced_by,
    )
