"""Rows as CSV and as XLSX, one after the other; no cell is ever taken for a formula."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

Cell = str | int | float | datetime | None
Cells = Sequence[Cell]

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_LINES = 500
_MOST_ROWS = 1_048_575
_MOST_TEXT = 32_767
"""Of a sheet below its header, and of the characters in a cell: Excel's limits."""

_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Source: OWASP, CSV Injection; the last four are the full-width ones."""


def plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before what might be.

    Spaces before it do not help whoever wrote it.
    """
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_BEGIN_FORMULAS) else text


def _csv_cell(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case str():
            return plain(cell)
        case datetime():
            return cell.isoformat()
        case _:
            return cell


async def write_csv(file: BinaryIO, header: Cells, rows: AsyncIterator[Cells]) -> None:
    """Write the rows as they come; only some of them are in memory at a time."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([_csv_cell(cell) for cell in header])
    async for some in _batches(rows):
        lines = [[_csv_cell(cell) for cell in row] for row in some]
        await asyncio.to_thread(writer.writerows, lines)
    text.flush()
    text.detach()


async def write_xlsx(
    file: BinaryIO, header: Cells, rows: AsyncIterator[Cells], about: Iterable[Cells]
) -> None:
    """Write a workbook: the rows, in constant memory, and a sheet `about` of what they are."""
    with TemporaryDirectory(prefix="polycentre-xlsx-") as folder:
        book = Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": folder,
            },
        )
        pages = _Pages(book, header)
        async for some in _batches(rows):
            await asyncio.to_thread(pages.write, some)
        pages.finish()
        sheet = book.add_worksheet("about")
        for number, row in enumerate(about):
            _write(sheet, number, row)
        await asyncio.to_thread(book.close)  # packs the whole file


class _Pages:
    """Sheets of rows: a new one begins where the one before is full."""

    def __init__(self, book: Workbook, header: Cells) -> None:
        self._book, self._header = book, header
        self._sheet: Worksheet | None = None
        self._row = 0

    def write(self, rows: Iterable[Cells]) -> None:
        for row in rows:
            _write(self._next(), self._row, row)

    def finish(self) -> None:
        """Have a sheet at least, with the header."""
        if self._sheet is None:
            self._begin()

    def _next(self) -> Worksheet:
        sheet = self._sheet if self._sheet and self._row < _MOST_ROWS else self._begin()
        self._row += 1
        return sheet

    def _begin(self) -> Worksheet:
        self._sheet = self._book.add_worksheet()
        self._row = 0
        _write(self._sheet, 0, self._header)
        return self._sheet


def _write(sheet: Worksheet, row: int, cells: Cells) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, datetime):
            sheet.write_string(row, column, cell.isoformat())
        elif isinstance(cell, str):
            sheet.write_string(row, column, plain(cell)[:_MOST_TEXT])
        elif cell is not None:
            sheet.write_number(row, column, cell)


async def _batches(rows: AsyncIterator[Cells]) -> AsyncIterator[list[Cells]]:
    batch: list[Cells] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == _LINES:
            yield batch
            batch = []
    yield batch
