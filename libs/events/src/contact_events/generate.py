"""Write the generated documents, or check that they are as the code says.

`python -m contact_events.generate` writes `schemas/` and `asyncapi.json`; with `--check` nothing
is written and any drift, lost version or incompatible change is told and exits with 1. The only
module of this package that touches files.
"""

import json
import sys
from pathlib import Path

from contact_events.compatibility import broken_rules, lost_versions
from contact_events.registry import EVENTS
from contact_events.schemas import Schema, asyncapi, schema_of

FOLDER = Path(__file__).resolve().parents[2]


def versions_in(folder: Path) -> set[tuple[str, int]]:
    """Return the (type, version) of each file `type.vN.json` in the folder."""
    found = set()
    for path in folder.glob("*.v*.json"):
        name, _, version = path.name.removesuffix(".json").rpartition(".v")
        found.add((name, int(version)))
    return found


def documents(folder: Path) -> dict[Path, Schema]:
    """Return the content of every generated file."""
    pages: dict[Path, Schema] = {
        folder / "schemas" / f"{declared.name}.v{declared.version}.json": schema_of(declared)
        for declared in EVENTS.values()
    }
    pages[folder / "asyncapi.json"] = asyncapi()
    return pages


def incompatible(folder: Path) -> list[str]:
    """Return what breaks a rule of compatibility against the committed schemas and examples."""
    problems = list(lost_versions(versions_in(folder / "examples"), "example"))
    for declared in EVENTS.values():
        path = folder / "schemas" / f"{declared.name}.v{declared.version}.json"
        if path.exists():
            before = json.loads(path.read_text())
            problems += [
                f"{declared.name} version {declared.version}: {rule}; declare version "
                f"{declared.version + 1} and an upcast"
                for rule in broken_rules(before, schema_of(declared))
            ]
    return problems


def drifted(folder: Path) -> list[str]:
    """Return what differs between the files and the code."""
    problems = [
        f"{path.relative_to(folder)} is not what the code says; run python -m "
        "contact_events.generate"
        for path, page in documents(folder).items()
        if not path.exists() or path.read_text() != _text(page)
    ]
    return problems + list(lost_versions(versions_in(folder / "schemas"), "schema"))


def _text(page: Schema) -> str:
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Return the exit code: 0 if all is well, 1 with each problem on a line of its own."""
    problems = incompatible(folder)
    if "--check" in arguments:
        problems += drifted(folder)
    elif not problems:
        for path, page in documents(folder).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_text(page))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
