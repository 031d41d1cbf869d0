"""To whom a call may be sent: the names of queues and skills, and the agents who are signed in.

Names are kept as the router's documents say, by a reader of its own, from the log's beginning.
"""

import time
from collections.abc import Callable, Sequence

from agent_state.domain.agent import Agent, Offline
from agent_state.tables import AGENT, QUEUE_NAME, SKILL_NAME
from contact_events.calls import Text
from contact_events.config import QueueChanged, SkillChanged
from contact_events.topics import ROUTING_CONFIG
from contact_runtime.reader import Received
from contact_runtime.rows import Store, Unit

READER = "agent-state-directory"
READS = (ROUTING_CONFIG,)
PAGE = 1_000
KEPT_S = 2.0
"""Machine seconds for which all desktops of a process are shown the same agents."""


async def learn(unit: Unit, batch: Sequence[Received]) -> None:
    """Keep what the queues and skills of a batch of records are called."""
    for received in batch:
        match received.envelope.data:
            case QueueChanged(queue_id=queue_id, name=name, deleted=deleted):
                await unit.load(QUEUE_NAME, queue_id)
                unit.put(QUEUE_NAME, queue_id, None if deleted else name)
            case SkillChanged(skill_id=skill_id, name=name, deleted=deleted):
                await unit.load(SKILL_NAME, skill_id)
                unit.put(SKILL_NAME, skill_id, None if deleted else name)
            case _:
                pass  # sites, policies and calendars are nobody to send a call to


class Directory:
    """What the rows say now, read at most every `KEPT_S`, however many desktops ask."""

    def __init__(self, store: Store, machine_s: Callable[[], float] = time.monotonic) -> None:
        """Read from `store`; `machine_s` is the machine's time in seconds."""
        self._store = store
        self._machine_s = machine_s
        self._agents: tuple[float, list[Agent]] | None = None

    async def queues(self) -> dict[str, Text]:
        """Return what each queue is called, by id."""
        found = await self._store.scan(QUEUE_NAME)
        return {key: name for key, name in sorted(found.items()) if name is not None}

    async def skills(self) -> dict[str, Text]:
        """Return what each skill is called, by id."""
        found = await self._store.scan(SKILL_NAME)
        return {key: name for key, name in sorted(found.items()) if name is not None}

    async def agents(self) -> list[Agent]:
        """Return the agents who are signed in, by id."""
        now = self._machine_s()
        if self._agents is None or now - self._agents[0] > KEPT_S:
            self._agents = (now, await self._signed_in())
        return self._agents[1]

    async def _signed_in(self) -> list[Agent]:
        found: list[Agent] = []
        after = ""
        while page := await self._store.page(AGENT, after, PAGE):
            found += [
                agent
                for agent in page.values()
                if agent.profile is not None and not isinstance(agent.presence, Offline)
            ]
            after = max(page)
        return found
