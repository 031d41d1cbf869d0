"""The router on a log in memory, and those it hears of: for all tests of the router here."""

from collections.abc import AsyncIterator

import pytest

from contact_events.topics import TOPICS
from contact_runtime.memory_log import MemoryLog
from tests.support.router_app import PARTITIONS, Others, RunningRouter


@pytest.fixture
async def log() -> MemoryLog:
    """Return a log with all topics."""
    log = MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    return log


@pytest.fixture
async def others(log: MemoryLog) -> AsyncIterator[Others]:
    """Return who writes what the router reads."""
    others = await Others(log).open()
    yield others
    await others.close()


@pytest.fixture
async def router(log: MemoryLog, others: Others) -> AsyncIterator[RunningRouter]:
    """Return a router that leads."""
    router = RunningRouter(log).start()
    yield await router.leading()
    await router.stop()


@pytest.fixture
async def routers(log: MemoryLog, others: Others) -> AsyncIterator[list[RunningRouter]]:
    """Return a list for replicas; what is in it is stopped in the end."""
    running: list[RunningRouter] = []
    yield running
    for router in running:
        if router.task is not None and not router.task.done():
            await router.stop()
