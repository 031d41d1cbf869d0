"""Documents as rows of CSV: how each field stands in its cell, and a body made of a row again."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contact_runtime.http.bodies import ID_PATTERN

Path = tuple[str, ...]
DANGEROUS: Final = "=+-@\t\r"
"""What a spreadsheet takes for the beginning of a formula."""

REVISION: Final = "revision"
NOTHING: Final = "none"
"""In a cell: an empty list, where an empty cell would mean the default."""

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


class CellWrong(ValueError):
    """A cell holds something else than its column does."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How the values of a column are written, and read again."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, where its value stands in the body, and what a cell is like."""

    name: str
    path: Path
    cell: Cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """How documents of a kind stand in a file: one a row, named in the column `key`.

    `spread` makes a column of each key of the map at this path, `PATH.KEY`; `shown` is only for
    who reads the file.
    """

    key: str
    columns: tuple[Column, ...]
    spread: tuple[str, Cell] | None = None
    shown: tuple[str, ...] = ()
    _known: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns by name."""
        object.__setattr__(self, "_known", {column.name: column for column in self.columns})

    def column(self, name: str) -> Column | None:
        """Return the column of this name, None if there is no such."""
        if self.spread is not None and name.startswith(f"{self.spread[0]}."):
            path, cell = self.spread
            inner = name.removeprefix(f"{path}.")
            return Column(name, (path, inner), cell) if ID_PATTERN.fullmatch(inner) else None
        return self._known.get(name)

    def columns_of(self, documents: Iterable[Mapping[str, Any]]) -> list[Column]:
        """Return the columns that are needed to write these documents."""
        if self.spread is None:
            return list(self.columns)
        path, cell = self.spread
        keys = sorted({key for document in documents for key in document[path]})
        return [*self.columns, *(Column(f"{path}.{key}", (path, key), cell) for key in keys)]

    def named(self, place: Sequence[Any], columns: Iterable[Column]) -> str | None:
        """Return the column in which a fault at this place of a body is, None if in none."""
        for column in columns:
            reach = min(len(place), len(column.path))
            if tuple(place[:reach]) == column.path[:reach]:
                return column.name
        return None


