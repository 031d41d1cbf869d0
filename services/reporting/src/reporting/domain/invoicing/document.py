"""The invoice as it is issued: its bytes, and how two of them differ."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from reporting.domain.invoicing.lines import Line, Rated
from reporting.domain.invoicing.rating import Item

_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode
SHOWN = 100
"""As many contacts of a difference are named; all are counted."""


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """The invoice whose place another takes, and what more (or less) that one comes to."""

    invoice_id: str
    sha256: str
    total: Decimal
    difference: Decimal


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice for the days from `begins_on` up to and without `ends_on`.

    `definitions` names the newest revision of each that was known, `position` the next offset of
    each partition of the log that was not read any more. Every item is rounded to the hundredth,
    half up; a line is the sum of its items, and the total that of the lines.
    """

    invoice_id: str
    client_id: str
    tariff_id: str
    tariff_revision: int
    definitions: Mapping[str, int]
    project_ids: tuple[str, ...]
    begins_on: str
    ends_on: str
    time_zone: str
    currency: str
    issued_at: datetime
    issued_by: str
    position: Mapping[str, int]
    lines: tuple[Line, ...]
    total: Decimal
    replaces: Replaced | None = None

    def as_bytes(self) -> bytes:
        """Return the invoice as JSON, the same bytes whenever it says the same."""
        return _encode(self)


def digest(invoice: bytes) -> str:
    """Return the SHA-256 of an invoice's bytes."""
    return hashlib.sha256(invoice).hexdigest()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How a line differs; None on the side that has no such line.

    `contacts` are some of those that came, went or changed (agents, in lines of their hours).
    """

    begins_on: str
    rule_id: str
    quantity_before: Decimal | None
    quantity_after: Decimal | None
    amount_before: Decimal | None
    amount_after: Decimal | None
    added: int
    removed: int
    changed: int
    contacts: tuple[str, ...]


def differences(before: Sequence[Rated], after: Sequence[Rated]) -> Iterator[Difference]:
    """Yield each line that is not the same on both sides, in the order of their days."""
    was, now = _by_rule(before), _by_rule(after)
    for key in sorted(was.keys() | now.keys()):
        found = _difference(key, was.get(key), now.get(key))
        if found is not None:
            yield found


Key = tuple[str, str, str]


def _by_rule(lines: Iterable[Rated]) -> dict[Key, Rated]:
    # By its kind, too, since a rule may be called minimum.
    return {(each.line.begins_on, each.line.kind, each.line.rule_id): each for each in lines}


def _difference(key: Key, before: Rated | None, after: Rated | None) -> Difference | None:
    was = _by_subject(before.items if before else ())
    now = _by_subject(after.items if after else ())
    added, removed = now.keys() - was.keys(), was.keys() - now.keys()
    changed = {each for each in was.keys() & now.keys() if was[each] != now[each]}
    one, other = before.line if before else None, after.line if after else None
    if not (added or removed or changed) and _paid(one) == _paid(other):
        return None
    subjects = sorted({subject for subject, _ in added | removed | changed})
    return Difference(
        begins_on=key[0],
        rule_id=key[2],
        quantity_before=one.quantity if one else None,
        quantity_after=other.quantity if other else None,
        amount_before=one.amount if one else None,
        amount_after=other.amount if other else None,
        added=len(added),
        removed=len(removed),
        changed=len(changed),
        contacts=tuple(subjects[:SHOWN]),
    )


def _paid(line: Line | None) -> object:
    return line and (line.ends_on, line.quantity, line.price, line.amount, line.measured)


def _by_subject(items: Iterable[Item]) -> dict[tuple[str, str | None], Item]:
    return {(item.subject, item.on): item for item in items}
