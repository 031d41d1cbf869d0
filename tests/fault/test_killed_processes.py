"""Under load each part is killed, frozen, replaced, ordered about: nobody is lost, asked twice."""

from pathlib import Path

import pytest

from tests.support.router_faults import FAULTS, VICTIMS, killed, leader_killed
from tests.support.router_orders import ORDERS
from tests.support.transfers import calls_sent_on, in_the_middle
from tests.support.under_load import end_and_hold, under_load

OF_TALKS = ("ivr", "agent-state")
"""Who takes part in a talk: they, and the router's leader, are killed in the middle of some."""

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900)]

HAPPENS = (
    *ORDERS,
    calls_sent_on,
    *(in_the_middle(fault) for fault in (*map(killed, OF_TALKS), leader_killed)),
    *(killed(name) for name in VICTIMS if name not in OF_TALKS),
    *(fault for fault in FAULTS if fault is not leader_killed),
)


async def test_whatever_happens_under_load_no_call_is_lost(tmp_path: Path) -> None:
    async with under_load(tmp_path) as world:
        for fault in HAPPENS:
            await fault(world)
            await world.load.until_more_are_over(10)
            await world.auditing.assert_sound()
        await end_and_hold(world)
