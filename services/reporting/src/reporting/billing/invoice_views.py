"""Invoices as they are asked for and shown."""

import csv
import io
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from contact_runtime.http.bodies import Body, Id, Moment, View
from reporting.billing.bodies import Day
from reporting.domain.invoicing.lines import Line


class OrderBody(Body):
    """Which invoice: by which tariff, for which days of its time zone."""

    tariff_id: Id = Field(examples=["acme-2026"])
    begins_on: Day
    ends_on: Day = Field(description="the first day that is not in it", examples=["2026-04-01"])
    replaces: Id | None = Field(
        default=None, description="the invoice for the same days whose place it takes"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.begins_on < self.ends_on:
            raise PydanticCustomError("days", "it begins before it ends")
        return self


class RestateBody(Body):
    """How the invoice is to be seen again."""

    at: Literal["issued", "now"] = Field(
        default="now", description="what the log held when it was issued, or what the tables hold"
    )
    definition_id: Id | None = Field(
        default=None, description="measure every service level by this one instead"
    )


class MeasuredView(View):
    """The figure that a line depends on, unrounded, and what it was computed from."""

    measure: str
    measure_version: int
    definition_id: str
    definition_version: int
    sums: dict[str, int]
    value: str | None


class LineView(View):
    """A line: the sum of its items, each rounded to the hundredth, half up."""

    number: int
    begins_on: Day
    ends_on: Day
    rule_id: str
    kind: str
    unit: str
    quantity: str
    price: str = Field(description="of a unit; of a service level what the percent is of")
    amount: str
    items: int
    items_sha256: str
    measured: MeasuredView | None


class DraftView(View):
    """What an invoice would come to now."""

    client_id: str
    tariff_id: str
    tariff_revision: int
    definitions: dict[str, int]
    begins_on: Day
    ends_on: Day
    time_zone: str
    currency: str
    position: dict[str, int]
    lines: list[LineView]
    total: str


class ReplacedView(View):
    """The invoice whose place this one takes."""

    invoice_id: str
    sha256: str
    total: str
    difference: str


class InvoiceView(DraftView):
    """An issued invoice; its bytes never change, and `ETag` is their SHA-256."""

    invoice_id: str
    project_ids: list[str]
    issued_at: Moment
    issued_by: str
    replaces: ReplacedView | None


class IssuedView(View):
    """That an invoice was issued."""

    invoice_id: str
    client_id: str
    begins_on: Day
    ends_on: Day
    currency: str
    total: str
    sha256: str = Field(description="of the invoice's bytes")
    replaced_by: str | None = None


class InvoicesView(View):
    """The invoices of one client, the earliest issue first."""

    invoices: list[IssuedView]


class ItemView(View):
    """A contact of a line, or an agent's day (`on`), and what it comes to."""

    subject: str = Field(description="the contact's call id; of hours the agent's")
    on: Day | None
    measured_ms: int
    billed_s: int
    amount: str


class ItemsView(View):
    """A page of what stands behind a line, in order; `next` is the `after` of the next page."""

    contacts: list[ItemView]
    next: int | None


class DifferenceView(View):
    """How a line differs; null where there is no such line."""

    begins_on: Day
    rule_id: str
    quantity_before: str | None
    quantity_after: str | None
    amount_before: str | None
    amount_after: str | None
    added: int
    removed: int
    changed: int
    contacts: list[str] = Field(description="some of those that came, went or changed")


class RestatedView(View):
    """How an invoice would differ, line by line; what is the same is left out."""

    invoice_id: str
    position: dict[str, int]
    tariff_revision: int
    definitions: dict[str, int]
    total_before: str
    total_after: str
    differences: list[DifferenceView]


COLUMNS = (
    "number",
    "begins_on",
    "ends_on",
    "rule_id",
    "kind",
    "unit",
    "quantity",
    "price",
    "amount",
    "items",
)


def as_csv(lines: Iterable[Line]) -> str:
    """Return the lines as CSV. Every cell is a number, a day or an id: none can be a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(line, name)) for name in COLUMNS] for line in lines)
    return text.getvalue()


def _cell(value: Any) -> str:
    return str(value)
