"""Documents as CSV over HTTP: a file of all of them, and a file that says what they shall say."""

import csv
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from agent_state.desk import Administers, AtDesk, Context
from agent_state.imports import File, Imported, NotImported
from agent_state.kinds import KINDS, Kind
from agent_state.sheets import REVISION, Sheet, cells_of, rows_of, written
from contact_runtime.administration.routes import author_of
from contact_runtime.http.auth import Principal, require
from contact_runtime.http.bodies import View
from contact_runtime.http.openapi import documented
from contact_runtime.http.problems import (
    MALFORMED_REQUEST,
    MEDIA_TYPE_UNSUPPORTED,
    Problem,
    refusal_type,
)
from contact_runtime.rows import Unit

LIMIT_BYTES: Final = 4 * 1024 * 1024
PAGE: Final = 1_000
"""Rows that are read with one statement."""


class RowsRefused(Exception):
    """Rows of the file have faults, and nothing was written. The member `faults` lists them all."""

    code = "rows-refused"


REFUSED = refusal_type(RowsRefused, 422)


class BadRowView(View):
    """A fault of a row."""

    row: int = Field(description="the header is row 1", examples=[7])
    column: str | None = Field(description="null: of the whole row", examples=["team"])
    code: str = Field(examples=["unknown_team"])
    detail: str = Field(examples=["there is no team nowhere"])


class ImportedView(View):
    """What became of the rows; in a dry run, what would."""

    dry_run: bool
    rows: int = Field(description="of documents, without the header", examples=[12])
    created: int
    changed: int
    unchanged: int
    faults: list[BadRowView] = Field(description="of every bad row; empty if it was imported")


routes = APIRouter(prefix="/v1")


def _export(kind: Kind, sheet: Sheet) -> None:
    reader: Any = Annotated[Principal, Depends(require(kind.reading))]

    @routes.get(
        f"/{kind.plural}.csv",
        tags=[kind.plural],
        response_class=Response,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        description=_EXPORT.format(kind.plural),
    )
    async def export(_: reader, desk: AtDesk) -> Response:
        text = written(await _table(kind, sheet, desk))
        headers = {"Content-Disposition": f'attachment; filename="{kind.plural}.csv"'}
        return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


async def _table(kind: Kind, sheet: Sheet, desk: Context) -> list[list[str]]:
    found: dict[str, Any] = {}
    last = ""
    while page := await desk.store.page(kind.documents.rows, last, PAGE):
        found |= page
        last = max(page)
    fields = {each: kind.fields(each, revision) for each, revision in found.items()}
    columns = sheet.columns_of(fields.values())
    header = [sheet.key, REVISION, *sheet.shown, *(column.name for column in columns)]
    return [
        header,
        *(
            [each, str(found[each].revision), *_names(sheet, said), *cells_of(columns, said)]
            for each, said in fields.items()
        ),
    ]


def _names(sheet: Sheet, said: Mapping[str, Any]) -> list[str]:
    return [said["name"]["ru"], said["name"]["en"]] if sheet.shown else []


def _import(kind: Kind, sheet: Sheet) -> None:
    @routes.post(
        f"/{kind.plural}.csv",
        tags=[kind.plural],
        description=_IMPORT.format(kind.plural, key=sheet.key),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"text/csv": {"schema": {"type": "string"}, "example": _example(sheet)}},
            }
        },
        responses={
            415: documented(MEDIA_TYPE_UNSUPPORTED, "Not declared as CSV"),
            422: documented(REFUSED, "Rows have faults; nothing was written"),
        },
    )
    async def import_file(
        request: Request,
        principal: Administers,
        desk: AtDesk,
        dry_run: Annotated[
            bool, Query(description="write nothing, and list the faults of every row")
        ] = False,
    ) -> ImportedView:
        rows = cells_in(await text_of(request))
        author = author_of(principal, desk.office)

        async def work(unit: Unit) -> Imported:
            # Read anew each time the work is tried.
            return await File(kind, sheet, rows).carry_out(unit, author, dry_run=dry_run)

        try:
            found = await desk.office.carry_out(work)
        except NotImported as tried:
            found = tried.found
        view = ImportedView.model_validate(_shown(found, dry_run))
        if found.faults and not dry_run:
            listed = [fault.model_dump() for fault in view.faults]
            raise Problem(REFUSED, f"{len(listed)} fault(s)", faults=listed)
        return view


async def text_of(request: Request) -> str:
    """Return the file that a request brings.

    Raises:
        Problem: it is not declared as CSV, or is not UTF-8.
    """
    media, _, _ = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != "text/csv":
        raise Problem(MEDIA_TYPE_UNSUPPORTED, "send the file with `Content-Type: text/csv`")
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        detail = f"the file is not UTF-8, from byte {wrong.start} on"
        raise Problem(MALFORMED_REQUEST, detail) from None


def cells_in(text: str) -> list[list[str]]:
    """Return the rows of a file.

    Raises:
        Problem: it is not CSV.
    """
    try:
        return rows_of(text)
    except csv.Error as wrong:
        raise Problem(MALFORMED_REQUEST, f"the file is not CSV: {wrong}") from None


def _shown(found: Imported, dry_run: bool) -> dict[str, Any]:
    faults = [
        {"row": f.row, "column": f.column, "code": f.code, "detail": f.detail} for f in found.faults
    ]
    counts = {name: getattr(found, name) for name in ("rows", "created", "changed", "unchanged")}
    return {"dry_run": dry_run, **counts, "faults": faults}


def _example(sheet: Sheet) -> str:
    return ",".join([sheet.key, *(column.name for column in sheet.columns)]) + "\n"


_EXPORT = (
    "Return all {}, deactivated ones too, as CSV in UTF-8 for a spreadsheet: a cell that would be "
    "a formula begins with an apostrophe, which an import takes away again."
)
_IMPORT = (
    "Have {} say what the rows of a CSV file say (UTF-8, parted by commas or semicolons, at most "
    "4 MiB): all rows or none. Rows are of the document in `{key}`, new or known. A column that is "
    "not there leaves what the document says; an empty cell is the default. A `revision` in a row "
    "must be the one that counts."
)

for _kind in KINDS:
    if _kind.sheet is not None:
        _export(_kind, _kind.sheet)
        _import(_kind, _kind.sheet)

LARGER: Final = {f"/v1/{kind.plural}.csv": LIMIT_BYTES for kind in KINDS if kind.sheet is not None}
"""The paths that take more than a request's usual body, and how much."""
