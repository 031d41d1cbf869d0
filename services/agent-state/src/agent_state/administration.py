"""Documents over HTTP: one shape for agents, their skills, teams, reasons and wrap-up codes."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from agent_state.desk import AtDesk, Context
from agent_state.document_bodies import DocumentBody, DocumentView
from agent_state.documents import Author, Found, Said
from agent_state.domain.documents import Revision
from agent_state.domain.refusals import Refusal
from agent_state.kinds import Kind
from agent_state.problems import problem_of_refusal
from agent_state.tables import history_of, revision_key
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
from contact_runtime.http.preconditions import (
    CONDITIONS,
    Demanded,
    etag,
    revisions_of,
)
from contact_runtime.http.problems import not_found
from contact_runtime.rows import Unit

Administers = Annotated[Principal, Depends(require("agents:admin"))]


@dataclass(frozen=True)
class Change:
    """Who wants to change a document, and what must be true of it."""

    response: Response
    principal: Administers
    desk: AtDesk
    demanded: Demanded

    async def put(self, kind: Kind, document_id: str, body: DocumentBody) -> DocumentView:
        """Have the document say what the body says."""

        async def said(unit: Unit, last: Found) -> Any:
            if last is None and not kind.whole:
                raise not_found(f"the {kind.name}")
            return body.said(last.said if last else None)

        return await self._carry_out(kind, document_id, said)

    async def deactivate(self, kind: Kind, document_id: str) -> DocumentView:
        """Have the document say that nobody chooses it any more."""

        async def said(unit: Unit, last: Found) -> Any:
            if last is None:
                raise not_found(f"the {kind.name}")
            return replace(last.said, deactivated=True)

        return await self._carry_out(kind, document_id, said)

    async def roll_back(self, kind: Kind, document_id: str, revision: int) -> DocumentView:
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

        return await self._carry_out(kind, document_id, said, "document")

    async def _carry_out(
        self, kind: Kind, document_id: str, said: Any, place: str = "body"
    ) -> DocumentView:
        author = author_of(self.principal, self.desk)

        async def work(unit: Unit) -> Revision[Any]:
            last = await kind.documents.last(unit, document_id)
            wanted = await said(unit, last)
            await _check(kind, unit, document_id, wanted, last, place)
            # Said again, it is as it was wanted (RFC 9110, 13.1.1): a lost answer is no trap.
            if last is None or last.said != wanted or self.demanded.absent:
                revision = last.revision if last else 0
                name = f"{kind.title} {document_id}"
                self.demanded.hold(name, revision, exists=last is not None)
            return await kind.documents.write(unit, document_id, wanted, author)

        needs = [(rows, document_id) for rows in (*kind.shares, kind.documents.rows)]
        try:
            revision = await self.desk.office.carry_out(work, *needs)
        except Refusal as refused:
            raise problem_of_refusal(refused) from None
        self.response.headers["ETag"] = etag(revision.revision)
        [shown] = await kind.shown(self.desk.store, {document_id: revision})
        return shown


async def _check(
    kind: Kind, unit: Unit, document_id: str, wanted: Any, last: Found, place: str
) -> None:
    faults = await kind.documents.faults(unit, document_id, kind.body.fields(wanted), last)
    if faults:
        raise Senseless(faults, place)


def author_of(principal: Principal, desk: Context) -> Author:
    """Return who says something now, in this request."""
    cause = f"command:{context.request_id.get()}"
    at = desk.office.clock.now()
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
    desk: Context = request.app.state.context
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
        _: reader,
        desk: AtDesk,
        after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        deactivated: Annotated[bool, Query(description="deactivated ones, too")] = False,
    ) -> Any:
        found: dict[str, Revision[Any]] = {}
        last, rows = after or "", kind.documents.rows
        while len(found) <= limit and (page := await desk.store.page(rows, last, limit + 1)):
            wanted = {k: v for k, v in page.items() if deactivated or not v.said.deactivated}
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
        _: reader,
        desk: AtDesk,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(alias="If-None-Match", description="304 if it still is this `ETag`")
        ] = None,
    ) -> Any:
        revision: Found = await desk.store.peek(kind.documents.rows, name)
        if revision is None:
            raise not_found(f"the {kind.name}")
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
        _: reader,
        desk: AtDesk,
        before: Annotated[int | None, Query(ge=1, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Any:
        last: Found = await desk.store.peek(kind.documents.rows, name)
        if last is None:
            raise not_found(f"the {kind.name}")
        end = min(before or last.revision + 1, last.revision + 1)
        found = await kind.documents.history(desk.store, name, end, limit)
        items = [past.model_validate(kind.fields(name, revision)) for revision in found]
        return {"items": items, "next": end - limit if end - 1 > limit else None}


def _changing(routes: APIRouter, kind: Kind) -> None:
    named: Any = Annotated[Id, Path(alias=f"{kind.name}_id")]
    said: Any = kind.body
    one = f"/{{{kind.name}_id}}"
    changing: Any = Annotated[Change, Depends()]

    async def put(name: named, body: said, change: changing) -> Any:
        return await change.put(kind, name, body)

    async def deactivate(name: named, change: changing) -> Any:
        return await change.deactivate(kind, name)

    async def roll_back(name: named, body: RollbackBody, change: changing) -> Any:
        return await change.roll_back(kind, name, body.revision)

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
