"""`make recorded FILE=..`: a recorded call centre, folded into a database of its own.

Without DATABASE_URL the database is a PostgreSQL in the state folder that ends with the command;
what it holds stays there until the next recording.
"""

import shutil
import sys

from contact_runtime import embedded
from deploy.local.state import state_folder
from reporting.recorded import main

FOLDER = "recorded"


def run(arguments: list[str]) -> int:
    """Return the exit code of `reporting.recorded`, given these arguments and a database."""
    if "--database-url" in arguments:
        return main(arguments)
    folder = state_folder() / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    server = embedded.start(folder, tied=True)
    try:
        return main([*arguments, "--database-url", server.url("reporting")])
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
