"""What every service stands on, opened the same way: log, clock, figures, health, tokens.

A service's `main` reads

    ground = await Ground.of("geo", settings)
    store = ground.store()
    app = app_of("geo", settings, ground.metrics, ...)
    try:
        return await ground.serve(app, tasks=[...])
    finally:
        await store.close()
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI

from contact_events.topics import TOPICS, Topic
from contact_runtime.clock import BusinessClock, clock_from_log
from contact_runtime.database import CONNECTIONS, connect
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.http.sockets import SocketRoute
from contact_runtime.kafka import KafkaLog
from contact_runtime.log import once_there
from contact_runtime.logs import configure_logs
from contact_runtime.metrics import Metrics
from contact_runtime.serve import Background, serve
from contact_runtime.settings import ServiceSettings
from contact_runtime.store import SqlStore

START_LIMIT_S = 60.0
"""Machine seconds that a service which starts waits for the log: longer than a broker's restart."""


def app_of(
    name: str,
    settings: ServiceSettings,
    metrics: Metrics,
    *,
    routes: Sequence[APIRouter],
    refusals: Mapping[type[Exception], int],
    description: str,
    context: Any = None,
    sockets: Sequence[SocketRoute] = (),
    larger: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return a service's HTTP application, as its settings have it; see `create_app`."""
    return create_app(
        name,
        routes=routes,
        auth=Auth(settings.jwks, settings.jwt_issuer, settings.jwt_audience),
        sockets=sockets,
        refusals=refusals,
        context=context,
        description=description,
        metrics=metrics,
        larger=larger,
        cors_origins=settings.allowed_origins,
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """The parts that every service has. `name` is the service's."""

    name: str
    settings: ServiceSettings
    log: KafkaLog
    clock: BusinessClock
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    @classmethod
    async def of(
        cls, name: str, settings: ServiceSettings, topics: Iterable[Topic] = TOPICS
    ) -> "Ground":
        """Return the ground of a service, once the log is there and has these topics.

        Raises:
            LogError: the log did not answer for `START_LIMIT_S`, or a topic has another number of
                partitions.
        """
        configure_logs(name, settings.log_level)
        log, wanted = KafkaLog(settings.kafka_bootstrap), tuple(topics)
        await once_there(lambda: log.ensure_topics(wanted, settings.partitions), START_LIMIT_S)
        clock = await once_there(lambda: clock_from_log(log), START_LIMIT_S)
        return cls(name, settings, log, clock)

    def store(self, *, connections: int = CONNECTIONS) -> SqlStore:
        """Return the service's rows, in its own database. Close it in the end."""
        engine = connect(self.settings.database_url, pool_size=connections, application=self.name)
        source = f"/polycentre/{self.name}"
        return SqlStore(engine, source=source, partitions=self.settings.partitions)

    async def serve(self, app: FastAPI, tasks: Sequence[Background]) -> int:
        """Run the service until it is told to stop, or a part ends; return the exit code."""
        return await serve(
            app,
            create_ops_app(self.health, self.metrics),
            health=self.health,
            host=self.settings.host,
            http_port=self.settings.http_port,
            ops_port=self.settings.ops_port,
            tasks=tasks,
        )
