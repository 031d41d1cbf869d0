"""Invoices over HTTP: drafted, issued, read, made again and restated."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from contact_runtime.administration.documents import Author
from contact_runtime.administration.office import Office
from contact_runtime.administration.routes import author_of
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import Fault, Senseless
from contact_runtime.http.idempotency import IDEMPOTENCY, Once, Reply, once
from contact_runtime.http.problems import not_found
from contact_runtime.log import Log
from contact_runtime.rows import Store, Unit
from reporting.billing.again import (
    agreed_as_issued,
    as_issued,
    days_of,
    items_from,
    made_again,
    under,
    with_lines,
)
from reporting.billing.agreed import Agreed, agreed_now, definition_now
from reporting.billing.invoice_views import (
    DraftView,
    InvoicesView,
    InvoiceView,
    IssuedView,
    ItemsView,
    OrderBody,
    RestateBody,
    RestatedView,
    as_csv,
)
from reporting.billing.invoices import (
    AlreadyInvoiced,
    Books,
    Draft,
    NotReplaceable,
    Order,
    PeriodOpen,
    draft,
    invoice_of,
    issue,
    lines_of,
    must_be_over,
)
from reporting.billing.past import LogSilent, work_now
from reporting.billing.rows import BILLED, INVOICE, Issued
from reporting.domain.invoicing.document import Difference, Invoice, differences, digest
from reporting.domain.invoicing.lines import Rated, total
from reporting.domain.invoicing.spans import Days, NotAgreed
from reporting.domain.measures.definition import BUILT_IN

PAGE = 1_000

routes = APIRouter(prefix="/v1/invoices", tags=["invoices"])


class InvoiceDiffers(Exception):
    """Made again, the invoice does not have the bytes it was issued with.

    The member `differences` tells the lines; the issued invoice stands as it is.
    """

    code = "invoice-differs"

    def __init__(self, sha256: str, found: list[Difference]) -> None:
        """Keep what it would have been."""
        super().__init__(f"{len(found)} line(s) differ")
        self.truth = {"sha256": sha256, "differences": _plain(found)}


REFUSALS: dict[type[Exception], int] = {
    AlreadyInvoiced: 409,
    InvoiceDiffers: 409,
    NotAgreed: 409,
    NotReplaceable: 409,
    PeriodOpen: 409,
    LogSilent: 503,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What these routes need."""

    books: Books
    office: Office


def _desk(request: Request) -> Desk:
    context = request.app.state.context
    store: Store = context.store
    engine: AsyncEngine = context.engine
    log: Log = context.log
    return Desk(Books(store, engine, log), context.office)


AtDesk = Annotated[Desk, Depends(_desk)]
Reader = Annotated[Principal, Depends(require("billing:read"))]
Biller = Annotated[Principal, Depends(require("billing:admin"))]
Asked = Annotated[Once, Depends(once)]
Named = Annotated[Id, Path(alias="invoice_id")]


@routes.post("/draft", response_model=DraftView)
async def draft_invoice(body: OrderBody, who: Biller, desk: AtDesk) -> Response:
    """Return what an invoice would come to now. Nothing is kept."""
    who.must_read(None, "the tariff")
    found = await draft(desk.books, _order(body))
    agreed = found.agreed
    return _json(
        {
            "client_id": agreed.tariff.client_id,
            "tariff_id": body.tariff_id,
            "tariff_revision": agreed.revision,
            "definitions": agreed.newest,
            "begins_on": body.begins_on,
            "ends_on": body.ends_on,
            "time_zone": agreed.tariff.time_zone,
            "currency": agreed.tariff.currency,
            "position": found.position,
            "lines": [each.line for each in found.lines],
            "total": total(found.lines),
        }
    )


@routes.post("", status_code=201, response_model=IssuedView)
async def issue_invoice(body: OrderBody, who: Biller, desk: AtDesk, asked: Asked) -> Response:
    """Issue an invoice: from then on its bytes never change.

    Days that were invoiced are invoiced again only by an invoice that `replaces` the first.
    """
    who.must_read(None, "the tariff")
    found = await draft(desk.books, _order(body))
    author, days, zone = author_of(who, desk.office), found.order.days, found.agreed.tariff
    _, end = days.moments(ZoneInfo(zone.time_zone))
    must_be_over(days, end, author.at)

    async def work(unit: Unit) -> Reply:
        return await asked.reply(unit, lambda: _issued(unit, found, author))

    needs = ((IDEMPOTENCY, asked.row), (BILLED, found.agreed.tariff.client_id))
    return (await desk.office.carry_out(work, *needs)).response()


async def _issued(unit: Unit, found: Draft, author: Author) -> Reply:
    return Reply.of(201, _summary(await issue(unit, found, author)))


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
    issued = await _found(name, who, desk)
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
    invoice = invoice_of(await _found(name, who, desk))
    line = next((each for each in invoice.lines if each.number == number), None)
    if line is None:
        raise not_found("the line")
    if line.kind == "per_agent_hour":
        who.must_read(None, "the line's agents")
    end = min(after + limit, line.items)
    items = await items_from(desk.books.store, name, number, after, end) if after < end else []
    return _json({"contacts": items, "next": end if end < line.items else None})


@routes.post("/{invoice_id}/reproduce", response_model=InvoiceView)
async def reproduce_invoice(name: Named, who: Biller, desk: AtDesk) -> Response:
    """Make the invoice again from the log, read from its beginning up to the invoice's position.

    The tariff and the definitions are those of its revisions. Answered are the bytes that this
    gives, if they are the bytes that were issued; 409 tells what differs.
    """
    who.must_read(None, "the invoice")
    issued = await _found(name, who, desk)
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
    invoice = invoice_of(await _found(name, who, desk))
    agreed = await _otherwise(desk.books, invoice, body)
    if body.at == "now":
        work, position = await work_now(desk.books.engine, agreed.tariff, days_of(invoice))
        lines = await lines_of(agreed, days_of(invoice), work)
    else:
        lines, position = await made_again(desk.books, invoice, agreed), invoice.position
    return _json(_restated(invoice, agreed, position, await as_issued(desk.books, invoice), lines))


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


async def _found(name: str, who: Principal, desk: Desk) -> Issued:
    issued = await desk.books.store.peek(INVOICE, name)
    if issued is None or not who.may_read(issued.client_id):
        raise not_found("the invoice")
    return issued


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


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
