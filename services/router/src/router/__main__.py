"""`python -m router` runs a replica; `replay --verify FROM TO` decides the past again."""

import os
import sys

from contact_runtime.entry import start
from router import verify
from router.main import main
from router.settings import Settings


def run(words: list[str]) -> int:
    """Return the exit code of what the words ask for."""
    if words[:1] == ["replay"]:
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
        return verify.main(words[1:], bootstrap, os.environ.get("POOL") or "main")
    return start("router", Settings, main)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
