"""The arrows of the design hold, and the checks that say so turn red when one is broken."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import trees

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"
SOURCES = ("libs/events", "libs/runtime", *(f"services/{name}" for name in trees.SERVICES), "sim")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the sources under `root`, not on those installed."""
    path = os.pathsep.join(str(root / source / "src") for source in SOURCES)
    return subprocess.run(
        [str(LINTER), "--no-cache", "--config", str(root / ".importlinter")],
        cwd=root,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of all sources, to break."""
    for source in SOURCES:
        shutil.copytree(
            ROOT / source,
            tmp_path / source,
            ignore=shutil.ignore_patterns("__pycache__", "examples", "schemas", ".venv"),
        )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    yield tmp_path
    shutil.rmtree(tmp_path)


def plant(root: Path, path: str, code: str) -> None:
    """Add `code` to a module, which is made if it is not there."""
    module = root / path
    module.parent.mkdir(parents=True, exist_ok=True)
    for folder in (module.parent, *module.parent.parents):
        if folder.name == "src":
            break
        (folder / "__init__.py").touch()
    before = module.read_text() if module.exists() else '"""Planted."""\n'
    module.write_text(f"{before}\n{code}\n")


def test_every_arrow_holds() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("path", "code", "broken"),
    [
        (
            "services/geo/src/geo/tables.py",
            "import router",
            "Services never import each other",
        ),
        (
            "services/ivr/src/ivr/domain/planted.py",
            "import ivr.tables",
            "main -> http | consumers -> projections | tables -> domain",
        ),
        (
            "services/router/src/router/explain/tables.py",
            "import router.explain.http",
            "main -> http | consumers -> projections | tables -> domain",
        ),
        (
            "services/agent-state/src/agent_state/consumers.py",
            "import agent_state.http",
            "main -> http | consumers -> projections | tables -> domain",
        ),
        (
            "libs/runtime/src/contact_runtime/planted.py",
            "import ivr",
            "main -> services -> runtime -> events",
        ),
        (
            "libs/events/src/contact_events/planted.py",
            "import contact_runtime",
            "main -> services -> runtime -> events",
        ),
        (
            "libs/events/src/contact_events/planted.py",
            "import asyncio",
            "Events do no I/O and know no frameworks",
        ),
        (
            "services/router/src/router/planted.py",
            "import aiokafka",
            "Only the runtime knows Kafka",
        ),
        (
            "sim/src/sim/planted.py",
            "import contact_runtime.rows",
            "The simulator is outside",
        ),
    ],
    ids=lambda value: value if value.endswith(".py") else None,
)
def test_an_arrow_that_points_the_wrong_way_turns_the_linter_red(
    copy: Path, path: str, code: str, broken: str
) -> None:
    plant(copy, "services/agent-state/src/agent_state/http.py", "")
    plant(copy, "services/ivr/src/ivr/tables.py", "")
    plant(copy, path, code)
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    verdicts = [line for line in result.stdout.splitlines() if line.startswith(broken)]
    assert verdicts[0].endswith("BROKEN"), result.stdout
    assert Path(path).stem in result.stdout.partition("Broken contracts")[2]


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio",
        "import logging",
        "import random",
        "import time",
        "from contact_runtime.rows import Kind",
        "import sqlalchemy.orm",
        "from ivr import tables",
        "from .. import tables",
        "import datetime\nAT = datetime.datetime.now()",
        "import uuid\nID = uuid.uuid4()",
        "async def wait() -> None: ...",
        "print('hello')",
    ],
)
def test_io_a_clock_or_chance_in_a_domain_is_found(copy: Path, code: str) -> None:
    before = trees.impure(copy)
    plant(copy, "services/ivr/src/ivr/domain/planted.py", code)
    found = [fault for fault in trees.impure(copy) if fault not in before]
    assert found
    assert all(fault.startswith("ivr/domain/planted.py: ") for fault in found)


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        ("geo/src/geo/utils.py", "", "geo/utils.py: is called a noun of the trade here"),
        ("geo/src/geo/routes.py", "", "geo/routes.py: is called http here"),
        ("geo/src/geo/planted.py", "import os", "reads the environment"),
        ("geo/src/geo/planted.py", "import contact_runtime.serve", "wires the process"),
        ("ivr/src/ivr/consumers.py", "import fastapi", "ivr/consumers.py: knows HTTP"),
        ("router/src/router/http/__init__.py", "", "declares no APIRouter"),
        ("router/src/router/explain/consumers.py", "import fastapi", "consumers.py: knows HTTP"),
        (
            "router/src/router/explain/planted.py",
            "import contact_runtime.serve",
            "wires the process",
        ),
        ("geo/src/geo/main.py", "import contact_runtime.serve", "geo: has no __main__.py"),
    ],
)
def test_a_file_out_of_its_role_is_found(copy: Path, path: str, code: str, fault: str) -> None:
    shutil.rmtree(copy / "services/geo")
    plant(copy, f"services/{path}", code)
    assert any(fault in found for found in trees.misplaced(copy)), trees.misplaced(copy)


def test_a_module_that_grew_too_long_is_found(copy: Path) -> None:
    plant(copy, "services/geo/src/geo/planted.py", "\n" * 300)
    assert "services/geo/src/geo/planted.py: 303 lines" in trees.too_long(copy)
