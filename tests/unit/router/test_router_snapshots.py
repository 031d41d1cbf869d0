"""A snapshot and the tail of the log are the log: at any place, with every field of the state."""

import random
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from contact_events.calls import CallQueued
from contact_events.topics import ROUTED
from router.domain.state import INPUTS, Call, State
from router.replica import Replica
from router.snapshots import Broken, Mark, Piece, chunks_of, hash_of, state_of
from router.standing import standing_hash, standing_of
from tests.support.router_walk import Walk
from tests.support.router_world import (
    POOL,
    Router,
    Topics,
    agent_changed,
    arrived,
    queue,
    site,
)

TOPICS = (*INPUTS, ROUTED.name)
HISTORIES = 25
STEPS = 400


def _history(seed: int) -> Topics:
    walk = Walk(seed).go(STEPS)
    walk.rest()
    walk.go(STEPS).rest()
    return walk.topics


def _read(replica: Replica, topics: Topics, rnd: random.Random) -> list[Mark]:
    """Let the replica read all there is, in any interleaving; return the marks it left."""
    marks = []
    while left := [t for t in TOPICS if replica.read_to[t] < len(topics.facts[t])]:
        topic = rnd.choice(left)
        replica.read(topics.facts[topic][replica.read_to[topic]])
        if replica.mark is not None:
            marks.append(replica.mark)
            replica.mark = None
    return marks


def _resumed(mark: Mark) -> Replica:
    carried = Mark(state_of(chunks_of(mark.state)), mark.routed, mark.leader_version, mark.left)
    replica = Replica(POOL, "late", "test")
    replica.resume(carried)
    return replica


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_snapshot_and_the_tail_equal_the_fold_from_the_beginning(seed: int) -> None:
    topics, rnd = _history(seed), random.Random(seed)
    whole = Replica(POOL, "whole", "test", snapshot_every=1)
    marks = _read(whole, topics, rnd)
    assert marks
    for mark in rnd.sample(marks, min(5, len(marks))):
        late = _resumed(mark)
        _read(late, topics, rnd)
        assert late.follower == whole.follower
        assert late.read_to == whole.read_to
        assert (late.leader_version, late.left) == (whole.leader_version, whole.left)
        assert list(chunks_of(late.follower)) == list(chunks_of(whole.follower))


class _Marking(Replica):
    """A replica that keeps every mark, also where one read brings several."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "mark" and isinstance(value, Mark):
            vars(self).setdefault("marks", []).append(value)
        super().__setattr__(name, value)


@pytest.mark.parametrize("seed", range(5))
def test_replicas_leave_their_marks_at_the_same_places_with_the_same_state(seed: int) -> None:
    topics = _history(seed)
    left: list[list[tuple[int, str]]] = []
    for order in range(2):
        replica = _Marking(POOL, f"r{order}", "test", snapshot_every=2)
        _read(replica, topics, random.Random(order))
        marks: list[Mark] = vars(replica)["marks"]
        left.append([(mark.records, hash_of(chunks_of(mark.state))) for mark in marks])
    assert left[0] == left[1] != []


def _paths(chunks: list[bytes]) -> set[tuple[str, ...]]:
    decode = msgspec.msgpack.Decoder(list[Piece]).decode
    return {piece.path for chunk in chunks for piece in decode(chunk)}


def _without(chunks: list[bytes], path: tuple[str, ...]) -> list[bytes]:
    pack, decode = msgspec.msgpack.encode, msgspec.msgpack.Decoder(list[Piece]).decode
    return [pack([piece for piece in decode(chunk) if piece.path != path]) for chunk in chunks]


def test_every_field_of_the_state_is_carried_and_missed() -> None:
    chunks = list(chunks_of(Walk(1).go(STEPS).routers[0].replica.follower))
    paths = _paths(chunks)
    assert {path[0] for path in paths} == {each.name for each in fields(State)}
    for path in paths:
        with pytest.raises(Broken, match=f"{path[-1]} is missing"):
            state_of(_without(chunks, path))


@dataclass(slots=True)
class _Wider(State):
    """The state of a later release."""

    noted: dict[str, datetime] = field(default_factory=dict)
    marks: tuple[int, ...] = ()


def test_a_new_field_of_the_state_needs_no_change_of_the_codec() -> None:
    wider = _Wider(POOL, noted={"k1": datetime(2026, 1, 1, tzinfo=UTC)}, marks=(1, 2))
    assert state_of(chunks_of(wider), _Wider) == wider
    with pytest.raises(Broken, match="unknown fields"):
        state_of(chunks_of(wider))
    with pytest.raises(Broken, match="is missing"):
        state_of(chunks_of(State(POOL)), _Wider)


def test_chunks_stay_well_under_what_the_log_takes_at_once() -> None:
    state = State(POOL)
    for number in range(20_000):
        state.calls[f"call-{number:032}"] = Call(entry_site_id="moscow")
        state.intake.sequences["call-arrived", f"call-{number:032}"] = number
    chunks = list(chunks_of(state))
    assert len(chunks) > 5
    assert max(map(len, chunks)) < 256 * 1024
    assert state_of(chunks) == state


@pytest.mark.parametrize("broken", [b"", b"\x00", b"\x91\x93\x91\xa4calls\xc3\xc0"])
def test_what_is_no_state_is_not_taken_for_one(broken: bytes) -> None:
    with pytest.raises(Broken):
        state_of([*chunks_of(State(POOL)), broken])


def test_the_standing_hash_sees_queues_reservations_and_idle_lists_and_nothing_else() -> None:
    state = _busy()
    first = standing_hash(state)
    other = state.copy()
    other.intake.sequences["call-arrived", "long gone"] = 7
    assert standing_hash(other) == first, "how it remembers is its own affair"
    told = standing_of(state)
    assert all(told.values()), "somebody waits, is offered, is idle"
    (reservation_id, reservation), *_ = state.reservations.items()
    other.reservations[reservation_id] = replace(reservation, rescinded=True)
    moved = state.copy()
    idle = told["idle"][0][0]
    moved.agents[idle] = replace(moved.agents[idle], presence="NotReady")
    waiting = state.copy()
    call_id = told["waiting"][0][2]
    waiting.calls[call_id] = replace(waiting.calls[call_id], phase="ended")
    assert len({first, *map(standing_hash, (other, moved, waiting))}) == 4


def _busy() -> State:
    """Return a state in which somebody waits, somebody is rung and somebody is idle."""
    topics = Topics()
    for event in (site("moscow"), queue("sales"), queue("billing"), agent_changed("a1")):
        topics.write(event)
    topics.write(agent_changed("a2", skills=("other",)))
    for call_id, queue_id in (("k1", "sales"), ("k2", "sales"), ("k3", "billing")):
        topics.write(arrived(call_id))
        topics.write(CallQueued(call_id=call_id, attempt=1, queue_id=queue_id))
    router = Router(topics).lead()
    router.settle()
    return router.replica.follower
