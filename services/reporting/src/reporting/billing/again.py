"""An issued invoice made again: from the log at its position, or as things are now."""

import dataclasses
from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from contact_events.billing import Rule
from contact_runtime.rows import Store
from reporting.billing.agreed import Agreed, agreed_then
from reporting.billing.invoices import Books, lines_of
from reporting.billing.past import work_then
from reporting.billing.rows import CHUNK, INVOICE_ITEMS, items_key
from reporting.domain.agreements import Agreement
from reporting.domain.invoicing.document import Invoice
from reporting.domain.invoicing.lines import Rated, total
from reporting.domain.invoicing.rating import Item
from reporting.domain.invoicing.spans import Days


def days_of(invoice: Invoice) -> Days:
    """Return the days that an invoice is for."""
    return Days(date.fromisoformat(invoice.begins_on), date.fromisoformat(invoice.ends_on))


async def items_of(store: Store, invoice_id: str, line: int, count: int) -> list[Item]:
    """Return all items of an issued line, in order."""
    return await items_from(store, invoice_id, line, 0, count)


async def items_from(store: Store, invoice_id: str, line: int, start: int, end: int) -> list[Item]:
    """Return the items of an issued line from the number `start` up to and without `end`."""
    numbers = range(start // CHUNK, -(-end // CHUNK))
    keys = [items_key(invoice_id, line, number) for number in numbers]
    found = await store.peek_many(INVOICE_ITEMS, keys)
    items = [item for key in keys for item in found[key]]
    first = start // CHUNK * CHUNK
    return items[start - first : end - first]


async def as_issued(books: Books, invoice: Invoice) -> list[Rated]:
    """Return the lines of an invoice with their items, as they were kept when it was issued."""
    store = books.store
    return [
        Rated(line, await items_of(store, invoice.invoice_id, line.number, line.items))
        for line in invoice.lines
    ]


async def made_again(books: Books, invoice: Invoice, agreed: Agreed) -> list[Rated]:
    """Return the lines that the log gives at the invoice's position, by what is agreed.

    Raises:
        LogSilent: the log could not be read so far.
        NotAgreed: nothing was agreed for some of the days.
    """
    days = days_of(invoice)
    work = await work_then(books.log, agreed.tariff, days, invoice.position)
    return await lines_of(agreed, days, work)


async def agreed_as_issued(books: Books, invoice: Invoice) -> Agreed:
    """Return the tariff and definitions at the revisions that the invoice names."""
    newest = invoice.definitions
    return await agreed_then(books.store, invoice.tariff_id, invoice.tariff_revision, newest)


def with_lines(invoice: Invoice, lines: Sequence[Rated]) -> Invoice:
    """Return the invoice as it would have been issued with these lines."""
    now, before = total(lines), invoice.replaces
    if before is not None:
        before = replace(before, difference=now - before.total)
    kept = tuple(each.line for each in lines)
    return replace(invoice, lines=kept, total=now, replaces=before)


def under(agreed: Agreed, definition_id: str, revisions: Sequence[tuple[int, Agreement]]) -> Agreed:
    """Return what would be agreed if every service level were measured by this definition."""
    terms = tuple(
        replace(each, rules=_under(each.rules, definition_id)) for each in agreed.tariff.terms
    )
    tariff = replace(agreed.tariff, terms=terms)
    definitions = {definition_id: revisions} if revisions else {}
    return dataclasses.replace(agreed, tariff=tariff, definitions=definitions)


def _under(rules: tuple[Rule, ...], definition_id: str) -> tuple[Rule, ...]:
    return tuple(
        replace(rule, definition_id=definition_id) if rule.kind == "service_level" else rule
        for rule in rules
    )
