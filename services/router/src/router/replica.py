"""One router of a pool, without its I/O: it follows, claims, leads and steps down.

The follower's state is folded from the log only, always. A decision names the positions of the
inputs it was made from: inputs are folded exactly so far, then the decision; later ones wait.
"""

from collections import deque
from datetime import datetime
from typing import Final

from contact_events.routing import Decision, RouterEpochStarted, RouterProgress
from contact_events.topics import ROUTED
from contact_events.validity import Leadership, admit
from router.domain.evolve import apply, fold, own
from router.domain.indexes import Indexes
from router.domain.state import INPUTS, Fact, State
from router.domain.touched import Touched
from router.leader import Batch, Leader
from router.snapshots import Mark

SNAPSHOT_EVERY = 100_000

LOOK_AT: Final = 500
"""How many agents and calls a follower looks at between two reads."""

LEFT_UNSEEN: Final = 1_000
"""How many it leaves for the claim: those touched last are likely to be touched again before."""


class Replica:
    """A router of one pool. `name` is unique to this process and this start of it."""

    def __init__(
        self, pool: str, name: str, code_version: str, snapshot_every: int = SNAPSHOT_EVERY
    ) -> None:
        """Begin as a follower who has read nothing; leave a mark every so many records."""
        self.pool = pool
        self.name = name
        self.code_version = code_version
        self.follower = State(pool)
        self.leader: Leader | None = None
        self._standby: Indexes | None = None
        """Of the follower's state, for this replica's next leader; none while it leads."""
        self.read_to: dict[str, int] = dict.fromkeys((*INPUTS, ROUTED.name), 0)
        """The next offset to be read of each topic; the follower may not have folded so far."""
        self.life = 0
        """How many valid claims and decisions were folded: while it grows, somebody leads."""
        self.void = 0
        """How many claims and decisions were folded that do not count."""
        self.leader_version = ""
        """The code version of who leads, or led last; empty if nobody ever did."""
        self.left = False
        """Whether who leads said that it decides nothing more."""
        self.mark: Mark | None = None
        """The last place where a snapshot is due: the same for all replicas. Take it away."""
        self._snapshot_every = snapshot_every
        self._marked = 0
        self._claims: set[tuple[int, str]] = set()
        self._claimed = 0
        self._inputs: dict[str, deque[Fact]] = {topic: deque() for topic in INPUTS}
        self._routed: deque[Fact] = deque()

    @property
    def leadership(self) -> Leadership:
        """Return who leads as far as this replica has folded."""
        return self.follower.leadership

    @property
    def claiming(self) -> bool:
        """Tell whether a claim of this replica was made and not yet read back."""
        return bool(self._claims)

    def resume(self, mark: Mark) -> None:
        """Go on from a snapshot, before anything was read."""
        assert not any(self.read_to.values()), "it has read something"
        self.follower, self._standby = mark.state, None
        self.read_to.update(mark.positions)
        self.leader_version, self.left = mark.leader_version, mark.left
        self._marked = mark.records // self._snapshot_every

    @property
    def unfolded(self) -> int:
        """Return how many inputs were read that no valid decision has named yet."""
        return sum(map(len, self._inputs.values()))

    @property
    def unseen(self) -> int:
        """Return how much a leader here would have to look at before its next decision."""
        if self.leader is not None:
            return self.leader.unseen
        known = self._standby or Indexes(self.follower, look=False)
        return known.unseen

    def read(self, fact: Fact) -> None:
        """Take the next record of a partition; partitions may come in any interleaving."""
        self.read_to[fact.topic] = fact.offset + 1
        if fact.topic == ROUTED.name:
            self._routed.append(fact)
        else:
            self._inputs[fact.topic].append(fact)
            if self.leader is not None:
                self.leader.fold(fact)
        while self._routed and self._follow(self._routed[0]):
            self._routed.popleft()

    def claim(self, judged: int) -> RouterEpochStarted | None:
        """Return a claim of the epoch after `judged`, whose silence or own failure was judged.

        None if the log has moved on to another epoch, or this replica leads. Each attempt has an
        owner of its own; whichever of them counts, it is this replica that leads.
        """
        if self.leader is not None or self.leadership.epoch != judged:
            return None
        self._claimed += 1
        owner = f"{self.name}.{self._claimed}"
        self._claims.add((judged + 1, owner))
        return RouterEpochStarted(
            pool=self.pool, epoch=judged + 1, owner=owner, code_version=self.code_version
        )

    def look(self, *, most: int = LOOK_AT, leave: int = LEFT_UNSEEN) -> None:
        """Look at what was folded: all of it who leads, and some of it who may lead one day.

        So a claim needs to look at no more than `leave`, however large the pool is.
        """
        if self.leader is not None:
            self.leader.look()
            return
        if self._standby is None:
            self._standby = Indexes(self.follower, look=False)
        self._standby.look(most=most, leave=leave)
        self._standby.first_due_offer()  # lets go of the settled ones

    def turn(self, now: datetime, *, alive: bool = False) -> Batch | None:
        """Return the next batch of decisions if this replica leads and has something to say."""
        if self.leader is None or self.leader.in_flight is not None:
            return None
        return self.leader.turn(now, alive=alive)

    def step_down(self) -> int:
        """Throw the leader's state away and return the epoch to be judged.

        For any failure of this leader's own: what it was sending may or may not have landed.
        """
        self.leader = None
        return self.leadership.epoch

    def _follow(self, fact: Fact) -> bool:
        """Fold a record of `routed`; False if it must wait for inputs that were not read yet."""
        event = fact.envelope.data if fact.envelope else None
        if event is None:
            return True
        after, counts = admit(self.leadership, event)
        if not counts:
            self._passed_over(event)
        elif isinstance(event, RouterEpochStarted):
            self._led_by(after, event.code_version)
        elif isinstance(event, Decision):
            if not self._reached(event.positions):
                return False
            self._decided(event)
            self._mark(fact.offset + 1)
        self.life += counts
        return True

    def _passed_over(self, event: object) -> None:
        self.void += 1
        if isinstance(event, RouterEpochStarted):
            self._claims.discard((event.epoch, event.owner))

    def _led_by(self, leadership: Leadership, code_version: str) -> None:
        self.follower.lead(leadership)
        self.leader_version, self.left = code_version, False
        self.leader = None
        mine = (leadership.epoch, leadership.owner) in self._claims
        self._claims = {claim for claim in self._claims if claim[0] > leadership.epoch}
        if mine:
            self.leader = self._lead()

    def _lead(self) -> Leader:
        """Lead from the follower's state and all inputs read since; follow on with a copy of it."""
        leader = Leader(self._standby or Indexes(self.follower, look=False))
        self.follower, self._standby = self.follower.copy(), None
        for waiting in self._inputs.values():
            for fact in waiting:
                leader.fold(fact)
        return leader

    def _mark(self, routed: int) -> None:
        """Leave a mark if the decision before `routed` is the first beyond a round number.

        What a follower has folded at a decision is the same in every replica, so this is too.
        """
        marked = (sum(self.follower.positions.values()) + routed) // self._snapshot_every
        if marked > self._marked:
            self._marked = marked
            self.mark = Mark(self.follower.copy(), routed, self.leader_version, self.left)

    def _reached(self, positions: dict[str, int]) -> bool:
        return all(self.read_to[topic] >= positions.get(topic, 0) for topic in INPUTS)

    def _decided(self, decision: Decision) -> None:
        for topic, waiting in self._inputs.items():
            end = decision.positions.get(topic, 0)
            while waiting and waiting[0].offset < end:
                self._note(fold(self.follower, waiting.popleft()))
        self._note(apply(self.follower, own(decision)))
        self.left = isinstance(decision, RouterProgress) and decision.leaving
        leader = self.leader
        if leader and leader.in_flight and decision.number == leader.in_flight.last:
            leader.in_flight = None

    def _note(self, touched: Touched) -> None:
        if self._standby is not None:
            self._standby.note(touched)
