"""`make bench [NAME=chain]`: run the benchmarks, print their tables, keep their figures.

A benchmark is a module or a package of this folder with
`async def measure(report: Report) -> None`; it adds its figures and says in `report.note` what they
mean. Its name is the module's.
"""

import argparse
import asyncio
import importlib
import sys
from pathlib import Path

from bench.report import OUT, Report

FRAME = frozenset({"__main__", "report"})


def names() -> list[str]:
    """Return the benchmarks there are."""
    here = Path(__file__).parent
    modules = {path.stem for path in here.glob("*.py")} - FRAME
    packages = {path.parent.name for path in here.glob("*/__init__.py")}
    return sorted(modules | packages)


async def run(name: str, out: Path) -> Report:
    """Run one benchmark, print its table, write its figures."""
    module = importlib.import_module(f"bench.{name}")
    report = Report(name)
    print(f"== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
    try:
        await module.measure(report)
    finally:  # what was measured before something failed is kept
        print(report.table())
        if report.note:
            print(f"\n{report.note.strip()}")
        print(f"\nwritten to {report.write(out)}\n", flush=True)
    return report


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks that were asked for, all by default; return the exit code."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known) or 'none yet'}")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the JSON files")
    asked = parser.parse_args(arguments)
    if strange := sorted(set(asked.names) - set(known)):
        print(f"no benchmark {', '.join(strange)}; there are: {', '.join(known) or 'none yet'}")
        return 2
    for name in asked.names or known:
        asyncio.run(run(name, asked.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
