"""The rows that billing keeps, in the order of their locks; no rebuild touches them."""

from datetime import datetime
from typing import Final

import msgspec

from contact_runtime.administration.documents import Revision
from contact_runtime.rows import Kind
from reporting.domain.agreements import Agreement, AlertRule, Tariff
from reporting.domain.invoicing.rating import Item

ALERT_RULE: Kind[Revision[AlertRule] | None] = Kind(
    "alert_rule", Revision[AlertRule] | None, lambda rule_id: None
)
"""By rule id."""

DEFINITION: Kind[Revision[Agreement] | None] = Kind(
    "definition", Revision[Agreement] | None, lambda definition_id: None
)
"""By definition id."""

TARIFF: Kind[Revision[Tariff] | None] = Kind(
    "tariff", Revision[Tariff] | None, lambda tariff_id: None
)
"""By tariff id."""


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """An issued invoice: its bytes, which never change, and what is looked for by."""

    invoice_id: str
    client_id: str
    issued_at: datetime
    text: str
    sha256: str


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """Days of some projects (none: all) that an invoice is for; `replaced_by` another, if any."""

    invoice_id: str
    begins_on: str
    ends_on: str
    project_ids: tuple[str, ...]
    replaced_by: str | None = None


BILLED: Kind[tuple[Billed, ...]] = Kind("billed", tuple[Billed, ...], lambda client_id: ())
"""By client id: what was invoiced, so that nothing is twice. Locked before INVOICE."""

INVOICE: Kind[Issued | None] = Kind("invoice", Issued | None, lambda invoice_id: None)
"""By invoice id."""

INVOICE_ITEMS: Kind[tuple[Item, ...]] = Kind("invoice_items", tuple[Item, ...], lambda key: ())
"""By invoice, line and chunk: what stands behind a line, `CHUNK` items a row."""

CHUNK: Final = 1_000


def items_key(invoice_id: str, line: int, chunk: int) -> str:
    """Return the key of a chunk of a line's items."""
    return f"{invoice_id}/{line}/{chunk}"
