"""A replica of agent-state is killed with all its sockets: nobody is told a wrong state.

Two real processes on real Kafka and PostgreSQL; the desktops of the one that dies come back to the
other, all at once, while the dead one starts again and looks for whom it has lost.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_state.domain.agent import Agent, Offline
from agent_state.tables import AGENT
from contact_runtime.database import connect
from contact_runtime.store import SqlStore
from deploy.local.kafka import LocalKafka
from tests.support.agent_process import Desk, Service, agent_state_on
from tests.support.wait import until

BACK = [f"a{number:02d}" for number in range(60)]
AWAY = "who-stays-away"
GRACE_S = 8.0
LIMIT_S = 60.0


@pytest.fixture
async def service(
    empty_kafka: LocalKafka, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    monkeypatch.setenv("SOCKET_GRACE_S", str(GRACE_S))
    async with agent_state_on(tmp_path, postgres_url, empty_kafka.bootstrap) as made:
        yield made


@pytest.fixture
async def other(service: Service) -> AsyncIterator[Service]:
    replica = service.another()
    try:
        await replica.start()
        yield replica
    finally:
        await replica.stop()


@pytest.fixture
async def store(service: Service) -> AsyncIterator[SqlStore]:
    made = SqlStore(connect(service.database_url), source="/polycentre/test")
    yield made
    await made.close()


async def seated(store: SqlStore) -> dict[str, Agent]:
    """Return all agents once one place holds every desk."""

    async def found() -> dict[str, Agent]:
        agents = await store.scan(AGENT)
        places = {agent.desk.place for agent in agents.values()}
        return agents if len(places) == 1 and None not in places else {}

    return await until("every desk to be taken", found, limit_s=LIMIT_S)


async def at_work(service: Service, agent_id: str) -> Desk:
    """Open the desktop; every other agent goes to lunch."""
    desk = await service.desk(agent_id)
    await desk.ask("c1", "ready")
    if agent_id in BACK[::2]:
        await desk.ask("c2", "not_ready", reason="lunch")
    return desk


async def test_agents_whose_replica_was_killed_are_at_the_other_one_as_they_were(
    service: Service, other: Service, store: SqlStore
) -> None:
    await service.describe([*BACK, AWAY])
    await asyncio.gather(*(at_work(service, agent_id) for agent_id in (*BACK, AWAY)))
    before = await seated(store)
    await service.kill()

    async def shown(agent_id: str) -> tuple[str | None, int]:
        message = await (await other.desk(agent_id)).until("snapshot")
        return message["agent"]["reason"], message["sequence"]

    seen, _ = await asyncio.gather(asyncio.gather(*map(shown, BACK)), service.start())
    assert seen == [(before[key].presence.reason, before[key].version) for key in BACK]

    async def signed_out() -> bool:
        return isinstance((await store.peek(AGENT, AWAY)).presence, Offline)

    await until("who stays away to be signed out", signed_out, limit_s=LIMIT_S)
    after = await store.scan(AGENT)
    assert {key: after[key].presence for key in BACK} == {key: before[key].presence for key in BACK}
    assert {key: after[key].version for key in BACK} == {key: before[key].version for key in BACK}
