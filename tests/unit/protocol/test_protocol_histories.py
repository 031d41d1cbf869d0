"""The laws of the three services together, on random histories: see `protocol_history`."""

import os

import pytest

from tests.support.protocol_history import history, shortened, told

HISTORIES = int(os.environ.get("PROTOCOL_HISTORIES", "300"))
FIRST = int(os.environ.get("PROTOCOL_SEED", "0"))
PARTS = 10


@pytest.mark.timeout(max(300, HISTORIES))
@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_leaves_a_caller_or_an_agent_stuck_or_breaks_a_law(part: int) -> None:
    for seed in range(FIRST + part, FIRST + HISTORIES, PARTS):
        walk = history(seed)
        if walk.world.bad:
            setting, what = walk.world.setting, walk.world.bad[0]
            actions = shortened(setting, walk.done, seed, what)
            pytest.fail(f"{what}\n{told(setting, actions, seed)}", pytrace=False)
