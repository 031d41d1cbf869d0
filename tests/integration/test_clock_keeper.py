"""The clock's own process, on real Kafka."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from contact_runtime.clock import clock_from_log
from contact_runtime.kafka import KafkaLog
from deploy.local.kafka import LocalKafka

pytestmark = pytest.mark.kafka

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@asynccontextmanager
async def keeper(bootstrap: str, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the clock's process; it has set the clock when the block begins."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contact_runtime.clock_keeper", "--bootstrap", bootstrap),
        *("--scale", "60", "--start-at", MORNING.isoformat(), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PARTITIONS": "2"},
    )
    assert process.stdout
    try:
        async with asyncio.timeout(30):
            assert (await process.stdout.readline()).startswith(b"clock ")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_keeper_is_followed_by_one_that_does_not_go_back(
    empty_kafka: LocalKafka,
) -> None:
    log = KafkaLog(empty_kafka.bootstrap)
    async with keeper(empty_kafka.bootstrap) as process:
        before = (await clock_from_log(log)).now()
        process.kill()
    async with keeper(empty_kafka.bootstrap) as process:
        after = (await clock_from_log(log)).now()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    assert MORNING <= before <= after < before + timedelta(minutes=30)
