"""Under load each part is killed, frozen, replaced, ordered about: nobody is lost, asked twice."""

from pathlib import Path

import pytest

from tests.support.router_faults import FAULTS, VICTIMS, killed
from tests.support.router_orders import ORDERS
from tests.support.under_load import end_and_hold, under_load

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900)]


async def test_whatever_happens_under_load_no_call_is_lost(tmp_path: Path) -> None:
    async with under_load(tmp_path) as world:
        for fault in (*ORDERS, *map(killed, VICTIMS), *FAULTS):
            await fault(world)
            await world.load.until_more_are_over(10)
            await world.auditing.assert_sound()
        await end_and_hold(world)
