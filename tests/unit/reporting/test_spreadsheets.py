"""Reports as files: whatever stands in a cell, no spreadsheet computes it."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.reports.spreadsheets import Cell, plain, write_csv, write_xlsx

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "＝1+1",
    '=HYPERLINK("http://x.example","y")',
    "=cmd|' /C calc'!A0",
    "{=SUM(A1:A2)}",
    "http://x.example",
    "01234",
    'a","=1+1',
    "a\n=1+1",
    "",
]
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")),
)


async def each(rows: list[list[Cell]]) -> AsyncIterator[list[Cell]]:
    for row in rows:
        yield row


async def as_csv(header: list[str], rows: list[list[Cell]]) -> list[list[str]]:
    file = io.BytesIO()
    await write_csv(file, header, each(rows))
    return list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))


async def as_xlsx(header: list[str], rows: list[list[Cell]]) -> openpyxl.Workbook:
    file = io.BytesIO()
    await write_xlsx(file, header, each(rows), [["report", "queues"]])
    return openpyxl.load_workbook(io.BytesIO(file.getvalue()))


def is_formula(text: str) -> bool:
    return text.lstrip(" \u00a0\t\r\n")[:1] in tuple("=+-@＝＋－＠")


async def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    header, *rows = await as_csv(NASTY, [[nasty, 1] for nasty in NASTY])
    for cell, nasty in zip((*header, *(row[0] for row in rows)), NASTY * 2, strict=True):
        assert not is_formula(cell)
        assert cell.removeprefix("'") == nasty


async def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    book = await as_xlsx(NASTY, [[nasty, 1] for nasty in NASTY])
    header, *rows = book.worksheets[0].iter_rows()
    for cell in (*header, *(row[0] for row in rows)):
        assert cell.data_type != "f"
        assert cell.hyperlink is None
        assert not is_formula(str(cell.value or ""))
    assert {row[1].value for row in rows} == {1}


@settings(max_examples=200, deadline=None)
@given(texts)
def test_what_is_written_can_be_had_again(text: str) -> None:
    assert plain(text).removeprefix("'") == text or text.startswith("'")
    assert not is_formula(plain(text))


async def test_numbers_stay_numbers_also_below_zero_and_nothing_stays_nothing() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    row: list[Cell] = [-3, 0.25, None, at]
    lines = await as_csv(["a", "b", "c", "d"], [row])
    assert lines[1] == ["-3", "0.25", "", "2026-03-02T09:00:00+00:00"]
    sheet = (await as_xlsx(["a", "b", "c", "d"], [row])).worksheets[0]
    assert [cell.value for cell in sheet[2]][:3] == [-3, 0.25, None]


async def test_a_file_of_many_rows_has_them_all_in_order() -> None:
    rows: list[list[Cell]] = [[number, f"q{number}"] for number in range(1_234)]
    assert [line[0] for line in await as_csv(["n", "q"], rows)][1:] == [
        str(number) for number in range(1_234)
    ]
    sheet = (await as_xlsx(["n", "q"], rows)).worksheets[0]
    assert [row[0] for row in sheet.iter_rows(2, values_only=True)] == list(range(1_234))


async def test_a_file_without_rows_has_its_header_and_says_what_it_is() -> None:
    assert await as_csv(["n"], []) == [["n"]]
    book = await as_xlsx(["n"], [])
    assert book.worksheets[0]["A1"].value == "n"
    assert book["about"]["B1"].value == "queues"
