"""The six rules by which one replica leads: claims, validity, fencing, two states, read-back."""

import pytest
from msgspec.structs import replace

from contact_events.calls import CallQueued
from contact_events.envelope import encode
from contact_events.routing import CallRouted, RouterProgress
from contact_events.topics import AGENT_STATE, CALL_ARRIVED, ROUTED, ROUTING_CONFIG
from contact_runtime.log import Record
from router.codec import claim_envelope, fact_of
from router.domain.state import INPUTS
from tests.support.router_world import POOL, Router, Topics, agent_changed, arrived, queue, site


@pytest.fixture
def topics() -> Topics:
    topics = Topics()
    topics.write(site("moscow"))
    topics.write(queue("sales"))
    return topics


def _call(topics: Topics, call_id: str) -> None:
    topics.write(arrived(call_id))
    topics.write(CallQueued(call_id=call_id, attempt=1, queue_id="sales"))


def _valid(topics: Topics) -> list[str]:
    return [offer.call_id for offer in topics.decisions(CallRouted)]


def test_the_first_claim_of_an_epoch_wins_and_a_later_one_is_void(topics: Topics) -> None:
    first, second = Router(topics, "x"), Router(topics, "y")
    first.claim()
    second.claim()
    for router in (first, second):
        router.read_all()
    assert first.replica.leader is not None
    assert second.replica.leader is None
    assert second.replica.leadership == first.replica.leadership
    assert second.replica.void == 1
    assert not second.replica.claiming


def test_decisions_of_the_loser_of_an_epoch_are_void_though_the_epoch_is_the_same(
    topics: Topics,
) -> None:
    winner = Router(topics, "x").lead()
    impostor = Router(Topics(), "y").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    impostor.topics.facts = topics.facts
    impostor.read_all()
    assert impostor.replica.leadership.epoch == winner.replica.leadership.epoch
    assert impostor.turn() is not None
    impostor.send()
    assert _valid(topics) == []
    winner.read_all()
    assert winner.replica.void == 1
    winner.settle()
    assert _valid(topics) == ["k1"]


def test_each_attempt_to_claim_has_an_owner_of_its_own(topics: Topics) -> None:
    router = Router(topics)
    claims = [router.replica.claim(0) for _ in range(3)]
    assert len({claim.owner for claim in claims if claim}) == 3


def test_whichever_of_its_claims_counts_the_replica_leads(topics: Topics) -> None:
    router = Router(topics)
    lost = router.replica.claim(0)
    assert lost is not None
    router.claim()
    topics.put(ROUTED.name, claim_envelope(lost, topics.now))
    router.read_all()
    assert router.replica.leader is not None
    again = Router(topics, "y")
    late = again.replica.claim(0)
    assert late is not None, "it has read nothing yet"
    topics.put(ROUTED.name, claim_envelope(late, topics.now))
    again.read_all()
    assert again.replica.leader is None


def test_a_claim_is_of_the_epoch_after_the_one_that_was_judged(topics: Topics) -> None:
    leader, slow = Router(topics, "x").lead(), Router(topics, "y")
    slow.read_all()
    judged = slow.replica.leadership.epoch
    third = Router(topics, "z")
    third.read_all()
    third.claim(judged)
    slow.read_all()
    assert slow.replica.claim(judged) is None, "the silence it judged was another epoch's"
    leader.read_all()
    third.read_all()
    assert (leader.replica.leader, third.replica.leadership.epoch) == (None, judged + 1)


def test_a_replica_that_lags_cannot_depose_a_leader_it_has_not_heard_of(topics: Topics) -> None:
    lagging = Router(topics, "y")
    leader = Router(topics, "x").lead()
    lagging.claim(0)
    leader.read_all()
    assert leader.replica.leader is not None
    lagging.read_all()
    assert lagging.replica.leader is None


def test_who_sees_a_higher_epoch_follows_and_its_late_batch_is_void(topics: Topics) -> None:
    old = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    old.read_all()
    assert old.turn() is not None
    new = Router(topics, "y").lead()
    late, old.unsent = old.unsent, []
    new.settle()
    for envelope in late:
        topics.put(ROUTED.name, envelope)
    old.read_all()
    assert old.replica.leader is None
    assert old.turn() is None
    assert _valid(topics) == ["k1"]
    (offer,) = topics.decisions(CallRouted)
    assert offer.epoch == new.replica.leadership.epoch


def test_a_batch_that_landed_before_the_claim_is_folded_and_not_decided_again(
    topics: Topics,
) -> None:
    old = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    old.settle()
    new = Router(topics, "y").lead()
    new.settle()
    assert _valid(topics) == ["k1"]
    assert new.replica.follower.reservations.keys() == old.replica.follower.reservations.keys()


