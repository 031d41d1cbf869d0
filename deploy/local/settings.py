"""What a person may say to `make run`, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.ports import PortNeed

SERVICES = ("ivr", "router", "agent-state", "reporting", "geo")
PROCESSES = (*SERVICES, "explain")
"""What answers over HTTP: the services, and the process that explains the router's past."""

PACKAGES = {service: service.replace("-", "_") for service in SERVICES} | {
    "explain": "router.explain"
}
"""Where the parts of each process are."""

OWNERS = {"explain": "router"}
"""Whose code and database a process has that is not a service itself."""

LOOPBACK = "127.0.0.1"
WITHOUT_DATABASE = frozenset({"router"})
REPLICAS = {"router": ("router-1", "router-2")}
"""The processes of a service that runs more than once; elsewhere the one has its name."""

_PLACES = (*SERVICES, "router-2", "explain")
"""Whose port is the how-manieth: the first replica has its service's."""


class Unusable(Exception):
    """A setting has a value that cannot be meant; the message names setting and value."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The settings of one run; None where nothing was said."""

    host: str = LOOPBACK
    kafka_bootstrap: str | None = None
    database_url: str | None = None
    kafka_port: int = 19092
    kafka_controller_port: int = 19093
    postgres_port: int = 15432
    http_ports_from: int = 8101
    ops_ports_from: int = 9101
    partitions: int = 4
    scale: float = 60.0
    calls: Path | None = None
    day: date | None = None
    seed: int | None = None
    fresh: bool = False
    without_sim: bool = False

    @property
    def kafka(self) -> str:
        """Return the address of the broker, there already or to be started."""
        return self.kafka_bootstrap or f"{LOOPBACK}:{self.kafka_port}"

    @property
    def database_server(self) -> str:
        """Return the URL of the database server, without a database's name."""
        return self.database_url or f"postgresql://postgres@{LOOPBACK}:{self.postgres_port}"

    def http_port(self, process: str) -> int:
        """Return the port of the API of the service, or of this process of it."""
        return self.http_ports_from + _place(process)

    def ops_port(self, process: str) -> int:
        """Return the port of the probes and metrics of the service, or of this process of it."""
        return self.ops_ports_from + _place(process)

    def url(self, process: str) -> str:
        """Return the address of the API of the service, or of this process of it."""
        return f"http://{self.reached_at}:{self.http_port(process)}"

    def ops_url(self, process: str) -> str:
        """Return the address of the probes and metrics of the service, or of this process."""
        return f"http://{self.reached_at}:{self.ops_port(process)}"

    @property
    def reached_at(self) -> str:
        """Return the host at which this machine reaches what listens on `host`."""
        return LOOPBACK if self.host in ("0.0.0.0", "::") else self.host

    def needs(self) -> list[PortNeed]:
        """Return the ports on which this run will listen."""
        needs = []
        if self.kafka_bootstrap is None:
            needs += [
                PortNeed("Kafka", self.kafka_port, "KAFKA_PORT"),
                PortNeed("Kafka's controller", self.kafka_controller_port, "KAFKA_CONTROLLER_PORT"),
            ]
        if self.database_url is None:
            needs.append(PortNeed("PostgreSQL", self.postgres_port, "POSTGRES_PORT"))
        for name in (name for process in PROCESSES for name in processes_of(process)):
            needs.append(PortNeed(name, self.http_port(name), "HTTP_PORTS_FROM"))
            needs.append(PortNeed(f"{name} ops", self.ops_port(name), "OPS_PORTS_FROM"))
        return needs


def processes_of(service: str) -> tuple[str, ...]:
    """Return the names of the processes that a service runs as."""
    return REPLICAS.get(service, (service,))


def _place(process: str) -> int:
    first = {replicas[0]: service for service, replicas in REPLICAS.items()}
    return _PLACES.index(first.get(process, process))


def read_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return the settings; an empty value counts as not given.

    Raises:
        Unusable: a value cannot be meant.
    """
    given = {name: value for name, value in environment.items() if value}
    read = LocalSettings(
        host=given.get("HOST", LOOPBACK),
        kafka_bootstrap=given.get("KAFKA_BOOTSTRAP"),
        database_url=given.get("DATABASE_URL"),
        kafka_port=_whole(given, "KAFKA_PORT", 19092),
        kafka_controller_port=_whole(given, "KAFKA_CONTROLLER_PORT", 19093),
        postgres_port=_whole(given, "POSTGRES_PORT", 15432),
        http_ports_from=_whole(given, "HTTP_PORTS_FROM", 8101),
        ops_ports_from=_whole(given, "OPS_PORTS_FROM", 9101),
        partitions=_whole(given, "PARTITIONS", 4),
        scale=_scale(given.get("SCALE", "60")),
        calls=_file(given.get("CALLS")),
        day=_day(given.get("DAY")),
        seed=_whole(given, "SEED", 0) if "SEED" in given else None,
        fresh=given.get("FRESH", "0") not in ("0", "no", "false"),
        without_sim=given.get("SIM", "1") in ("0", "no", "false"),
    )
    _check_together(read)
    return read


def database_of(base: str, service: str) -> str:
    """Return the URL of the service's own database on the server of `base`."""
    parts = urlsplit(base)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{service.replace('-', '_')}{query}"


def _check_together(read: LocalSettings) -> None:
    if (read.calls is None) != (read.day is None):
        raise Unusable("CALLS=FILE and DAY=YYYY-MM-DD go together: one of them is missing")
    if read.fresh and (read.kafka_bootstrap or read.database_url):
        raise Unusable(
            "FRESH=1 starts a new log in the state folder only; with KAFKA_BOOTSTRAP or "
            "DATABASE_URL remove topics and databases there yourself"
        )


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal():
        raise Unusable(f"{name}={value} is not a whole number")
    return int(value)


def _scale(value: str) -> float:
    try:
        scale = float(value)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 3600:
        raise Unusable(f"SCALE={value} is not a number above 0 and at most 3600")
    return scale


def _file(value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser().resolve()
    if not path.is_file():
        raise Unusable(f"CALLS={value} is not a file")
    return path


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unusable(f"DAY={value} is not a day like 1999-02-15") from None
