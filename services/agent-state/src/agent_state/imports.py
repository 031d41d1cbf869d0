"""Documents from a file: every fault of every row, and then all rows or none."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from agent_state.domain.refusals import Refusal
from agent_state.kinds import Kind
from agent_state.sheets import REVISION, CellWrong, Column, Sheet, put
from contact_runtime.administration.bodies import DocumentBody
from contact_runtime.administration.documents import Author, Found, history_of, revision_key
from contact_runtime.http.bodies import ID_PATTERN
from contact_runtime.rows import Unit

BREATHES_EVERY: Final = 4
"""Rows after which others get their turn: a large file is work of seconds."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A fault of a row, the header being row 1; of the whole row where no column is named."""

    row: int
    column: str | None
    code: str
    detail: str


@dataclass(slots=True)
class Imported:
    """What became of the rows of a file; with faults, what is not done."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[BadRow] = field(default_factory=list)


class NotImported(Exception):
    """The file has faults, or was only tried: nothing is written."""

    def __init__(self, found: Imported) -> None:
        """Keep what was found."""
        super().__init__(f"{len(found.faults)} fault(s)")
        self.found = found


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    document_id: str
    cells: Mapping[str, str]


class File:
    """A file of documents of one kind: its rows by document, and what is wrong with its form."""

    def __init__(self, kind: Kind, sheet: Sheet, rows: Sequence[Sequence[str]]) -> None:
        """Read the header and sort the rows; nothing is looked up yet."""
        self._kind = kind
        self._sheet = sheet
        self.found = Imported()
        self._rows: dict[str, _Row] = {}
        header = [name.strip() for name in rows[0]] if rows else []
        self._columns = self._header(header)
        if not self.found.faults:
            for number, cells in enumerate(rows[1:], 2):
                if any(cells):
                    self._sort(number, header, cells)

    def _header(self, header: Sequence[str]) -> list[Column]:
        sheet, columns = self._sheet, []
        for at, name in enumerate(header):
            column = sheet.column(name)
            if name in header[:at]:
                self._fault(1, name, "column_repeated", "two columns have this name")
            elif column is not None:
                columns.append(column)
            elif name not in (sheet.key, REVISION, *sheet.shown):
                self._fault(1, name, "column_unknown", "there is no such column")
        if sheet.key not in header:
            self._fault(1, sheet.key, "column_missing", "no column names the document of a row")
        return columns

    def _sort(self, number: int, header: Sequence[str], cells: Sequence[str]) -> None:
        self.found.rows += 1
        if len(cells) != len(header):
            detail = f"{len(cells)} cells, and the header has {len(header)}"
            return self._fault(number, None, "cells", detail)
        by_name = dict(zip(header, cells, strict=True))
        document_id = by_name[self._sheet.key].strip()
        if not ID_PATTERN.fullmatch(document_id):
            self._fault(number, self._sheet.key, "id", "no id")
        elif document_id in self._rows:
            self._fault(number, self._sheet.key, "repeated", f"{document_id} stands twice")
        else:
            self._rows[document_id] = _Row(number, document_id, by_name)

    def _fault(self, row: int, column: str | None, code: str, detail: str) -> None:
        self.found.faults.append(BadRow(row, column, code, detail))

    async def carry_out(self, unit: Unit, author: Author, *, dry_run: bool) -> Imported:
        """Write every row.

        Raises:
            NotImported: rows have faults, or it was only to be tried.
        """
        lasts = await self._lock(unit)
        bodies: dict[str, DocumentBody] = {}
        for row in self._rows.values():
            await self._breathe(row)
            body = self._body(row, lasts[row.document_id])
            if body is not None and await self._write(unit, row, body, lasts, author):
                bodies[row.document_id] = body
        for document_id, body in bodies.items():
            # After all were written, since rows may name each other.
            await self._look(unit, self._rows[document_id], body, lasts[document_id])
        self.found.faults.sort(key=lambda fault: fault.row)
        if self.found.faults or dry_run:
            raise NotImported(self.found)
        return self.found

    async def _lock(self, unit: Unit) -> dict[str, Found]:
        rows, ids = self._kind.documents.rows, self._rows.keys()
        for shared in self._kind.shares:
            await unit.load_many(shared, ids)
        await unit.load_many(rows, ids)
        lasts: dict[str, Found] = {each: await unit.load(rows, each) for each in ids}
        nexts = (revision_key(e, last.revision + 1 if last else 1) for e, last in lasts.items())
        await unit.load_many(history_of(rows), nexts)
        return lasts

    async def _breathe(self, row: _Row) -> None:
        if row.number % BREATHES_EVERY == 0:
            await asyncio.sleep(0)

    def _body(self, row: _Row, last: Found) -> DocumentBody | None:
        """Return what the row says, laid over what the document says; None where it has faults."""
        if last is None and not self._kind.whole:
            detail = f"there is no {self._kind.name} {row.document_id}"
            self._fault(row.number, self._sheet.key, f"unknown_{self._kind.name}", detail)
            return None
        said = self._kind.body.fields(last.said) if last else {}
        before = len(self.found.faults)
        for column in self._columns:
            try:
                put(said, column, row.cells[column.name])
            except CellWrong as wrong:
                self._fault(row.number, column.name, "cell", str(wrong))
        try:
            body = self._kind.body.model_validate(said)
        except ValidationError as invalid:
            wrong_already = {fault.column for fault in self.found.faults[before:]}
            for error in invalid.errors(include_url=False, include_input=False):
                column_name = self._sheet.named(error["loc"], self._columns)
                if column_name not in wrong_already or column_name is None:
                    self._fault(row.number, column_name, error["type"], error["msg"])
            return None
        return body if len(self.found.faults) == before else None

    async def _write(
        self,
        unit: Unit,
        row: _Row,
        body: DocumentBody,
        lasts: Mapping[str, Found],
        author: Author,
    ) -> bool:
        """Write the row; return whether what it says is still to be looked at."""
        last = lasts[row.document_id]
        said = body.said(last.said if last else None)
        if last is not None and last.said == said:
            self.found.unchanged += 1
            return False
        if not self._is_of(row, last):
            return False
        try:
            await self._kind.documents.write(unit, row.document_id, said, author)
        except Refusal as refused:
            self._fault(row.number, None, refused.code, refused.detail)
            return False
        self.found.created += last is None
        self.found.changed += last is not None
        return True

    def _is_of(self, row: _Row, last: Found) -> bool:
        """Return whether the row was made of the revision that counts, where it names one."""
        named, counts = row.cells.get(REVISION, "").strip(), last.revision if last else 0
        if named in ("", str(counts)):
            return True
        self._fault(row.number, REVISION, "stale", f"revision {counts} counts")
        return False

    async def _look(self, unit: Unit, row: _Row, body: DocumentBody, last: Found) -> None:
        faults = self._kind.documents.faults
        said = body.model_dump()
        for fault in await faults(unit, row.document_id, said, last):
            column = self._sheet.named(fault.loc, self._columns)
            self._fault(row.number, column, fault.code, fault.detail)
