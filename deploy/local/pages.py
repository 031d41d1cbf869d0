"""The generated pages of docs/: every error code and every metric, from the code that has them."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from contact_runtime.http.problems import ProblemType, errors_page, refusal_type
from contact_runtime.metrics import metrics_page
from deploy.local.state import REPOSITORY

DOCS = REPOSITORY / "docs"
SERVICES = ("agent_state", "geo", "ivr", "reporting", "router")


def refusals_of(service: str) -> list[ProblemType]:
    """Return the problem types of a service's table `REFUSALS` in its http module; none if none."""
    if importlib.util.find_spec(f"{service}.http") is None:
        return []
    table: Mapping[type[Exception], int]
    table = getattr(importlib.import_module(f"{service}.http"), "REFUSALS", {})
    found = {refusal_type(cls, status) for cls, status in table.items()}
    return sorted(found, key=lambda kind: kind.code)


def pages(folder: Path = DOCS) -> dict[Path, str]:
    """Return each page's text by its path."""
    services = {name: kinds for name in SERVICES if (kinds := refusals_of(name))}
    return {folder / "errors.md": errors_page(services), folder / "metrics.md": metrics_page()}


def main(arguments: list[str], folder: Path = DOCS) -> int:
    """Write the pages, or with `--check` tell which are not what the code says; the exit code."""
    found = 0
    for path, text in pages(folder).items():
        if "--check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.name} is not what the code says; run make docs", file=sys.stderr)
            found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
