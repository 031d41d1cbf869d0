"""Where a laptop's deployment keeps what it makes: `.polycentre/` in the repository's root."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The state folder and the folders in it."""

    root: Path

    @property
    def kafka(self) -> Path:
        """Return the broker's folder."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """Return the database server's folder."""
        return self.root / "postgres"

    @property
    def logs(self) -> Path:
        """Return the folder with one log file a process."""
        return self.root / "logs"

    @property
    def keys(self) -> Path:
        """Return the folder with secrets, for its owner only."""
        return self.root / "keys"

    @property
    def run(self) -> Path:
        """Return the folder with one pid file a running process."""
        return self.root / "run"

    def make(self) -> None:
        """Make what is missing of the folders."""
        for folder in (self.kafka, self.postgres, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)

    def forget_history(self) -> None:
        """Remove the log, the databases and what was printed; keys and jars stay."""
        for folder in (self.kafka / "data", self.postgres, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
        self.make()


def state_folder() -> Path:
    """Return the state folder: the environment's POLYCENTRE_STATE, else `.polycentre`."""
    named = os.environ.get("POLYCENTRE_STATE")
    return Path(named).resolve() if named else REPOSITORY / ".polycentre"
