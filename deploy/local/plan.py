"""Which processes make up a local system, and what each is told through its environment."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from contact_runtime.issuer import CLIENT_KEYS_FILE, JWKS_FILE
from deploy.local.migrations import DATABASES
from deploy.local.processes import ProcessSpec
from deploy.local.readiness import http_ok, says
from deploy.local.settings import (
    OWNERS,
    PROCESSES,
    SERVICES,
    WITHOUT_DATABASE,
    LocalSettings,
    database_of,
    processes_of,
)
from deploy.local.state import REPOSITORY, StateFolder

PAGES = REPOSITORY / "console" / "dist"
MODULES = {service: service.replace("-", "_") for service in SERVICES}
SERVICE_LIMIT_S = 180.0
MOSCOW = timezone(timedelta(hours=3))


@dataclass(frozen=True, slots=True)
class Plan:
    """Builds the processes of one run."""

    settings: LocalSettings
    state: StateFolder

    def clock(self) -> ProcessSpec:
        """Return the keeper of business time; it also makes the topics that are not there."""
        command = (
            *(sys.executable, "-m", "contact_runtime.clock_keeper"),
            *("--bootstrap", self.settings.kafka, "--partitions", str(self.settings.partitions)),
            *("--scale", str(self.settings.scale), "--start-at", _nine_in_moscow()),
        )
        ready = says(self.state.logs / "clock.log", "clock ")
        return ProcessSpec("clock", command, ready=ready)

    def migrations(self) -> ProcessSpec:
        """Return the step that brings all databases to their newest tables."""
        server = self.settings.database_server
        owners = [OWNERS.get(name, name) for name in PROCESSES if name not in WITHOUT_DATABASE]
        told = {MODULES[owner]: database_of(server, owner) for owner in owners}
        command = (sys.executable, "-m", "deploy.local.migrations")
        return ProcessSpec("migrations", command, {DATABASES: json.dumps(told)})

    def services(self) -> Sequence[ProcessSpec]:
        """Return the processes of the five services; the router stands by and explains itself."""
        return [
            ProcessSpec(
                name,
                (sys.executable, "-m", *_words(service)),
                self.environment(service, name),
                ready=http_ok(self.settings.reached_at, self.settings.ops_port(name)),
                ready_limit_s=SERVICE_LIMIT_S,
            )
            for service in PROCESSES
            for name in processes_of(service)
        ]

    def sim(self) -> ProcessSpec:
        """Return the callers and agents."""
        said = self.settings
        told = {
            "IVR_URL": said.url("ivr"),
            "ROUTER_URL": said.url("router"),
            "AGENT_STATE_URL": said.url("agent-state"),
            "REPORTING_URL": said.url("reporting"),
            "GEO_URL": said.url("geo"),
            "ISSUER_STATE": str(self.state.keys),
            "SCALE": str(said.scale),
            "CALLS": str(said.calls or ""),
            "DAY": said.day.isoformat() if said.day else "",
            "SEED": "" if said.seed is None else str(said.seed),
        }
        command = (sys.executable, "-m", "sim")
        return ProcessSpec("sim", command, {k: v for k, v in told.items() if v})

    def environment(self, service: str, process: str) -> dict[str, str]:
        """Return what a process of the service is told."""
        said = self.settings
        told = {
            "KAFKA_BOOTSTRAP": self.settings.kafka,
            "PARTITIONS": str(said.partitions),
            "HOST": said.host,
            "HTTP_PORT": str(said.http_port(process)),
            "OPS_PORT": str(said.ops_port(process)),
            "JWKS": str(self.state.keys / JWKS_FILE),
            "CLIENT_KEYS_FILE": str(self.state.keys / CLIENT_KEYS_FILE),
            "CORS_ORIGINS": f"{said.url('reporting')},{said.url('agent-state')}",
        }
        if service not in WITHOUT_DATABASE:
            owner = OWNERS.get(service, service)
            told["DATABASE_URL"] = database_of(said.database_server, owner)
        if service == "reporting":
            told["BOARD_DIR"] = str(PAGES / "board")
        if service == "agent-state":
            told |= {"DESKTOP_DIR": str(PAGES / "desktop"), "IVR_URL": said.url("ivr")}
        return told


def _words(process: str) -> tuple[str, ...]:
    """Return the module that the process runs, with the word for what is not the service itself."""
    owner = OWNERS.get(process)
    return (MODULES[owner], process) if owner else (MODULES[process],)


def _nine_in_moscow() -> str:
    """Return 09:00 in Moscow of today, where the first day of a new log begins."""
    today = datetime.now(MOSCOW)
    return today.replace(hour=9, minute=0, second=0, microsecond=0).isoformat()
