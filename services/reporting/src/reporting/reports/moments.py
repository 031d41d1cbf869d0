"""The tables that a report is made of: those of now, or those of an earlier moment, once folded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import View
from reporting import queries
from reporting.builds.http import builds as builds_of
from reporting.builds.orders import Build, Builds, NoSuchBuild
from reporting.reports.running import Held, held
from reporting.tables import READER

PATIENCE_S = 2.0
"""Machine seconds for which an answer waits for its tables before it becomes a job."""

_LOOK_S = 0.1

AS_OF = (
    "what the log held then: a moment with a zone, or a position as an answer states it, "
    "`topic/partition@offset ..`; slow ones are answered by 202 and a job"
)
AsOf = Annotated[str | None, Query(max_length=20_000, description=AS_OF)]
Reader = Annotated[Principal, Depends(require("reports:read"))]
Ordered = Annotated[Builds, Depends(builds_of)]

routes = APIRouter(prefix="/v1/jobs", tags=["reports"])


class JobView(View):
    """Tables of an earlier moment on their way; ask the report again once `state` is done."""

    job_id: int
    state: Literal["ordered", "folding", "done", "failed", "dropped"]
    done: int = Field(description="records folded so far", examples=[120_000])
    total: int = Field(description="records to fold, as far as is known", examples=[480_000])


LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": JobView, "description": "The tables of that moment are being folded"}
}
"""How a slow answer stands in OpenAPI."""


@routes.get("/{job_id}")
async def read_job(job_id: int, _: Reader, builds: Ordered) -> JobView:
    """Return how far the tables of an earlier moment are."""
    if not 0 < job_id < 2**63:
        raise NoSuchBuild(f"there is no job {job_id}")
    build = await builds.get(job_id)
    if build.purpose != "as_of":
        raise NoSuchBuild(f"there is no job {job_id}")
    return _job(build)


def _job(build: Build) -> JobView:
    said = {"state": build.state, "done": build.done, "total": build.total}
    return JobView.model_validate({"job_id": build.build_id, **said})


async def built(builds: Builds, as_of: str | None, who: Principal) -> Build | None:
    """Return the tables as of then, folded or not yet; None: those of now.

    Raises:
        AsOfUnreadable, AsOfAhead: there are none, and never will be, or not yet.
    """
    if as_of is None:
        return None
    build = await builds.as_of(as_of, who.subject)
    for _ in range(int(PATIENCE_S / _LOOK_S)):
        if build.state not in ("ordered", "folding"):
            break
        await asyncio.sleep(_LOOK_S)
        build = await builds.get(build.build_id)
    return build


def later(build: Build | None) -> Response | None:
    """Return the answer that says where to ask; None if the tables are there."""
    if build is None or build.state == "done":
        return None
    headers = {"Location": f"/v1/jobs/{build.build_id}", "Retry-After": "1"}
    body = msgspec.json.encode(_job(build).model_dump())
    return Response(body, 202, headers=headers, media_type="application/json")


@asynccontextmanager
async def tables_of(
    engine: AsyncEngine, builds: Builds, build: Build | None
) -> AsyncIterator[Held]:
    """Hold the tables of a build that is done, or those of now."""
    if build is None:
        async with held(engine) as now:
            yield now
        return
    async with builds.tables(build) as connection:
        yield Held(connection, await queries.position(connection, READER))
