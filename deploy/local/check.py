"""`make check`: every check that needs no running system, two at a time, all of them to the end."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.state import REPOSITORY

AT_ONCE = 2
TYPED = ("libs", "services", "sim", "deploy", "bench", "tests")


@dataclass(frozen=True, slots=True)
class Check:
    """A command that is right when it returns 0."""

    name: str
    command: tuple[str, ...]

    async def run(self, turn: asyncio.Semaphore) -> bool:
        """Run it when its turn comes; say how it went, and what it said if it went wrong."""
        async with turn:
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=REPOSITORY,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
        right = process.returncode == 0
        took = f"{time.monotonic() - began:.1f} s"
        print(f"  {self.name:<10} {'ok' if right else 'WRONG'} ({took})", flush=True)
        if not right:
            print(said.decode(errors="replace"), flush=True)
        return right


def checks() -> list[Check]:
    """Return the checks, the longest first."""
    python, tools = sys.executable, Path(sys.executable).parent
    typed = tuple(folder for folder in TYPED if any((REPOSITORY / folder).rglob("*.py")))
    found = [
        Check("types", (python, "-m", "mypy", *typed)),
        Check("arrows", (str(tools / "lint-imports"), "--no-cache")),
        Check("manifests", (python, "-m", "deploy.local.manifests")),
        Check("drift", (python, "-m", "deploy.local.drift")),
        Check("lint", (python, "-m", "ruff", "check", ".")),
        Check("format", (python, "-m", "ruff", "format", "--check", ".")),
    ]
    if (REPOSITORY / "console" / "package.json").exists():
        found.insert(1, Check("console", ("npm", "--prefix", "console", "run", "check")))
    return found


async def main() -> int:
    """Run all checks; return 1 if one went wrong."""
    turn = asyncio.Semaphore(AT_ONCE)
    results = await asyncio.gather(*(check.run(turn) for check in checks()))
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
