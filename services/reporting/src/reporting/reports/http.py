"""The reports over HTTP: a route each, as JSON in pages, or whole as CSV or XLSX."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from contact_runtime.http.auth import Principal, require
from reporting.reports.asking import CODES, model_of
from reporting.reports.bodies import ReportView
from reporting.reports.cursors import CursorUnreadable
from reporting.reports.desk import Reports, page_of, understood
from reporting.reports.files import FILES, file_of
from reporting.reports.kinds import KINDS, Kind
from reporting.reports.moments import LATER, Ordered, built, later, tables_of

REFUSALS: dict[type[Exception], int] = {CursorUnreadable: 422}
FAULTS = CODES

_SCOPE = """

`from` and `to` say which span, `interval` how it is cut, `group_by` what makes a row, and each
column that can group can also filter. A client's token sees its own projects only. The answer
states definition and log position; as a file it has all rows.
"""

Reader = Annotated[Principal, Depends(require("reports:read"))]

routes = APIRouter(prefix="/v1/reports", tags=["reports"])


def desk(request: Request) -> Reports:
    """Return what `main` put there."""
    found: Reports = request.app.state.context.reports
    return found


AtDesk = Annotated[Reports, Depends(desk)]


def _route(kind: Kind) -> None:
    query: Any = Annotated[model_of(kind), Query()]

    @routes.get(
        f"/{kind.name}",
        name=f"read_{kind.name}_report",
        description=kind.about + _SCOPE,
        response_model=ReportView,
        responses=FILES | LATER,
    )
    async def read(
        asked: query, who: Reader, reports: AtDesk, builds: Ordered
    ) -> ReportView | Response:
        build = await built(builds, asked.as_of, who)
        if (answer := later(build)) is not None:
            return answer
        async with tables_of(reports.engine, builds, build) as tables:
            report = await understood(reports, kind, asked, who, tables)
            if asked.format == "json":
                return await page_of(report, reports.cursors)
            return await file_of(report)


for _kind in KINDS.values():
    _route(_kind)
