"""Memory of a leading router: what an agent, a waiting call and an ended call take."""

import gc
import tracemalloc
from typing import Final

from bench.decisions.core import QUEUES, hall
from bench.report import Report
from bench.routing.floor import POOL, Floor
from contact_events.envelope import Decoded, Envelope, decode, encode
from contact_events.topics import Topic
from contact_events.validity import Leadership
from router.domain.evolve import fold
from router.domain.indexes import Indexes
from router.domain.state import INPUTS, Fact, State

AGENTS: Final = 10_000
CALLS: Final = 10_000


def measure(report: Report) -> None:
    """Add the bytes of each, in the follower's state, the leader's and its indexes together."""
    records = _Records()
    floor = Floor(hall(AGENTS, 4), records.take)
    floor.open()
    agents = records.cut()
    for number in range(CALLS):
        floor.queued(f"{number:08}", number % 4, number % QUEUES)
    queued = records.cut()
    for number in range(CALLS):
        floor.abandoned(f"{number:08}")
    ended = records.cut()
    replica = _Replica()
    tracemalloc.start()
    try:
        report.add("memory per agent", replica.takes(agents) / AGENTS, "B")
        waiting = replica.takes(queued)
        report.add("memory per waiting call", waiting / CALLS, "B")
        report.add("memory per ended call", (waiting + replica.takes(ended)) / CALLS, "B")
    finally:
        tracemalloc.stop()


class _Records:
    """What was written, as it stands on the log."""

    def __init__(self) -> None:
        self._records: list[tuple[str, bytes]] = []

    def take(self, topic: Topic, envelope: Envelope) -> None:
        self._records.append((topic.name, encode(envelope)))

    def cut(self) -> list[tuple[str, bytes]]:
        """Return what was written since the last cut."""
        records, self._records = self._records, []
        return records


class _Replica:
    """Both states of a router that leads, fed with records as they are read."""

    def __init__(self) -> None:
        self._offsets = dict.fromkeys(INPUTS, 0)
        self._follower, self._leader = State(POOL), State(POOL)
        self._leader.lead(Leadership(1, "bench", 0))
        self._indexes = Indexes(self._leader)

    def takes(self, records: list[tuple[str, bytes]]) -> int:
        """Fold the records; return the bytes that the states and indexes have grown by."""
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for topic, value in records:
            decoded = decode(value)
            assert isinstance(decoded, Decoded)
            fact = Fact(topic, self._offsets[topic], decoded.envelope)
            self._offsets[topic] += 1
            fold(self._follower, fact)
            self._indexes.touch(fold(self._leader, fact))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
