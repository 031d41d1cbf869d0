"""The code version of a copy of the router: it changes with what is decided, and with no comment.

A version is asked of a process of its own, since it is that of the code that a process runs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import router
from router.version import code_version

ASKS = "from router.version import code_version; print(code_version())"


def _copy(folder: Path, module: str, old: str, new: str) -> str:
    """Return the version of a copy of the router in which a text was replaced."""
    shutil.copytree(Path(router.__file__).parent, folder / "router")
    path = folder / "router" / module
    text = path.read_text()
    assert text.count(old) == 1, module
    path.write_text(text.replace(old, new))
    environment = os.environ | {"PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}
    told = subprocess.run(
        [sys.executable, "-c", ASKS], env=environment, check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def test_a_copy_that_decides_otherwise_is_of_another_version(tmp_path: Path) -> None:
    changed = _copy(
        tmp_path, "domain/decide.py", "MOST_DECISIONS: Final = 200", "MOST_DECISIONS: Final = 201"
    )
    assert changed != code_version()


def test_a_copy_that_explains_itself_otherwise_is_of_the_same_version(tmp_path: Path) -> None:
    old = "def decide(indexes"
    commented = _copy(tmp_path, "domain/decide.py", old, f"# what comes next\n{old}")
    assert commented == code_version()
