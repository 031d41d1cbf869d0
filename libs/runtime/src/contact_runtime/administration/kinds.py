"""A kind of document: what it is called, how it is said and shown, and who may."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contact_runtime.administration.bodies import DocumentBody, DocumentView
from contact_runtime.administration.documents import Documents, Revision
from contact_runtime.http.auth import Principal
from contact_runtime.rows import Kind as Rows
from contact_runtime.rows import Store

Beside = Callable[[Store, Sequence[str]], Awaitable[Mapping[str, Mapping[str, Any]]]]
Allowed = Callable[[Principal, Any], bool]
"""Whether this one may, with a document that says this; their token has the scope."""


async def nothing_beside(store: Store, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return nothing: the document is all there is to show."""
    return {}


def everybody(principal: Principal, said: Any) -> bool:
    """Return True: the scope is all that is asked for."""
    return True


def operator_only(principal: Principal, said: Any) -> bool:
    """Return whether the token is the operator's: it names no client."""
    return principal.client is None


@dataclass(frozen=True)
class Kind:
    """A kind of document as people know it, in the singular and as its collection is called.

    `present` is how the revision that counts is shown, with what stands `beside` it; `shares` are
    rows that a change locks, too. Of `whole` documents there is nothing but what the body says;
    others show a part of one that must be there. What is not `visible` to somebody is not there.
    """

    name: str
    plural: str
    title: str
    documents: Documents
    body: type[DocumentBody]
    view: type[DocumentView]
    present: type[DocumentView]
    reading: str
    changing: str
    beside: Beside = nothing_beside
    shares: tuple[Rows[Any], ...] = ()
    whole: bool = True
    visible: Allowed = everybody
    changeable: Allowed = everybody

    def fields(self, document_id: str, revision: Revision[Any]) -> dict[str, Any]:
        """Return all that a view may show of a revision."""
        return {
            **self.body.fields(revision.said),
            f"{self.name}_id": document_id,
            "revision": revision.revision,
            "changed_by": revision.changed_by,
            "changed_at": revision.changed_at,
        }

    async def shown(self, store: Store, found: Mapping[str, Revision[Any]]) -> list[DocumentView]:
        """Return the revisions that count, as they are shown, in their order."""
        beside = await self.beside(store, list(found))
        return [
            self.present.model_validate({**self.fields(each, revision), **beside.get(each, {})})
            for each, revision in found.items()
        ]
