"""Where a laptop's deployment keeps what it makes: `.polycentre/` in the repository's root."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def state_folder() -> Path:
    """Return the state folder: the environment's POLYCENTRE_STATE, else `.polycentre`."""
    named = os.environ.get("POLYCENTRE_STATE")
    return Path(named).resolve() if named else REPOSITORY / ".polycentre"
