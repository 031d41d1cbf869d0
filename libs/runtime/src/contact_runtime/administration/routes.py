"""Documents over HTTP: one shape for all kinds of all services that keep them as rows."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from contact_runtime.administration.bodies import DocumentBody, DocumentView
from contact_runtime.administration.documents import (
    Author,
    Found,
    Revision,
    Said,
    history_of,
    revision_key,
)
from contact_runtime.administration.kinds import Kind
from contact_runtime.administration.office import Office
from contact_runtime.http import context
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Id
from contact_runtime.http.documents import (
    Fault,
    History,
    Page,
    RollbackBody,
    Senseless,
    telling_all_faults,
)
from contact_runtime.http.preconditions import CONDITIONS, Demanded, etag, revisions_of
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Store, Unit


class Desk(Protocol):
    """What the routes need of their service's context."""

    @property
    def store(self) -> Store:
        """Where the documents are."""

    @property
    def office(self) -> Office:
        """Where they are changed."""


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.context
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


@dataclass(frozen=True)
class Change:
    """A wish to change a document, and what must be true of it."""

    response: Response
    desk: AtDesk
    demanded: Demanded

    async def put(
        self, kind: Kind, document_id: str, body: DocumentBody, who: Principal
    ) -> DocumentView:
        """Have the document say what the body says."""

        async def said(unit: Unit, last: Found) -> Any:
            if last is None and not kind.whole:
                raise not_found(f"the {kind.name}")
            return body.said(last.said if last else None)

        return await self._carry_out(kind, document_id, who, said)

    async def deactivate(self, kind: Kind, document_id: str, who: Principal) -> DocumentView:
        """Have the document say that nobody chooses it any more."""

        async def said(unit: Unit, last: Found) -> Any:
            if last is None:
                raise not_found(f"the {kind.name}")
            return replace(last.said, deactivated=True)

        return await self._carry_out(kind, document_id, who, said)

    async def roll_back(
        self, kind: Kind, document_id: str, revision: int, who: Principal
    ) -> DocumentView:
        """Have the document say again what it said in that revision."""

        async def said(unit: Unit, last: Found) -> Any:
            if last is None:
                raise not_found(f"the {kind.name}")
            key = revision_key(document_id, revision)
            found: Found = await unit.peek(history_of(kind.documents.rows), key)
            if found is None:
                fault = Fault(("revision",), "unknown_revision", f"the last is {last.revision}")
                raise Senseless([fault])
            return kind.body.of(found.said).said(last.said)

        return await self._carry_out(kind, document_id, who, said, "document")

    async def _carry_out(
        self, kind: Kind, document_id: str, who: Principal, said: Any, place: str = "body"
    ) -> DocumentView:
        author = author_of(who, self.desk.office)

        async def work(unit: Unit) -> Revision[Any]:
            last = await kind.documents.last(unit, document_id)
            if last is not None and not kind.changeable(who, last.said):
                raise not_found(f"the {kind.name}")
            wanted = await said(unit, last)
            if not kind.changeable(who, wanted):
                raise not_found(f"the {kind.name}")
            await _check(kind, unit, document_id, wanted, last, place)
            # Said again, it is as it was wanted (RFC 9110, 13.1.1): a lost answer is no trap.
            if last is None or last.said != wanted or self.demanded.absent:
                revision = last.revision if last else 0
                name = f"{kind.title} {document_id}"
                self.demanded.hold(name, revision, exists=last is not None)
            return await kind.documents.write(unit, document_id, wanted, author)

        needs = [(rows, document_id) for rows in (*kind.shares, kind.documents.rows)]
        revision = await self.desk.office.carry_out(work, *needs)
        self.response.headers["ETag"] = etag(revision.revision)
        [shown] = await kind.shown(self.desk.store, {document_id: revision})
        return shown


async def _check(
    kind: Kind, unit: Unit, document_id: str, wanted: Any, last: Found, place: str
) -> None:
    faults = await kind.documents.faults(unit, document_id, kind.body.fields(wanted), last)
    if faults:
        raise Senseless(faults, place)


def author_of(principal: Principal, office: Office) -> Author:
    """Return who says something now, in this request."""
    cause = f"command:{context.request_id.get()}"
    at = office.clock.now()
    return Author(principal.subject, at, cause, context.traceparent.get())


def routes_of(kind: Kind) -> APIRouter:
    """Return the routes of one kind of document."""
    routes = APIRouter(
        prefix=f"/v1/{kind.plural}",
        tags=[kind.plural],
        route_class=telling_all_faults(partial(_faults, kind)),
    )
    _reading(routes, kind)
    _reading_one(routes, kind)
    _changing(routes, kind)
    return routes


