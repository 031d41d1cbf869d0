"""The past of a pool once more, without I/O: folded as it was, and decided again.

A decision names the positions of the inputs it was made from. So the state in which a leader made
it can be had at any later time, and what it said must come out of it again, bit for bit.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from contact_events.envelope import Envelope
from contact_events.registry import event_type_of
from contact_events.routing import Decision, RouterEpochStarted, RouterProgress
from contact_events.validity import admit
from router.codec import decision_envelope
from router.domain.decide import decide, progress
from router.domain.evolve import OwnDecision, apply, fold, own
from router.domain.indexes import Indexes
from router.domain.state import Fact, State

NOTHING: Final = "nothing"
"""What is said in place of a decision that is not there."""


class Replay:
    """The state of a pool along its log: what a follower has folded at each place of `routed`."""

    def __init__(self, state: State, code_version: str = "") -> None:
        """Go on from `state`, which is this replay's from now on."""
        self.state = state
        self.leadership = state.leadership
        """Who led where the log was read to: the state may be a batch ahead."""
        self.code_version = code_version
        """Of the leader whose claim was folded last; empty where no claim was yet."""

    def counts(self, fact: Fact) -> bool:
        """Tell whether a record of `routed` counts if it is the next one."""
        return fact.envelope is not None and admit(self.leadership, fact.envelope.data)[1]

    def wants(self, fact: Fact) -> Mapping[str, int]:
        """Return to which positions inputs are to be folded before this record of `routed`.

        None are for what does not count: a void decision must not move anything on.
        """
        event = fact.envelope.data if fact.envelope else None
        return event.positions if isinstance(event, Decision) and self.counts(fact) else {}

    def read(self, fact: Fact) -> None:
        """Fold the next record of an input topic."""
        fold(self.state, fact)

    def take(self, fact: Fact) -> None:
        """Fold the next record of `routed`; the inputs that it wants were folded before."""
        if fact.envelope is None:
            return
        event = fact.envelope.data
        after, counts = admit(self.leadership, event)
        if not counts:
            return
        self.leadership = after
        if isinstance(event, RouterEpochStarted):
            self.code_version = event.code_version
            self.state.lead(after)
            self._led()
        elif isinstance(event, Decision):
            self._decided(fact, own(event))

    def _led(self) -> None:
        """Somebody leads from here."""

    def _decided(self, fact: Fact, decision: OwnDecision) -> None:
        apply(self.state, decision)


@dataclass(frozen=True, slots=True)
class Difference:
    """A recorded decision that does not come out again: where, in which field, and how.

    Field `batch`: after this one the leader would have said more in the same turn.
    """

    offset: int
    field: str
    recorded: Any
    computed: Any
    code_version: str

    def __str__(self) -> str:
        """Return it as one line."""
        return (
            f"routed offset {self.offset}: {self.field}: recorded {self.recorded!r}, "
            f"computed {self.computed!r} (decided by code version {self.code_version!r})"
        )


class Verification(Replay):
    """Decides again what was decided, and finds the first decision that differs.

    It keeps the leader's own indexes: built at its claim, kept up by what was folded. Every batch
    is decided as a whole; `router.progress` must find nothing to decide, unless it is the last word
    of a leader that leaves the rest to another.
    """

    def __init__(self, state: State, code_version: str = "") -> None:
        """Verify from `state` on, which is this verification's from now on."""
        super().__init__(state, code_version)
        self.difference: Difference | None = None
        self.verified = 0
        self._indexes = Indexes(state)
        self._again: deque[Envelope] = deque()
        self._last = -1

    @property
    def within_batch(self) -> bool:
        """Tell whether something was decided again that was not met in the log yet."""
        return bool(self._again)

    def read(self, fact: Fact) -> None:
        """Fold the next record of an input topic, as the leader did."""
        self._indexes.touch(fold(self.state, fact))

    def close(self) -> None:
        """Say that the log ends here, so that nothing may be left of the last batch."""
        self._end_batch()

    def _led(self) -> None:
        self._end_batch()
        self._indexes = Indexes(self.state)

    def _decided(self, fact: Fact, decision: OwnDecision) -> None:
        if not self._again:
            self._decide(decision)
        self._last = fact.offset
        self._compare(fact)

    def _decide(self, recorded: OwnDecision) -> None:
        """Decide the batch that begins with `recorded` again; it is applied to the state."""
        at = recorded.decided_at
        if isinstance(recorded, RouterProgress) and recorded.leaving:
            last = progress(self._indexes, at)
            decisions = [replace(said, leaving=True) for said in last]
        else:
            decisions = decide(self._indexes, at)
            if not decisions and isinstance(recorded, RouterProgress):
                decisions = progress(self._indexes, at)
        self._again.extend(decision_envelope(decision, self.state) for decision in decisions)

    def _compare(self, fact: Fact) -> None:
        assert fact.envelope is not None
        computed = self._again.popleft() if self._again else None
        found = next(differences(fact.envelope, computed), None)
        if found is None:
            self.verified += 1
        elif self.difference is None:
            self.difference = Difference(fact.offset, *found, self.code_version)

    def _end_batch(self) -> None:
        if self._again and self.difference is None:
            said = _said(self._again[0])
            self.difference = Difference(self._last, "batch", NOTHING, said, self.code_version)
        self._again.clear()


def same_batch(one: Decision, other: Decision) -> bool:
    """Tell whether the two decisions were made in one turn of one leader."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("epoch", "owner", "decided_at", "positions")
    )


def differences(recorded: Envelope, computed: Envelope | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field in which the two differ, with what either says: of the event first."""
    if computed is None:
        yield "decision", _said(recorded), NOTHING
        return
    kinds = event_type_of(type(recorded.data)).name, event_type_of(type(computed.data)).name
    if kinds[0] != kinds[1]:
        yield "type", *kinds
        return
    yield from _fields(recorded.data, computed.data, "data.")
    yield from _fields(recorded, computed, "")


def _fields(one: Any, other: Any, before: str) -> Iterator[tuple[str, Any, Any]]:
    for name in one.__struct_fields__:
        recorded, computed = getattr(one, name), getattr(other, name)
        if recorded != computed:
            yield f"{before}{name}", recorded, computed


def _said(envelope: Envelope) -> str:
    said = msgspec.json.encode(envelope.data).decode()
    return f"{event_type_of(type(envelope.data)).name} {said}"
