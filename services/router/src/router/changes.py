"""What is ordered of a document: put whole, deleted, rolled back; and why that is refused."""

from dataclasses import dataclass

from msgspec.structs import replace

from contact_events.config import Document
from contact_runtime.http.documents import Fault, Senseless
from contact_runtime.http.problems import Problem, not_found, refusal_type
from router.kinds import POLICIES, Kind
from router.orders import Order, Orders, Revision
from router.references import Known
from router.views import DocumentBody


class DocumentInUse(Exception):
    """Other documents name it. `used_by` lists them: change or delete those first."""

    code = "document-in-use"


_IN_USE = refusal_type(DocumentInUse, 409)


@dataclass(frozen=True, slots=True)
class Author:
    """Who orders, and the documents as they are."""

    subject: str
    orders: Orders


def put(kind: Kind, name: str, body: DocumentBody, by: Author) -> Order:
    """Return the order that the document says what the body says."""

    def order(last: Revision | None) -> Document:
        if kind is POLICIES and name != by.orders.pool:
            fault = Fault(("policy_id",), "not_this_pool", f"the pool is {by.orders.pool}")
            _refuse([fault], "path")
        _refuse(kind.faults(name, body.model_dump(), by.orders))
        return body.plain(kind.name, name, by.subject)

    return order


def delete(kind: Kind, name: str, by: Author) -> Order:
    """Return the order that the document be deleted; it keeps what it said."""

    def order(last: Revision | None) -> Document:
        if last is None:
            raise not_found(f"the {kind.name}")
        users = Known(by.orders.said).users(kind.name, name)
        if users and last.live:
            raise Problem(_IN_USE, f"used by {', '.join(users)}", used_by=users)
        return replace(last.document, deleted=True, changed_by=by.subject)

    return order


def roll_back(kind: Kind, name: str, revision: int, by: Author) -> Order:
    """Return the order that the document say again what it said in that revision."""

    def order(last: Revision | None) -> Document:
        history = by.orders.history(kind.id_of(name))
        if not history:
            raise not_found(f"the {kind.name}")
        if revision > len(history):
            _refuse([Fault(("revision",), "unknown_revision", f"the last is {len(history)}")])
        found = history[revision - 1].document
        _refuse(kind.faults(name, kind.body.shown(found), by.orders), "document")
        return replace(found, deleted=False, changed_by=by.subject)

    return order


def _refuse(faults: list[Fault], place: str = "body") -> None:
    if faults:
        raise Senseless(faults, place)