async def _faults(kind: Kind, request: Request, said: Said) -> list[Fault]:
    desk = _desk(request)
    name = request.path_params[f"{kind.name}_id"]
    async with desk.store.unit() as unit:
        last: Found = await unit.peek(kind.documents.rows, name)
        return await kind.documents.faults(unit, name, said, last)


def _reading(routes: APIRouter, kind: Kind) -> None:
    view: Any = kind.present
    reader: Any = Annotated[Principal, Depends(require(kind.reading))]
    says = f"Return the {kind.plural}, by id; deactivated ones are left out."

    @routes.get("", response_model=Page[view], description=says)
    async def read_all(
        who: reader,
        desk: AtDesk,
        after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        deactivated: Annotated[bool, Query(description="deactivated ones, too")] = False,
    ) -> Any:
        found: dict[str, Revision[Any]] = {}
        last, rows = after or "", kind.documents.rows
        while len(found) <= limit and (page := await desk.store.page(rows, last, limit + 1)):
            wanted = {
                name: revision
                for name, revision in page.items()
                if (deactivated or not revision.said.deactivated)
                and kind.visible(who, revision.said)
            }
            found |= wanted
            last = max(page)
        ids = list(found)[:limit]
        items = await kind.shown(desk.store, {each: found[each] for each in ids})
        return {"items": items, "next": ids[-1] if len(found) > limit else None}


def _reading_one(routes: APIRouter, kind: Kind) -> None:
    named: Any = Annotated[Id, Path(alias=f"{kind.name}_id")]
    view: Any = kind.present
    past: Any = kind.view
    reader: Any = Annotated[Principal, Depends(require(kind.reading))]
    one = f"/{{{kind.name}_id}}"

    @routes.get(one, response_model=view, description=f"Return the {kind.title}, active or not.")
    async def read(
        name: named,
        who: reader,
        desk: AtDesk,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(alias="If-None-Match", description="304 if it still is this `ETag`")
        ] = None,
    ) -> Any:
        revision = await _found(kind, name, who, desk)
        tag = etag(revision.revision)
        still = if_none_match and revision.revision in revisions_of(if_none_match)
        if still and kind.present is kind.view:  # an agent's state changes beside the document
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        [shown] = await kind.shown(desk.store, {name: revision})
        return shown

    says = "Return all revisions, the newest first: what was said, by whom and when."

    @routes.get(f"{one}/history", response_model=History[past], description=says)
    async def read_history(
        name: named,
        who: reader,
        desk: AtDesk,
        before: Annotated[int | None, Query(ge=1, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Any:
        last = await _found(kind, name, who, desk)
        end = min(before or last.revision + 1, last.revision + 1)
        found = await kind.documents.history(desk.store, name, end, limit)
        items = [
            past.model_validate(kind.fields(name, revision))
            for revision in found
            if kind.visible(who, revision.said)
        ]
        return {"items": items, "next": end - limit if end - 1 > limit else None}


async def _found(kind: Kind, document_id: str, who: Principal, desk: Desk) -> Revision[Any]:
    revision: Found = await desk.store.peek(kind.documents.rows, document_id)
    if revision is None or not kind.visible(who, revision.said):
        raise not_found(f"the {kind.name}")
    return revision


def _changing(routes: APIRouter, kind: Kind) -> None:
    named: Any = Annotated[Id, Path(alias=f"{kind.name}_id")]
    said: Any = kind.body
    one = f"/{{{kind.name}_id}}"
    changing: Any = Annotated[Change, Depends()]
    administrator: Any = Annotated[Principal, Depends(require(kind.changing))]

    async def put(name: named, body: said, who: administrator, change: changing) -> Any:
        return await change.put(kind, name, body, who)

    async def deactivate(name: named, who: administrator, change: changing) -> Any:
        return await change.deactivate(kind, name, who)

    async def roll_back(
        name: named, body: RollbackBody, who: administrator, change: changing
    ) -> Any:
        return await change.roll_back(kind, name, body.revision, who)

    def add(method: str, path: str, endpoint: Any, says: str) -> None:
        routes.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=kind.present,
            responses=CONDITIONS,
            description=says.format(kind.title),
        )

    add("PUT", one, put, _PUT)
    add("POST", f"{one}/rollback", roll_back, _ROLL_BACK)
    if kind.whole:
        add("DELETE", one, deactivate, _DELETE)


_PUT = (
    "Order the whole {}, new or known. It counts when this answers. What exists is changed only "
    "with `If-Match`; the same order again changes nothing and needs none."
)
_DELETE = (
    "Deactivate the {}: a further revision that keeps what it said, to be read and not to be "
    "chosen any more. A put without `deactivated` makes it active again."
)
_ROLL_BACK = (
    "Have the {} say what an earlier revision said, as a new revision. It is validated as if it "
    "were put now."
)