def armed(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell[:1] and cell[0] in f"{DANGEROUS}'" else cell


def disarmed(cell: str) -> str:
    """Return what was armed; a cell that was not is as it is."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in f"{DANGEROUS}'" else cell


def written(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as CSV (RFC 4180), begun with the mark by which programs know UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([armed(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of a file whose cells commas or semicolons part; blank ones are empty.

    Raises:
        csv.Error: it is no CSV.
    """
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return [[disarmed(cell) for cell in row] for row in reader]


def cells_of(columns: Iterable[Column], document: Mapping[str, Any]) -> list[str]:
    """Return the cells of a document; what it does not say is empty."""
    return [_cell(column, document) for column in columns]


def _cell(column: Column, document: Mapping[str, Any]) -> str:
    value: Any = document
    for key in column.path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return "" if value is None else column.cell.write(value)


def put(document: dict[str, Any], column: Column, cell: str) -> None:
    """Have the document say what the cell says; an empty one: nothing, so that defaults hold.

    Raises:
        CellWrong: the cell holds something else.
    """
    *above, last = column.path
    inner = document
    for key in above:
        if not isinstance(inner.get(key), dict):
            if cell == "":
                return
            inner[key] = {}
        inner = inner[key]
    if cell == "":
        inner.pop(last, None)
        if not inner and above and above[0] in _OPTIONAL:
            document.pop(above[0])
    else:
        inner[last] = column.cell.read(cell)


_OPTIONAL: Final = ("rona",)
"""Parts of a document that are not there once all their cells are empty."""


def _joined(items: Sequence[str]) -> str:
    return "/".join(items) or NOTHING


def _parted(items: str) -> list[str]:
    return [] if items == NOTHING else items.split("/")


def _flag(cell: str) -> bool:
    words = {"true": True, "false": False}
    word = cell.strip().lower()
    if word not in words:
        raise CellWrong("true or false")
    return words[word]


def _number(cell: str) -> int | float:
    written = cell.strip().lower()
    if not _NUMBER.fullmatch(written):
        raise CellWrong("a number, as 15 or 1.5")
    return int(written) if written.lstrip("-").isdigit() else float(written)


def _shown(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(number)


def _pairs(cell: str) -> dict[str, str]:
    if cell.strip() == NOTHING:
        return {}
    pairs = [pair.partition("=") for pair in cell.split()]
    if not all(key and value for key, _, value in pairs):
        raise CellWrong("pairs as `cards=2 loans=3`")
    if len({key for key, _, _ in pairs}) != len(pairs):
        raise CellWrong("something stands there twice")
    return {key: value for key, _, value in pairs}


TEXT: Final = Cell(str, str)
ID: Final = Cell(str, str.strip)
FLAG: Final = Cell(lambda value: "true" if value else "false", _flag)
NUMBER: Final = Cell(_shown, _number)
LEVELS: Final = Cell(
    lambda value: " ".join(f"{key}={_shown(number)}" for key, number in value.items()) or NOTHING,
    lambda cell: {key: _number(number) for key, number in _pairs(cell).items()},
)
LISTS: Final = Cell(
    lambda value: " ".join(f"{key}={_joined(items)}" for key, items in value.items()) or NOTHING,
    lambda cell: {key: _parted(items) for key, items in _pairs(cell).items()},
)
LINES: Final = Cell("\n".join, str.splitlines)

_NAMES: Final = (
    Column("name_ru", ("name", "ru"), TEXT),
    Column("name_en", ("name", "en"), TEXT),
)
_DEACTIVATED: Final = Column("deactivated", ("deactivated",), FLAG)


def _plain(cell: Cell, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, (name,), cell) for name in names)


AGENTS: Final = Sheet(
    "agent_id",
    (
        *_NAMES,
        *_plain(ID, "site_id", "team", "pool"),
        *_plain(LEVELS, "skills"),
        *_plain(NUMBER, "wrap_up_s"),
        *_plain(FLAG, "telephone"),
        *_plain(LEVELS, "channels"),
        *_plain(LISTS, "interrupts"),
        _DEACTIVATED,
    ),
)
SKILLS: Final = Sheet("agent_id", (), spread=("skills", NUMBER), shown=("name_ru", "name_en"))
TEAMS: Final = Sheet(
    "team_id",
    (
        *_NAMES,
        *_plain(ID, "site_id"),
        *_plain(NUMBER, "breaks_at_once", "break_taken_within_s"),
        *_plain(FLAG, "sign_out_after_shift"),
        *_plain(NUMBER, "sign_out_grace_s"),
        Column("rona_returns_after_s", ("rona", "returns_after_s"), NUMBER),
        Column("rona_stays_ready", ("rona", "stays_ready"), FLAG),
        Column("rona_most_in_a_row", ("rona", "most_in_a_row"), NUMBER),
        *_plain(LINES, "supervisors"),
        _DEACTIVATED,
    ),
)
REASONS: Final = Sheet(
    "reason_id",
    (
        *_NAMES,
        *_plain(FLAG, "paid", "counted_in_occupancy"),
        *_plain(NUMBER, "longest_stay_s"),
        *_plain(FLAG, "is_break"),
        _DEACTIVATED,
    ),
)
CODES: Final = Sheet("code_id", (*_NAMES, *_plain(ID, "parent_id"), _DEACTIVATED))
WRAP_UP_POLICIES: Final = Sheet(
    "queue_id",
    (
        *_plain(ID, "mode"),
        *_plain(NUMBER, "after_s", "extend_by_s", "extensions"),
        *_plain(FLAG, "codes_required"),
        *_plain(ID, "codes_from"),
        *_plain(FLAG, "calls_meanwhile"),
        _DEACTIVATED,
    ),
)