def test_after_a_failure_of_its_own_a_leader_goes_on_from_what_the_log_says(
    topics: Topics,
) -> None:
    router = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    router.read_all()
    assert router.turn() is not None
    router.unsent = []
    router.claim(router.replica.step_down())
    router.settle()
    (offer,) = topics.decisions(CallRouted)
    assert (offer.call_id, offer.epoch, offer.number) == ("k1", 2, 1)


def test_a_decision_names_exactly_the_inputs_it_was_made_from(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    for topic in (ROUTING_CONFIG.name, AGENT_STATE.name, CALL_ARRIVED.name):
        while leader.read(topic):
            pass
    leader.turn()
    topics.write(agent_changed("a2"))
    _call(topics, "k2")
    leader.send()
    (offer,) = topics.decisions(CallRouted)
    assert offer.positions[AGENT_STATE.name] == 1
    assert offer.positions[CALL_ARRIVED.name] == 2


def test_a_follower_folds_inputs_up_to_a_decision_and_keeps_later_ones_waiting(
    topics: Topics,
) -> None:
    leader = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    leader.read_all()
    leader.turn()
    _call(topics, "k2")
    leader.send()
    follower = Router(topics, "y")
    follower.read_all()
    assert "k1" in follower.replica.follower.calls
    assert "k2" not in follower.replica.follower.calls
    claimed = follower.lead().replica.leader
    assert claimed is not None
    assert "k2" in claimed.state.calls


def test_a_decision_waits_for_inputs_that_were_not_read_yet(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    leader.settle()
    follower = Router(topics, "y")
    while follower.read(ROUTED.name):
        pass
    assert follower.replica.leadership.number == 0
    assert not follower.replica.follower.reservations
    follower.read_all()
    assert follower.replica.follower == leader.replica.follower
    assert follower.replica.leadership.number == 1


def test_nothing_is_decided_before_the_last_batch_was_read_back(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    leader.read_all()
    assert leader.turn() is not None
    topics.write(agent_changed("a2"))
    _call(topics, "k2")
    leader.read_all()
    assert leader.turn() is None
    leader.send()
    assert leader.turn() is None, "an acknowledgement is not validity"
    leader.read_all()
    assert leader.turn() is not None


def test_the_decisions_of_one_turn_are_one_batch(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    for n in range(3):
        topics.write(agent_changed(f"a{n}"))
        _call(topics, f"k{n}")
    leader.read_all()
    batch = leader.turn()
    assert batch is not None
    assert [decision.number for decision in batch.decisions] == [1, 2, 3]


def test_a_duplicate_of_a_valid_batch_changes_nothing(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    topics.write(agent_changed("a1"))
    _call(topics, "k1")
    leader.settle()
    before = leader.replica.follower.copy()
    topics.again(ROUTED.name, len(topics.facts[ROUTED.name]) - 1)
    leader.settle()
    assert leader.replica.follower == before


def test_a_leader_with_nothing_to_say_says_that_it_lives(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    assert leader.turn() is None
    assert leader.turn(alive=True) is not None
    leader.send()
    leader.read_all()
    (progress,) = topics.decisions(RouterProgress)
    assert progress.positions == {topic: len(topics.facts[topic]) for topic in INPUTS}
    assert leader.replica.follower.sites.keys() == {"moscow"}


def test_records_of_other_pools_only_move_the_position(topics: Topics) -> None:
    leader = Router(topics, "x").lead()
    stranger = replace(topics.write(arrived("k1")), pool="other")
    topics.facts[CALL_ARRIVED.name].clear()
    value = encode(stranger)
    fact, poison = fact_of(Record(CALL_ARRIVED.name, 0, 0, b"k1", value, (), 0), POOL)
    assert poison is None
    topics.facts[CALL_ARRIVED.name].append(fact)
    leader.read_all()
    leader.turn(alive=True)
    leader.send()
    leader.read_all()
    assert leader.replica.follower.positions[CALL_ARRIVED.name] == 1
    assert not leader.replica.follower.calls


def test_a_record_that_cannot_be_decoded_only_moves_the_position() -> None:
    fact, poison = fact_of(Record(CALL_ARRIVED.name, 0, 7, b"k1", b"{", (), 0), POOL)
    assert (fact.offset, fact.envelope) == (7, None)
    assert poison is not None


def test_the_pool_of_a_replica_is_in_all_it_writes(topics: Topics) -> None:
    router = Router(topics, "x").lead()
    assert router.replica.pool == POOL
    assert all(fact.envelope and fact.envelope.pool == POOL for fact in topics.facts[ROUTED.name])
