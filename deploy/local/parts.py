"""What this machine must bring along, and how to find out whether it does.

Only the standard library: this runs before anything is installed.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

ASK_LIMIT_S = 30
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Part:
    """A program of the system: the oldest version that will do and the Debian package with it."""

    name: str
    commands: tuple[str, ...]
    package: str
    question: tuple[str, ...] = ("--version",)
    oldest: int = 0

    @property
    def wanted(self) -> str:
        """Return the part as one says it: "java >= 17"."""
        return f"{self.name} >= {self.oldest}" if self.oldest else self.name

    def found(self) -> str | None:
        """Return the path of the first command that runs and is new enough, or None."""
        for command in self.commands:
            path = shutil.which(command)
            version = _version(path, self.question) if path else None
            if path and version is not None and version >= self.oldest:
                return path
        return None


JAVA = Part("java", ("java",), "default-jre-headless", ("-version",), oldest=17)
MAVEN = Part("mvn", ("mvn",), "maven")
NODE = Part("node", ("node",), "nodejs", oldest=20)
NPM = Part("npm", ("npm",), "npm")
MAKE = Part("make", ("make",), "make")
CHROMIUM = Part("chromium", (os.environ.get("CHROMIUM") or CHROMIUMS[0], *CHROMIUMS), "chromium")
KUSTOMIZE = Part("kubectl or kustomize", ("kubectl",), "kubernetes-client", ("version", "--client"))
KUSTOMIZE_ALONE = Part("kustomize", ("kustomize",), "kustomize", ("version",))


def kustomize_command() -> list[str] | None:
    """Return the command that renders a kustomization, or None if there is neither program."""
    if path := KUSTOMIZE.found():
        return [path, "kustomize"]
    if path := KUSTOMIZE_ALONE.found():
        return [path, "build"]
    return None


def missing(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that this machine lacks."""
    return [part for part in parts if part.found() is None]


def install_command(parts: Iterable[Part]) -> str:
    """Return the one command that installs the parts on Debian and Ubuntu."""
    return "sudo apt-get install -y " + " ".join(part.package for part in parts)


def apt_prefix() -> list[str] | None:
    """Return how this user may call apt-get without being asked, or None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if shutil.which("sudo") and _answers(["sudo", "-n", "true"]) is not None:
        return ["sudo", "-n", "apt-get"]
    return None


def _version(path: str, question: tuple[str, ...]) -> int | None:
    """Return the first number that the program says of itself, 0 if none; None if it fails."""
    said = _answers([path, *question])
    if said is None:
        return None
    number = re.search(r"\d+", said)
    return int(number.group()) if number else 0


def _answers(command: list[str]) -> str | None:
    try:
        told = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=ASK_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout + told.stderr if told.returncode == 0 else None
