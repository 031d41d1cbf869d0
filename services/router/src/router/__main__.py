"""`python -m router` runs a replica, `explain` explains beside it, `replay` decides again.

`migrate` is for the database of explaining: the router itself has none.
"""

import os
import sys

from contact_runtime.entry import start
from router import verify
from router.explain.main import main as explain
from router.explain.settings import Settings as ExplainSettings
from router.main import main
from router.settings import Settings


def run(words: list[str]) -> int:
    """Return the exit code of what the words ask for."""
    if words[:1] == ["replay"]:
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
        return verify.main(words[1:], bootstrap, os.environ.get("POOL") or "main")
    if words[:1] == ["explain"]:
        return start("router", ExplainSettings, explain, words[1:])
    return start("router", Settings, main, words)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
