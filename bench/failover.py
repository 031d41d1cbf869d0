"""How long the pool has no valid decision when its leader or the broker is killed, frozen, told.

Real processes, Kafka and PostgreSQL under a light load of calls at scale 1, the faults of the
tests one after the other, so many times. Measured by the stamps of the records: from the signal
(for the broker from its open port, or from the moment in which it goes on) to the first valid
decision of whoever leads then. The baseline is the aim.
"""

import os
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.report import Report, draw
from tests.support.router_faults import (
    Fault,
    World,
    broker_frozen,
    broker_killed,
    leader_frozen,
    leader_killed,
    leader_told_to_stop,
)
from tests.support.under_load import under_load

REPEAT = int(os.environ.get("BENCH_REPEAT", "10"))
MEASURED: tuple[tuple[Fault, str, float], ...] = (
    (leader_killed, "leader killed, first decision", 1_500.0),
    (leader_frozen, "leader frozen, first decision", 1_500.0),
    (leader_told_to_stop, "leader told to stop, first decision", 300.0),
    (broker_killed, "broker back after kill, valid decisions", 1_000.0),
    (broker_frozen, "broker goes on after 5 s, valid decisions", 1_000.0),
)


async def measure(report: Report) -> None:
    """Let every fault happen so many times."""
    with tempfile.TemporaryDirectory(prefix="polycentre-failover-") as folder:
        async with under_load(Path(folder)) as world:
            took = await _rounds(world)
            await world.auditing.assert_sound()
            await world.load.end()
    for _, what, aim_ms in MEASURED:
        report.add(f"{what}, median", took[what], "ms", baseline=aim_ms)
        report.add(f"{what}, slowest", max(took[what]), "ms", baseline=aim_ms)
    report.note = (
        f"{REPEAT} rounds; the audit was clean afterwards. A leader is silent for 1.0 to 1.3 s, "
        "drawn, before it is replaced; the machine runs all services, Kafka, PostgreSQL and the "
        "callers beside it."
    )


async def _rounds(world: World) -> dict[str, list[float]]:
    took: dict[str, list[float]] = defaultdict(list)
    for done in range(REPEAT):
        draw("rounds of faults", done, REPEAT)
        for fault, what, _ in MEASURED:
            took[what].append(await fault(world) * 1_000)
            await world.load.until_more_are_over(3)
    draw("rounds of faults", REPEAT, REPEAT)
    return took
