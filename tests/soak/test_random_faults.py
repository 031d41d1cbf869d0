"""`make soak MINUTES=`: faults and orders at random, again and again; a clean audit at the end.

SOAK_MINUTES says how long, SOAK_SEED which order; a failure names the seed and what was done.
"""

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from tests.support.router_faults import FAULTS, VICTIMS, frozen, killed
from tests.support.router_orders import ORDERS
from tests.support.under_load import end_and_hold, under_load

MINUTES = float(os.environ.get("SOAK_MINUTES", "5"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
MOST_QUIET_S = 10.0

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.postgres),
    pytest.mark.timeout(int(MINUTES * 60) + 1_200),
]


async def test_whatever_happens_whenever_the_audit_is_clean(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    choices = [*ORDERS, *map(killed, VICTIMS), *map(frozen, VICTIMS), *FAULTS]
    ends = time.monotonic() + MINUTES * 60
    async with under_load(tmp_path) as world:
        done: list[str] = []
        while time.monotonic() < ends:
            fault = rnd.choice(choices)
            done.append(fault.__name__)
            print(f"seed {SEED}, fault {len(done)}: {done[-1]}", flush=True)
            await fault(world)
            await asyncio.sleep(rnd.uniform(0.0, MOST_QUIET_S))
            await world.auditing.assert_sound()
        assert done
        await end_and_hold(world)
