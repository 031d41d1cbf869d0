"""The start of a whole system, in order: log, databases, tables, clock, services, callers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from contact_runtime import embedded, issuer
from deploy.local.addresses import Addresses
from deploy.local.announcement import announcement
from deploy.local.jars import JarsMissing
from deploy.local.kafka import KafkaNotReady, LocalKafka
from deploy.local.plan import Plan
from deploy.local.processes import ProcessSpec
from deploy.local.settings import LocalSettings
from deploy.local.state import StateFolder
from deploy.local.supervisor import StepFailed, Supervisor, together
from deploy.local.voice import Voice

T = TypeVar("T")

BROKER_LIMIT_S = 120.0
DATABASE_LIMIT_S = 60.0
MIGRATION_LIMIT_S = 180.0


@dataclass(frozen=True, slots=True)
class System:
    """One system being started."""

    settings: LocalSettings
    state: StateFolder
    supervisor: Supervisor
    voice: Voice

    async def start(self) -> None:
        """Start every part, each when what it needs is ready, and say where everything is."""
        issuer.ensure_issuer(self.state.keys)
        Addresses.told(self.settings).leave(self.state)
        plan = Plan(self.settings, self.state)
        await together([self._log(plan), self._tables(plan)])
        await self.supervisor.start(*plan.services())
        if not self.settings.without_sim:
            await self.supervisor.start(plan.sim())
        self.voice.say(announcement(plan))

    async def _log(self, plan: Plan) -> None:
        """Start the broker unless there is one already, then the clock, which makes the topics."""
        if self.settings.kafka_bootstrap is None:
            await self._start_kafka()
        await self.supervisor.start(plan.clock())

    async def _tables(self, plan: Plan) -> None:
        """Start the database server unless there is one already, then bring the tables up."""
        if self.settings.database_url is None:
            await self._start_postgres()
        await self.supervisor.carry_out(plan.migrations(), "migrating", limit_s=MIGRATION_LIMIT_S)

    async def _start_kafka(self) -> None:
        kafka = LocalKafka(
            self.state.kafka,
            port=self.settings.kafka_port,
            controller_port=self.settings.kafka_controller_port,
        )
        command = await self._prepared("kafka", kafka.prepare)
        await self.supervisor.start(
            ProcessSpec("kafka", tuple(command), ready=kafka.answers, ready_limit_s=BROKER_LIMIT_S)
        )

    async def _start_postgres(self) -> None:
        prepare = partial(embedded.prepare, self.state.postgres, port=self.settings.postgres_port)
        server = await self._prepared("postgres", prepare)

        async def ready() -> bool:
            return server.ready()

        await self.supervisor.start(
            ProcessSpec(
                *("postgres", server.command),
                ready=ready,
                ready_limit_s=DATABASE_LIMIT_S,
                stop_signal=embedded.FAST_STOP,
                user=server.user,
            )
        )

    async def _prepared(self, name: str, prepare: Callable[[], T]) -> T:
        """Return what `prepare` makes beside the loop; its folder, its jars, its settings."""
        async with self.voice.step(name, "preparing", "prepared"):
            try:
                return await asyncio.to_thread(prepare)
            except (JarsMissing, KafkaNotReady, embedded.PostgresNotStarted) as wrong:
                raise StepFailed(f"{name}: {wrong}") from wrong


async def start_system(
    settings: LocalSettings, state: StateFolder, supervisor: Supervisor, voice: Voice
) -> None:
    """Start a whole system.

    Raises:
        StepFailed: a migration failed.
        NotReady: a process was not ready in time.
        GaveUp: a process died too often in a row.
    """
    await System(settings, state, supervisor, voice).start()
