"""A report as a file: all of its rows, and on each what it was computed by."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import anyio.to_thread
from starlette.responses import StreamingResponse

from reporting.domain.in_force import InForce
from reporting.domain.measures.catalogue import MEASURES
from reporting.domain.measures.definition import Definition
from reporting.queries import Position
from reporting.reports.desk import Report
from reporting.reports.running import Figures
from reporting.reports.spreadsheets import CSV, XLSX, Cell, write_csv, write_xlsx

_PIECE = 64 * 1024
Write = Callable[[BinaryIO], Awaitable[None]]

FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "JSON in pages; as a file all rows, figures in the units of the measures",
        "content": {
            CSV.partition(";")[0]: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""How the answer stands in OpenAPI beside JSON."""


async def file_of(report: Report) -> StreamingResponse:
    """Return the whole report as the file that was asked for."""
    header = [*_key_names(report), *_value_names(report), "definition", "log_position"]
    stated: list[Cell] = [_stated(report), position_text(report.held.position)]
    cells = _cells(report, stated)
    name = report.wanted.kind.name
    if report.asked.format == "csv":
        return await spooled(lambda file: write_csv(file, header, cells), f"{name}.csv", CSV)
    about = _about(report)
    return await spooled(lambda file: write_xlsx(file, header, cells, about), f"{name}.xlsx", XLSX)


async def spooled(write: Write, name: str, media_type: str) -> StreamingResponse:
    """Return a file that is written as fast as the tables answer, and sent as fast as it is read.

    Written whole first: a slow reader holds no transaction open, and what fails fails before the
    answer begins. It has no name on the disk, so nothing is left of it.
    """
    file = await anyio.to_thread.run_sync(TemporaryFile)
    try:
        await write(file)
        size = file.seek(0, 2)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_pieces(file), headers=headers, media_type=media_type)


async def _pieces(file: Any) -> AsyncIterator[bytes]:
    with file:
        while piece := await anyio.to_thread.run_sync(file.read, _PIECE):
            yield piece


async def _cells(report: Report, stated: list[Cell]) -> AsyncIterator[list[Cell]]:
    async for row in report.rows(None, None):
        yield [*_key(report, row), *_values(report, row), *stated]


def _key_names(report: Report) -> list[str]:
    return list(report.wanted.keys)


def _value_names(report: Report) -> list[str]:
    names = list(report.measures)
    return names if report.wanted.compared is None else names + [f"{n}_compared" for n in names]


def _key(report: Report, row: Figures) -> list[Cell]:
    begins: list[Cell] = [] if report.wanted.cut == "whole" else [row.begins]
    return [*begins, *row.group.values()]


def _values(report: Report, row: Figures) -> list[Cell]:
    named: list[Mapping[str, Any]] = [row.values]
    if row.compared is not None:
        named.append(row.compared)
    return [values[name] for values in named for name in report.measures]


def _stated(report: Report) -> str:
    in_force = report.wanted.in_force
    definition = in_force[-1].definition
    changes = [f"{name}={getattr(definition, name):g}" for name in report.changed]
    return ", ".join([*map(_version, in_force), *changes])


def _version(held: InForce) -> str:
    said = f"{held.definition.name} version {held.definition.version}"
    return f"{said} from {held.begins_on}" if held.begins_on else said


def position_text(position: Position) -> str:
    """Return a log position on one line: the next offset of each partition."""
    return " ".join(f"{at}@{offset}" for at, offset in sorted(position.items()))


def _about(report: Report) -> list[list[Cell]]:
    asked = report.asked
    zones = report.wanted.zones
    return [
        ["report", report.wanted.kind.name],
        ["from", asked.start.isoformat()],
        ["to", asked.end.isoformat()],
        ["time zone", "each site's own" if zones.place else zones.usual.key],
        ["interval", asked.interval],
        ["definition", _stated(report)],
        *(line for held in report.wanted.in_force for line in _agreed(held.definition)),
        ["log position", position_text(report.held.position)],
        *map(_measure, report.measures),
    ]


def _agreed(definition: Definition) -> list[list[Cell]]:
    return [
        ["service level", definition.service_level],
        ["threshold, s", definition.threshold_s],
        ["short abandonment, s", definition.short_abandon_s],
        ["target", definition.target],
    ]


def _measure(name: str) -> list[Cell]:
    each = MEASURES[name]
    return [name, each.title.en, each.title.ru, each.unit]
