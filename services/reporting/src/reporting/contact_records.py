"""Contact records over HTTP: in pages, or all of a span as a file."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import Moment
from reporting import answers, queries
from reporting.reports.asking import Format
from reporting.reports.cursors import digest_of
from reporting.reports.desk import Reports
from reporting.reports.files import FILES, position_text, spooled
from reporting.reports.http import AtDesk
from reporting.reports.moments import LATER, AsOf, Ordered, built, later, tables_of
from reporting.reports.running import AT_ONCE, Held
from reporting.reports.spreadsheets import CSV, XLSX, Cell, write_csv, write_xlsx

Reader = Annotated[Principal, Depends(require("reports:read"))]
From = Annotated[Moment | None, Query(alias="from", description="inclusive")]
To = Annotated[Moment | None, Query(alias="to", description="exclusive")]
After = Annotated[str | None, Query(max_length=2_000, description="`next` of the page before")]
Name = Annotated[str | None, Query(max_length=128)]
AsFile = Annotated[Format, Query(description="csv and xlsx have all records, and no pages")]

routes = APIRouter(prefix="/v1", tags=["contacts"])


@routes.get("/contact-records", response_model=answers.ContactRecords, responses=FILES | LATER)
async def contact_records(
    reports: AtDesk,
    builds: Ordered,
    who: Reader,
    start: From = None,
    end: To = None,
    client: Name = None,
    project: Name = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 100,
    format: AsFile = "json",
    as_of: AsOf = None,
) -> answers.ContactRecords | Response:
    """Return contacts by their arrival. A client's token sees its own only."""
    if client is not None:
        who.must_read(client, "the client")
    span = queries.Span(start, end, who.client or client, project)
    build = await built(builds, as_of, who)
    if (answer := later(build)) is not None:
        return answer
    async with tables_of(reports.engine, builds, build) as tables:
        if format != "json":
            return await _file(tables, span, format)
        return await _page(reports, tables, span, as_of, after, limit)


async def _page(
    reports: Reports,
    tables: Held,
    span: queries.Span,
    as_of: str | None,
    after: str | None,
    limit: int,
) -> answers.ContactRecords:
    question = digest_of("contact-records", span.start, span.end, span.client, span.project, as_of)
    key = reports.cursors.read(question, after) if after is not None else None
    asked = queries.contacts_of(span, key).limit(limit + 1)
    rows = list((await tables.connection.execute(asked)).mappings())
    page, more = rows[:limit], len(rows) > limit
    last = (page[-1]["arrived_at"], page[-1]["call_id"]) if more else ()
    return answers.ContactRecords(
        contact_records=[answers.contact_record(row) for row in page],
        position=tables.position,
        next=reports.cursors.write(question, last) if more else None,
    )


async def _file(tables: Held, span: queries.Span, format: Format) -> Response:
    header = list(answers.ContactRecord.model_fields)
    cells = _cells(tables, span)
    if format == "csv":
        return await spooled(
            lambda file: write_csv(file, header, cells), "contact-records.csv", CSV
        )
    about: list[list[Cell]] = [["log position", position_text(tables.position)]]
    return await spooled(
        lambda file: write_xlsx(file, header, cells, about), "contact-records.xlsx", XLSX
    )


async def _cells(tables: Held, span: queries.Span) -> AsyncIterator[list[Cell]]:
    asked = queries.contacts_of(span, None)
    found = await tables.connection.stream(asked, execution_options={"yield_per": AT_ONCE})
    async for row in found.mappings():
        yield _line(answers.in_seconds(row))


def _line(row: Mapping[str, Any]) -> list[Cell]:
    return [row[name] for name in answers.ContactRecord.model_fields]
