"""Everything that must be there before `make run` or `make test`: made if missing, skipped if not.

`python3 -m deploy.local.setup packages|run|test`. Only the standard library and any Python from
3.11 on: this runs before anything is installed.
"""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType

from deploy.local.jars import JarsMissing, jars_are_there, jars_folder
from deploy.local.parts import (
    CHROMIUM,
    JAVA,
    KUSTOMIZE,
    MAVEN,
    NODE,
    NPM,
    Part,
    apt_prefix,
    install_command,
    kustomize_command,
    missing,
)
from deploy.local.state import REPOSITORY, state_folder
from deploy.local.uv import NoUv, uv_command

MEMBERS = tuple(f"{place}pyproject.toml" for place in ("", "libs/*/", "services/*/", "sim/"))
CONSOLE = REPOSITORY / "console"
ENVIRONMENT = REPOSITORY / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"


class SetupFailed(Exception):
    """A step of the set-up failed; one line says which and what would help."""


def main(arguments: list[str]) -> int:
    """Set up for one purpose; return the exit code."""
    purpose = arguments[0] if arguments else "run"
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if purpose == "packages":
            install_packages()
        else:
            set_up(purpose, os.environ)
    except (SetupFailed, NoUv, JarsMissing) as failure:
        _say(str(failure))
        return 1
    except KeyboardInterrupt:
        _say("interrupted; the next one goes on from here")
        return 130
    return 0


def set_up(purpose: str, environment: Mapping[str, str]) -> None:
    """Bring all that `purpose` ("run" or "test") needs.

    Raises:
        SetupFailed: something is missing that only a person can bring, or a step failed.
    """
    own_kafka = purpose == "test" or not environment.get("KAFKA_BOOTSTRAP")
    needed = [NODE, NPM, *((JAVA,) if own_kafka else ())]
    if own_kafka and not jars_are_there():
        needed.append(MAVEN)
    if lacking := missing(needed):
        names = ", ".join(part.wanted for part in lacking)
        raise SetupFailed(f"missing: {names}; on Debian and Ubuntu: {install_command(lacking)}")
    install_packages()
    install_console()
    if own_kafka and not jars_are_there():
        _say("Kafka")
        jars_folder()
    if purpose == "test":
        bring_system_parts(strict=environment.get("CI", "") not in ("", "0", "false"))


def install_packages() -> None:
    """Bring `.venv` to what uv.lock says, if it is not there yet."""
    declared = [path for place in MEMBERS for path in sorted(REPOSITORY.glob(place))]
    wanted = _digest([REPOSITORY / "uv.lock", *declared])
    stamp = ENVIRONMENT / ".installed"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    uv = uv_command(state_folder() / "tools")
    command = [uv, "sync", "--locked", "--all-packages"]
    if not PYTHON.exists():
        command += ["--python", sys.executable]
    _step("Python packages", command, {"UV_PYTHON_DOWNLOADS": "never"})
    stamp.write_text(wanted)


def install_console() -> None:
    """Install the packages of the pages and build the pages, if that was not done yet."""
    if not (CONSOLE / "package.json").exists():
        return
    lock, installed = CONSOLE / "package-lock.json", CONSOLE / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _step("console packages", ["npm", "ci", "--prefix", str(CONSOLE), "--no-fund"])
        installed.touch()
    wanted = _digest(_console_sources())
    stamp = CONSOLE / "dist" / ".built"
    if not stamp.exists() or stamp.read_text() != wanted:
        _step("console pages", ["npm", "--prefix", str(CONSOLE), "run", "--silent", "build"])
        stamp.write_text(wanted)


def bring_system_parts(*, strict: bool) -> None:
    """Install with apt, where it may be called, what only the tests need.

    Raises:
        SetupFailed: a part is missing still, and `strict` forbids to go on without it.
    """
    lacking = _lacking_for_tests()
    apt = apt_prefix()
    if lacking and apt:
        names = [part.package for part in lacking]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        _say(f"{', '.join(names)} with apt")
        _done([*apt, "update", "-q"], quiet)
        _done([*apt, "install", "-q", "-y", "--no-install-recommends", *names], quiet)
        lacking = _lacking_for_tests()
    if lacking:
        what = ", ".join(part.name for part in lacking)
        advice = f"missing for the tests: {what}; {install_command(lacking)}"
        if strict:
            raise SetupFailed(advice)
        _say(f"{advice}; the tests that need it are skipped and say so")


def _lacking_for_tests() -> list[Part]:
    lacking = [] if CHROMIUM.found() else [CHROMIUM]
    return lacking if kustomize_command() else [*lacking, KUSTOMIZE]


def _console_sources() -> list[Path]:
    names = ("package-lock.json", "index.html", "desktop/index.html", "tsconfig.json")
    described = REPOSITORY.glob("docs/*.asyncapi.json")
    built_from = [*(CONSOLE / name for name in names), *described]
    trees = (CONSOLE / "src", CONSOLE / "public")
    inside = [path for tree in trees for path in tree.rglob("*") if path.is_file()]
    return sorted([*(path for path in built_from if path.exists()), *CONSOLE.glob("*.ts"), *inside])


def _digest(paths: Iterable[Path]) -> str:
    """Return a digest of the files' names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(REPOSITORY)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _step(name: str, command: list[str], extra: Mapping[str, str] | None = None) -> None:
    _say(name)
    if not _done(command, extra):
        raise SetupFailed(f"{name} failed, see above: {' '.join(command)}")


def _done(command: list[str], extra: Mapping[str, str] | None = None) -> bool:
    environment = {**os.environ, **(extra or {})}
    told = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    return told.returncode == 0


def _say(what: str) -> None:
    """Say it on stderr: `make token` must print a token and nothing else."""
    print(f"setup: {what}", file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
