"""The HTTP API of rebuilds: the operator's, since they concern every client's figures."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AwareDatetime, Field

from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import View
from reporting.builds.asked import AsOfAhead, AsOfUnreadable
from reporting.builds.orders import Build, Builds, NoSuchBuild, TooManyBuilds

routes = APIRouter(prefix="/v1", tags=["rebuilds"])

REFUSALS: dict[type[Exception], int] = {
    NoSuchBuild: 404,
    AsOfAhead: 422,
    AsOfUnreadable: 422,
    TooManyBuilds: 429,
}


class Rebuild(View):
    """A fold of the whole log beside the live tables, which it then replaces."""

    rebuild_id: int
    state: Literal["ordered", "folding", "done", "failed", "dropped"]
    ordered_by: str
    ordered_at: AwareDatetime
    done: int = Field(description="records folded so far", examples=[120_000])
    total: int = Field(description="records to fold, as far as is known", examples=[480_000])
    finished_at: AwareDatetime | None
    error: str | None = Field(description="why it failed")


def builds(request: Request) -> Builds:
    """Return what `main` put there."""
    found: Builds = request.app.state.context.builds
    return found


Asked = Annotated[Builds, Depends(builds)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]
Operator = Annotated[Principal, Depends(require("reports:admin"))]


@routes.post("/rebuilds", status_code=202)
async def rebuild(asked: Asked, who: Operator, response: Response) -> Rebuild:
    """Order a rebuild of all tables from the log; one that is under way is answered again.

    Rows that come out the same keep their `row_version`.
    """
    who.must_read(None, "rebuilds")
    build = await asked.rebuild(who.subject)
    response.headers["Location"] = f"/v1/rebuilds/{build.build_id}"
    return _rebuild(build)


@routes.get("/rebuilds/{rebuild_id}")
async def rebuild_of(rebuild_id: Number, asked: Asked, who: Operator) -> Rebuild:
    """Return how far a rebuild is."""
    who.must_read(None, "rebuilds")
    build = await asked.get(rebuild_id)
    if build.purpose != "rebuild":
        raise NoSuchBuild(f"there is no rebuild {rebuild_id}")
    return _rebuild(build)


def _rebuild(build: Build) -> Rebuild:
    values: dict[str, Any] = {
        name: getattr(build, name) for name in Rebuild.model_fields if name != "rebuild_id"
    }
    return Rebuild(rebuild_id=build.build_id, **values)
