"""Where the log and the databases of a state folder are, for tools that come later."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.settings import PROCESSES, LocalSettings, database_of, processes_of
from deploy.local.state import StateFolder


@dataclass(frozen=True, slots=True)
class Addresses:
    """The broker, the database server without a database's name, and the ops ports by process."""

    kafka: str
    database_server: str
    ops: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: StateFolder) -> "Addresses":
        """Return what the last run in this folder left, or where a run would be by default."""
        try:
            return cls(**json.loads(_file(state).read_text()))
        except FileNotFoundError:
            return cls.told(LocalSettings())

    @classmethod
    def told(cls, settings: LocalSettings) -> "Addresses":
        """Return where a run with these settings has them."""
        names = (name for process in PROCESSES for name in processes_of(process))
        ops = {name: settings.ops_url(name) for name in names}
        return cls(settings.kafka, settings.database_server, ops)

    def database(self, service: str) -> str:
        """Return the URL of the service's database."""
        return database_of(self.database_server, service)

    def leave(self, state: StateFolder) -> None:
        """Write them down; a password in the URL stays between owner and file."""
        path = _file(state)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))


def _file(state: StateFolder) -> Path:
    return state.root / "addresses.json"
