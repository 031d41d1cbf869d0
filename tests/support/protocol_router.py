"""A replica of the router as production builds it, with what it has not got onto the log yet."""

from collections import deque

from contact_events.envelope import Envelope
from contact_events.topics import ROUTED
from contact_runtime.clock import StoppedClock
from router.codec import claim_envelope, decision_envelope
from router.domain.indexes import Indexes
from router.domain.state import INPUTS, Fact, State
from router.leader import Leader
from router.replica import Replica
from tests.support.protocol_log import Log

POOL = "main"
READS: tuple[str, ...] = (*INPUTS, ROUTED.name)


class Router:
    """One process. What it sends may land later than it lives: see `stranded`."""

    def __init__(self, log: Log, clock: StoppedClock, name: str) -> None:
        self.log = log
        self.clock = clock
        self.replica = Replica(POOL, name, "test")
        self.unsent: list[Envelope] = []
        self.read_to: dict[str, int] = dict.fromkeys(READS, 0)
        self._sender: Leader | None = None
        self._at_turn: State | None = None

    @property
    def leader(self) -> Leader | None:
        return self.replica.leader

    def unread(self, topic: str) -> int:
        """Return how many records of the topic were not read yet."""
        return len(self.log.records[topic]) - self.read_to[topic]

    def read(self, topic: str) -> bool:
        """Read one record; the follower must equal the leader when a batch was read back.

        Raises:
            AssertionError: it does not.
        """
        if not self.unread(topic):
            return False
        received = self.log.records[topic][self.read_to[topic]]
        self.read_to[topic] += 1
        leader = self.leader
        flying = leader is not None and leader.in_flight is not None
        self.replica.read(Fact(topic, received.record.offset, received.envelope))
        if received.record.offset % 3 == 0:
            self.replica.look(most=3, leave=2)
        if flying and leader is self.leader and leader is not None and leader.in_flight is None:
            assert self.replica.follower == self._at_turn, "follower differs from leader"
        return True

    def turn(self, alive: bool) -> bool:
        """Decide, if this replica leads and nothing of it is on its way."""
        batch = None if self.unsent else self.replica.turn(self.clock.now(), alive=alive)
        leader = self.leader
        if batch is None or leader is None:
            return False
        self._sender, self._at_turn = leader, leader.state.copy()
        self.unsent = [decision_envelope(decision, leader.state) for decision in batch.decisions]
        return True

    def send(self) -> bool:
        """Get the batch on its way onto the log."""
        sent, self.unsent = self.unsent, []
        self.log.write_all(sent)
        return bool(sent)

    def claim(self) -> list[Envelope]:
        """Return a claim after the silence of who leads; nothing if this replica leads."""
        claim = self.replica.claim(self.replica.leadership.epoch)
        return [] if claim is None else [claim_envelope(claim, self.clock.now())]

    def fail(self) -> bool:
        """Step down for a failure of its own."""
        leads = self.leader is not None
        self.replica.step_down()
        return leads

    def stranded(self) -> list[Envelope]:
        """Return the batch whose sender leads no more: it lands late, or never."""
        if self.unsent and self._sender is not self.leader:
            late, self.unsent = self.unsent, []
            return late
        return []

    def copy(self, log: Log, clock: StoppedClock) -> "Router":
        """Return the replica as it is, on another log."""
        other = Router(log, clock, self.replica.name)
        mine, its = self.replica, other.replica
        its.follower = mine.follower.copy()
        its.read_to, its.life, its.void = dict(mine.read_to), mine.life, mine.void
        its._claims, its._claimed = set(mine._claims), mine._claimed
        its._inputs = {topic: deque(facts) for topic, facts in mine._inputs.items()}
        its._routed = deque(mine._routed)
        if mine.leader is not None:
            its.leader = Leader(Indexes(mine.leader.state.copy()))
            its.leader.in_flight = mine.leader.in_flight
        other.unsent = list(self.unsent)
        other.read_to = dict(self.read_to)
        other._sender = its.leader if self._sender is self.leader else None
        other._at_turn = self._at_turn
        return other
