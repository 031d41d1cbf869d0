"""Invoices: drafted from what happened, issued once and for ever, made again, compared."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_events.billing import InvoiceIssued
from contact_runtime.administration.documents import Author
from contact_runtime.http.problems import not_found
from contact_runtime.log import Log
from contact_runtime.rows import Store, Unit
from reporting.billing.agreed import Agreed, agreed_now
from reporting.billing.kinds import publish
from reporting.billing.past import Position, work_now
from reporting.billing.rows import (
    BILLED,
    CHUNK,
    INVOICE,
    INVOICE_ITEMS,
    Billed,
    Issued,
    items_key,
)
from reporting.domain.invoicing.document import Invoice, Replaced, digest
from reporting.domain.invoicing.lines import Rated, rated, total
from reporting.domain.invoicing.spans import Days
from reporting.domain.invoicing.work import Work

_INVOICE = msgspec.json.Decoder(Invoice)


class PeriodOpen(Exception):
    """The last of these days is not over. Draft it until then."""

    code = "period-open"


class AlreadyInvoiced(Exception):
    """Some of these days were invoiced. Name the invoice that this one `replaces`."""

    code = "already-invoiced"

    def __init__(self, invoice_ids: Iterable[str]) -> None:
        """Keep which invoices they are."""
        found = sorted(invoice_ids)
        super().__init__(f"invoiced by {', '.join(found)}")
        self.truth = {"invoices": found}


class NotReplaceable(Exception):
    """It is no invoice of this client for these days, or another has taken its place already."""

    code = "not-replaceable"


@dataclass(frozen=True, slots=True)
class Order:
    """Which invoice is wanted: by this tariff, for these days, in whose place."""

    tariff_id: str
    days: Days
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The lines that an order comes to, at one position of the log."""

    order: Order
    agreed: Agreed
    position: Position
    lines: Sequence[Rated]


@dataclass(frozen=True, slots=True)
class Books:
    """Where invoices are kept, and where what happened is read."""

    store: Store
    engine: AsyncEngine
    log: Log


async def draft(books: Books, order: Order) -> Draft:
    """Return what the order comes to now.

    Raises:
        NotAgreed: nothing was agreed for some of the days.
        Problem: 404, there is no such tariff.
    """
    agreed = await agreed_now(books.store, order.tariff_id)
    if agreed is None:
        raise not_found("the tariff")
    work, position = await work_now(books.engine, agreed.tariff, order.days)
    return Draft(order, agreed, position, await lines_of(agreed, order.days, work))


async def lines_of(agreed: Agreed, days: Days, work: Work) -> list[Rated]:
    """Return the lines, computed beside the event loop: a month is work of seconds.

    Raises:
        NotAgreed: nothing was agreed for some of the days.
    """
    return await asyncio.to_thread(rated, agreed.tariff, days, agreed.definitions, work)


def must_be_over(days: Days, end: datetime, now: datetime) -> None:
    """Do nothing if the last of the days has ended.

    Raises:
        PeriodOpen: it has not.
    """
    if now < end:
        raise PeriodOpen(f"{days.ends_on} has not begun")


async def issue(unit: Unit, draft: Draft, author: Author) -> Issued:
    """Make the draft an invoice, in the open transaction.

    Raises:
        AlreadyInvoiced: some of the days were, and not by the invoice that it replaces.
        NotReplaceable: there is no such invoice to replace.
    """
    tariff, order = draft.agreed.tariff, draft.order
    before = await unit.load(BILLED, tariff.client_id)
    _must_be_new(before, order, tariff.project_ids)
    number = sum(1 for each in before if each.invoice_id.startswith(f"{order.tariff_id}.")) + 1
    invoice_id = f"{order.tariff_id}.{number}"
    invoice = _invoice(invoice_id, draft, author)
    if order.replaces is not None:
        old = await _total(unit, order.replaces)
        invoice = msgspec.structs.replace(invoice, replaces=_replaced(old, invoice))
    text = invoice.as_bytes().decode()
    issued = Issued(
        invoice_id=invoice_id,
        client_id=tariff.client_id,
        issued_at=author.at,
        text=text,
        sha256=digest(text.encode()),
    )
    billed = Billed(
        invoice_id=invoice_id,
        begins_on=invoice.begins_on,
        ends_on=invoice.ends_on,
        project_ids=invoice.project_ids,
    )
    await unit.load(INVOICE, invoice_id)
    unit.put(INVOICE, invoice_id, issued)
    unit.put(BILLED, tariff.client_id, (*_marked(before, order.replaces, invoice_id), billed))
    await _keep_items(unit, invoice_id, draft.lines)
    await _tell(unit, invoice, issued, author)
    return issued


