"""What a standby does from its own claim to its first decision, and what one that never looked."""

import time
from datetime import timedelta
from typing import Final

from bench.decisions.core import TALKING, Timed, hall
from bench.report import Report, draw
from bench.routing.floor import POOL
from contact_events.topics import ROUTED
from router.codec import claim_envelope
from router.domain.state import Fact
from router.replica import LEFT_UNSEEN, Replica
from router.snapshots import Mark

AGENTS: Final = (1_000, 10_000)
REPEAT: Final = 3


def measure(report: Report) -> None:
    """Add the CPU seconds of taking the lead at every size."""
    for done, agents in enumerate(AGENTS):
        draw("sizes of a pool taken over", done, len(AGENTS))
        pool = Timed(hall(agents, 4))
        for _ in range(round(TALKING * agents)):
            pool.comes()
            pool.offers()
        cold = [takes_lead_s(pool, looks=False) for _ in range(REPEAT)]
        warm = [takes_lead_s(pool, looks=True) for _ in range(REPEAT)]
        report.add(f"{agents:,} agents: the lead taken by a standby", warm, "s", baseline=min(cold))
    draw("sizes of a pool taken over", len(AGENTS), len(AGENTS))


def takes_lead_s(pool: Timed, *, looks: bool) -> float:
    """Return the CPU seconds from the claim's being read back to the first turn's end."""
    replica = Replica(POOL, "standby", "bench")
    replica.resume(Mark(pool.state.copy(), routed=0, leader_version="bench"))
    while looks and replica.unseen > LEFT_UNSEEN:
        replica.look()
    claim = replica.claim(replica.leadership.epoch)
    assert claim is not None
    now = pool.floor.at + timedelta(seconds=1)
    read_back = Fact(ROUTED.name, 0, claim_envelope(claim, now))
    began = time.process_time()
    replica.read(read_back)
    replica.look()
    replica.turn(now, alive=True)
    took_s = time.process_time() - began
    assert replica.leader is not None and replica.leader.in_flight is not None
    return took_s
