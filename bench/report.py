"""What a benchmark hands back, and how it is drawn, printed and kept."""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

OUT = Path(__file__).parent / "out"
BAR_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `baseline` is what it is held against, in the same unit."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    repetitions: int = 1

    @property
    def ratio(self) -> float | None:
        """Return value over baseline, or None without a baseline."""
        return self.value / self.baseline if self.baseline else None


@dataclass(slots=True)
class Report:
    """The figures of one benchmark, with the note that explains them."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    note: str = ""

    def add(
        self,
        name: str,
        value: float | Sequence[float],
        unit: str,
        *,
        baseline: float | None = None,
    ) -> Figure:
        """Add a figure; of several repetitions the median counts."""
        values = [value] if isinstance(value, int | float) else list(value)
        figure = Figure(name, statistics.median(values), unit, baseline, len(values))
        self.figures.append(figure)
        return figure

    def table(self) -> str:
        """Return the figures as an aligned table."""
        head = ("figure", "value", "unit", "baseline", "ratio", "n")
        rows = [head, *(_row(figure) for figure in self.figures)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        rows.insert(1, tuple("-" * width for width in widths))
        return "\n".join(_aligned(row, widths) for row in rows)

    def write(self, folder: Path = OUT) -> Path:
        """Write the figures, the machine and the commit to NAME.json; return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        page = {
            "benchmark": self.name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "machine": machine(),
            "note": self.note,
            "figures": [{**asdict(one), "ratio": one.ratio} for one in self.figures],
        }
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(page, indent=2, ensure_ascii=False) + "\n")
        return path


def progress(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items and draw how far it is: a bar on a terminal, a line a tenth elsewhere."""
    for done, item in enumerate(items):
        draw(what, done, len(items))
        yield item
    draw(what, len(items), len(items))


def draw(what: str, done: int, total: int) -> None:
    """Draw how far a long piece of work is; to stderr, so that a table can be piped on."""
    share = done / total if total else 1.0
    if sys.stderr.isatty():
        bar = "#" * round(share * BAR_WIDTH)
        end = "\n" if done >= total else ""
        print(f"\r{what:<32} [{bar:<{BAR_WIDTH}}] {done}/{total}", end=end, file=sys.stderr)
    elif done >= total or done % max(1, total // 10) == 0:
        print(f"{what}: {done}/{total}", file=sys.stderr, flush=True)


def machine() -> dict[str, str | int]:
    """Return what the figures depend on: processor, cores, memory, system, Python."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the commit that was measured, with "+" if the tree held more than it."""
    found = _git("rev-parse", "--short=12", "HEAD")
    return found + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    told = subprocess.run(
        ["git", *words], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return told.stdout.strip() or ("" if words[0] == "status" else "unknown")


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _row(figure: Figure) -> tuple[str, ...]:
    baseline = "" if figure.baseline is None else _number(figure.baseline)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    repetitions = str(figure.repetitions)
    return (figure.name, _number(figure.value), figure.unit, baseline, ratio, repetitions)


def _number(value: float) -> str:
    """Return a number as one reads it: whole from 1,000 on, else three figures that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _aligned(row: tuple[str, ...], widths: Sequence[int]) -> str:
    left = {0, 2}
    cells = [
        cell.ljust(width) if column in left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
