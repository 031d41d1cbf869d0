"""The pages of docs/ that the code writes: `python -m deploy.local.pages [--check]`."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from agent_state.desktop_protocol import asyncapi as desktop
from contact_runtime import metrics
from contact_runtime.http.problems import ProblemType, errors_page, refusal_type
from deploy.local.asked import openapi
from deploy.local.settings import PACKAGES, PROCESSES
from deploy.local.state import REPOSITORY
from reporting.domain.measures.catalogue import measures_page
from reporting.live_protocol import asyncapi as board

FOLDER = REPOSITORY / "docs"


def pages() -> dict[str, str]:
    """Return each page's name and what it says now."""
    refusals = {process: _refusals(process) for process in PROCESSES}
    faults = {process: getattr(_http(process), "FAULTS", {}) for process in PROCESSES}
    return {
        "errors.md": errors_page(
            {name: kinds for name, kinds in refusals.items() if kinds},
            {name: codes for name, codes in faults.items() if codes},
        ),
        "measures.md": measures_page(),
        "metrics.md": metrics.metrics_page(),
        "desktop.asyncapi.json": _json(desktop()),
        "board.asyncapi.json": _json(board()),
        "desktop.openapi.json": _json(openapi()),
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _refusals(process: str) -> list[ProblemType]:
    return [refusal_type(refusal, status) for refusal, status in _http(process).REFUSALS.items()]


def _http(process: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGES[process]}.http")


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write the pages, or with `--check` name those that are not what the code says."""
    stale = [
        name
        for name, text in pages().items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is not what the code says; run make docs", file=sys.stderr)
        return int(bool(stale))
    for name in stale:
        (folder / name).write_text(pages()[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
