"""uv, the installer of the Python packages: the machine's own, or one from PyPI of our own.

Only the standard library: this runs before anything is installed.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (0, 9)


class NoUv(Exception):
    """uv is missing and could not be installed; the message says what would help."""


def uv_command(tools: Path) -> str:
    """Return the path of a uv that is new enough, installing one under `tools` if need be.

    The system's Python is never changed: pip puts uv into a folder, also where the system
    manages its packages itself (PEP 668); a Python without pip lends its venv instead.

    Raises:
        NoUv: there is none, and neither pip nor venv could bring one.
    """
    own = tools / "uv" / "bin" / "uv"
    for path in (shutil.which("uv"), str(own)):
        if path and _new_enough(path):
            return path
    print("setup: uv from PyPI", file=sys.stderr, flush=True)
    if _with_pip(tools / "uv") or _with_venv(tools / "uv"):
        return str(own)
    raise NoUv(
        "uv is missing and this Python has neither pip nor venv to bring it: "
        "sudo apt-get install -y python3-venv"
    )


def _new_enough(path: str) -> bool:
    try:
        told = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    number = re.search(r"(\d+)\.(\d+)", told.stdout)
    return bool(told.returncode == 0 and number and tuple(map(int, number.groups())) >= OLDEST)


def _with_pip(folder: Path) -> bool:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(folder)]
    return _done([*pip, "uv"]) and (folder / "bin" / "uv").exists()


def _with_venv(folder: Path) -> bool:
    return _done([sys.executable, "-m", "venv", "--clear", str(folder)]) and _done(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"]
    )


def _done(command: list[str]) -> bool:
    told = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return told.returncode == 0
