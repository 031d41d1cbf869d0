"""Documents over HTTP: one shape for queues, skills, sites, policies and calendars."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from contact_events.config import Document
from contact_runtime.http import context
from contact_runtime.http.bodies import Id, View
from contact_runtime.http.documents import Fault, History, Page, RollbackBody, telling_all_faults
from contact_runtime.http.preconditions import CONDITIONS, Demanded, etag, revisions_of
from contact_runtime.http.problems import not_found
from router import changes
from router.desk import Administers, AtDesk, Reads
from router.dry_runs import shown
from router.kinds import Kind
from router.orders import Order, Revision, says
from router.references import Said


@dataclass(frozen=True)
class Change:
    """Who wants to change a document, and what must be true of it."""

    request: Request
    response: Response
    principal: Administers
    desk: AtDesk
    demanded: Demanded
    dry_run: Annotated[
        bool,
        Query(description="write nothing and answer what would change for calls and agents now"),
    ] = False

    @property
    def by(self) -> changes.Author:
        """Return who orders, with what there is already."""
        return changes.Author(self.principal.subject, self.desk.orders)

    async def carry_out(self, kind: Kind, name: str, order: Order) -> View:
        """Return the revision that counts after the order, or what it would change.

        Raises:
            RevisionStale: the document is not as the precondition says.
        """
        document_id = kind.id_of(name)
        if self.dry_run:
            return await self._try(kind, name, order)
        revision = await self.desk.orders.change(
            document_id, lambda last: self._allowed(kind, name, last, order), _cause()
        )
        self.response.headers["ETag"] = etag(revision.document.revision)
        return kind.show(revision)

    async def _try(self, kind: Kind, name: str, order: Order) -> View:
        last = self.desk.orders.last(kind.id_of(name))
        wanted = self._allowed(kind, name, last, order)
        revision = last.document.revision if last else 0
        if last is not None and last.live:
            self.response.headers["ETag"] = etag(last.document.revision)
        tried = await self.desk.dry_runs.of(replace(wanted, revision=revision + 1))
        document = kind.show(Revision(tried.document, tried.at, ""))
        found = shown(tried, self.principal.may_read)
        return kind.dry_run.model_validate({"document": document, **found})

    def _allowed(self, kind: Kind, name: str, last: Revision | None, order: Order) -> Document:
        if last is not None:
            self.principal.must_read(_client_of(last.document), f"the {kind.name}")
        wanted = order(last)
        self.principal.must_read(_client_of(wanted), f"the {kind.name}")
        new = last is None or says(last.document) != says(wanted)
        # Said again, it is as it was wanted already (RFC 9110, 13.1.1): a lost answer is no trap.
        # A dry run changes nothing: what was not demanded need not hold.
        if (new and not (self.dry_run and self.demanded.nothing)) or self.demanded.absent:
            revision, live = (last.document.revision, last.live) if last else (0, False)
            self.demanded.hold(kind.id_of(name), revision, exists=live)
        return wanted


def routes_of(kind: Kind) -> APIRouter:
    """Return the routes of one kind of document."""
    routes = APIRouter(
        prefix=f"/{kind.plural}",
        tags=[kind.plural],
        route_class=telling_all_faults(partial(_faults, kind)),
    )
    _reading(routes, kind)
    _reading_one(routes, kind)
    _changing(routes, kind)
    return routes


def _reading(routes: APIRouter, kind: Kind) -> None:
    view: Any = kind.view
    says = f"Return {kind.plural} as ordered, by id."

    @routes.get("", response_model=Page[view], description=says)
    async def read_all(
        principal: Reads,
        desk: AtDesk,
        after: Annotated[Id | None, Query(description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        deleted: Annotated[bool, Query(description="deleted ones, too")] = False,
    ) -> Any:
        found = {
            _name_of(revision.document): revision
            for revision in desk.orders.all(kind.event)
            if (deleted or revision.live) and principal.may_read(_client_of(revision.document))
        }
        names = sorted(name for name in found if name > (after or ""))
        items = [kind.show(found[name]) for name in names[:limit]]
        return {"items": items, "next": names[limit - 1] if len(names) > limit else None}


def _reading_one(routes: APIRouter, kind: Kind) -> None:
    named: Any = Annotated[Id, Path(alias=f"{kind.name}_id")]
    view: Any = kind.view
    one = f"/{{{kind.name}_id}}"
    says = f"Return the {kind.name} as ordered."

    @routes.get(one, response_model=view, description=says)
    async def read(
        name: named,
        principal: Reads,
        desk: AtDesk,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(alias="If-None-Match", description="304 if it still is this `ETag`")
        ] = None,
    ) -> Any:
        revision = desk.orders.last(kind.id_of(name))
        if revision is None or not revision.live:
            raise not_found(f"the {kind.name}")
        principal.must_read(_client_of(revision.document), f"the {kind.name}")
        if if_none_match and revision.document.revision in revisions_of(if_none_match):
            return Response(status_code=304, headers={"ETag": etag(revision.document.revision)})
        response.headers["ETag"] = etag(revision.document.revision)
        return kind.show(revision)

    says = "Return all revisions, the newest first: what was said, by whom and when."

    @routes.get(f"{one}/history", response_model=History[view], description=says)
    async def read_history(
        name: named,
        principal: Reads,
        desk: AtDesk,
        before: Annotated[int | None, Query(ge=1, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Any:
        history = desk.orders.history(kind.id_of(name))
        if not history:
            raise not_found(f"the {kind.name}")
        principal.must_read(_client_of(history[-1].document), f"the {kind.name}")
        end = min(before or len(history) + 1, len(history) + 1) - 1
        items = [kind.show(revision) for revision in reversed(history[max(0, end - limit) : end])]
        return {"items": items, "next": end - limit + 1 if end > limit else None}


def _changing(routes: APIRouter, kind: Kind) -> None:
    named: Any = Annotated[Id, Path(alias=f"{kind.name}_id")]
    said: Any = kind.body
    one = f"/{{{kind.name}_id}}"
    changing: Any = Annotated[Change, Depends()]

    async def put(name: named, body: said, change: changing) -> Any:
        return await change.carry_out(kind, name, changes.put(kind, name, body, change.by))

    async def delete(name: named, change: changing) -> Any:
        return await change.carry_out(kind, name, changes.delete(kind, name, change.by))

    async def roll_back(name: named, body: RollbackBody, change: changing) -> Any:
        order = changes.roll_back(kind, name, body.revision, change.by)
        return await change.carry_out(kind, name, order)

    def add(method: str, path: str, endpoint: Any, says: str) -> None:
        routes.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=kind.view | kind.dry_run,
            responses=CONDITIONS,
            description=says,
        )

    add("PUT", one, put, _PUT.format(kind.name))
    add("DELETE", one, delete, _DELETE.format(kind.name))
    add("POST", f"{one}/rollback", roll_back, _ROLL_BACK.format(kind.name))


_PUT = (
    "Order the whole {}, new or known. It counts when this answers. What exists is changed only "
    "with `If-Match`; the same order again changes nothing and needs none."
)
_DELETE = "Delete the {}: a further revision that keeps what it said. Refused while others name it."
_ROLL_BACK = (
    "Say what an earlier revision said, as a new revision; a deleted {} is there again. It is "
    "validated as if it were put now."
)


async def _faults(kind: Kind, request: Request, said: Said) -> list[Fault]:
    name = request.path_params[f"{kind.name}_id"]
    return kind.faults(name, said, request.app.state.context.orders)


def _name_of(document: Document) -> str:
    return document.document_id.partition(":")[2]


def _client_of(document: Document) -> str | None:
    return getattr(document, "client_id", None)


def _cause() -> str:
    return f"command:{context.request_id.get()}"