def _must_be_new(before: Iterable[Billed], order: Order, project_ids: Sequence[str]) -> None:
    begins_on, ends_on = (day.isoformat() for day in order.days)
    alike = [
        each
        for each in before
        if each.replaced_by is None
        and each.begins_on < ends_on
        and begins_on < each.ends_on
        and _share(each.project_ids, project_ids)
    ]
    same = {e.invoice_id for e in alike if (e.begins_on, e.ends_on) == (begins_on, ends_on)}
    if order.replaces is not None and order.replaces not in same:
        raise NotReplaceable(f"{order.replaces} is no invoice for these days that counts")
    others = {each.invoice_id for each in alike} - {order.replaces}
    if others:
        raise AlreadyInvoiced(name for name in others if name)


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    return not some or not others or not set(some).isdisjoint(others)


def _marked(before: Iterable[Billed], replaced: str | None, by: str) -> list[Billed]:
    return [
        msgspec.structs.replace(each, replaced_by=by) if each.invoice_id == replaced else each
        for each in before
    ]


def _invoice(invoice_id: str, draft: Draft, author: Author) -> Invoice:
    tariff, days = draft.agreed.tariff, draft.order.days
    return Invoice(
        invoice_id=invoice_id,
        client_id=tariff.client_id,
        tariff_id=draft.order.tariff_id,
        tariff_revision=draft.agreed.revision,
        definitions=draft.agreed.newest,
        project_ids=tariff.project_ids,
        begins_on=days.begins_on.isoformat(),
        ends_on=days.ends_on.isoformat(),
        time_zone=tariff.time_zone,
        currency=tariff.currency,
        issued_at=author.at,
        issued_by=author.subject,
        position=draft.position,
        lines=tuple(each.line for each in draft.lines),
        total=total(draft.lines),
    )


async def _total(unit: Unit, invoice_id: str) -> Issued:
    found = await unit.peek(INVOICE, invoice_id)
    assert found is not None, "what is billed has its invoice"
    return found


def _replaced(old: Issued, new: Invoice) -> Replaced:
    before = invoice_of(old)
    return Replaced(
        invoice_id=old.invoice_id,
        sha256=old.sha256,
        total=before.total,
        difference=new.total - before.total,
    )


async def _keep_items(unit: Unit, invoice_id: str, lines: Iterable[Rated]) -> None:
    chunks = {
        items_key(invoice_id, each.line.number, at // CHUNK): tuple(each.items[at : at + CHUNK])
        for each in lines
        for at in range(0, len(each.items), CHUNK)
    }
    await unit.load_many(INVOICE_ITEMS, chunks)
    for key, items in chunks.items():
        unit.put(INVOICE_ITEMS, key, items)


async def _tell(unit: Unit, invoice: Invoice, issued: Issued, author: Author) -> None:
    document_id = f"invoice:{invoice.invoice_id}"
    event = InvoiceIssued(
        document_id=document_id,
        invoice_id=invoice.invoice_id,
        client_id=invoice.client_id,
        tariff_id=invoice.tariff_id,
        tariff_revision=invoice.tariff_revision,
        begins_on=invoice.begins_on,
        ends_on=invoice.ends_on,
        currency=invoice.currency,
        total=str(invoice.total),
        sha256=issued.sha256,
        issued_by=invoice.issued_by,
        replaces=invoice.replaces.invoice_id if invoice.replaces else None,
    )
    await publish(unit, event, document_id, invoice.client_id, author)


def invoice_of(issued: Issued) -> Invoice:
    """Return what the bytes of an issued invoice say."""
    return _INVOICE.decode(issued.text)
