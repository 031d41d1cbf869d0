"""Histories that need the rules by which one replica leads (DESIGN 5): what is wrong in each.

Every history returns what it found broken, and nothing in production.
"""

from collections.abc import Callable

from contact_events.calls import CallQueued
from contact_events.envelope import Envelope
from contact_events.routing import CallRouted, RouterEpochStarted, RouterProgress
from contact_events.topics import CALL_ARRIVED, ROUTED
from router.codec import claim_envelope
from router.domain.state import INPUTS
from tests.support.router_world import Router, Topics, agent_changed, arrived, queue, site


def _topics(*calls: str) -> Topics:
    topics = Topics()
    topics.write(site("moscow"))
    topics.write(queue("sales"))
    topics.write(agent_changed("a1"))
    for call_id in calls:
        _call(topics, call_id)
    return topics


def _call(topics: Topics, call_id: str) -> None:
    topics.write(arrived(call_id))
    topics.write(CallQueued(call_id=call_id, attempt=1, queue_id="sales"))


def _land(topics: Topics, claim: RouterEpochStarted | None) -> None:
    assert claim is not None
    topics.put(ROUTED.name, claim_envelope(claim, topics.now))


def _read(router: Router, *topics: str) -> None:
    """Read one topic after the other to its end."""
    for topic in topics:
        while router.read(topic):
            pass


def _stranded(router: Router) -> list[Envelope]:
    """Return the batch on its way: it lands late."""
    late, router.unsent = router.unsent, []
    return late


def _leaders(*routers: Router) -> int:
    for router in routers:
        router.read_all()
    return sum(router.replica.leader is not None for router in routers)


def _offers(topics: Topics) -> list[str]:
    return [offer.call_id for offer in topics.decisions(CallRouted)]


def first_claim_wins() -> list[str]:
    """Two claim the same epoch at once; the second is void for the first, too."""
    topics = _topics("k1")
    first, second = Router(topics, "x"), Router(topics, "y")
    claims = [router.replica.claim(0) for router in (first, second)]
    _land(topics, claims[0])
    first.settle()
    _land(topics, claims[1])
    _leaders(first, second)
    return [] if first.replica.leader else ["a claim of the same epoch deposed the first"]


def an_owner_for_each_attempt() -> list[str]:
    """Two claim the same epoch at once: only one of them may take the claim for its own."""
    topics = _topics()
    first, second = Router(topics, "x"), Router(topics, "y")
    for claim in [router.replica.claim(0) for router in (first, second)]:
        _land(topics, claim)
    leaders = _leaders(first, second)
    return [] if leaders == 1 else [f"{leaders} replicas lead"]


def only_the_current_pair_decides() -> list[str]:
    """The loser of an epoch decides though it lost: void for every reader."""
    topics = _topics()
    Router(topics, "x").lead()
    loser = Router(Topics(), "y").lead()
    _call(topics, "k1")
    loser.topics.facts = topics.facts
    loser.read_all()
    loser.turn()
    loser.send()
    return [f"{call_id} is offered by nobody" for call_id in _offers(topics)]


def a_zombie_is_void() -> list[str]:
    """The batch of a leader that was replaced lands late."""
    topics = _topics("k1")
    old = Router(topics, "x").lead()
    old.turn()
    late = _stranded(old)
    Router(topics, "y").lead().settle()
    for envelope in late:
        topics.put(ROUTED.name, envelope)
    offers = _offers(topics)
    return [] if offers == ["k1"] else [f"valid offers: {offers}"]


def compare_and_swap() -> list[str]:
    """Who judged the silence of an epoch that is long over deposes nobody."""
    topics = _topics()
    Router(topics, "x").lead()
    slow, third = Router(topics, "y"), Router(topics, "z")
    slow.read_all()
    judged = slow.replica.leadership.epoch
    third.lead()
    slow.read_all()
    claim = slow.replica.claim(judged)
    if claim is not None:
        _land(topics, claim)
    _leaders(slow, third)
    return [] if third.replica.leader else ["a leader that nobody judged was deposed"]


def leads_after_its_own_claim() -> list[str]:
    """A batch of the old leader lands before the claim: it counts and is not decided again."""
    topics = _topics("k1")
    old, new = Router(topics, "x").lead(), Router(topics, "y")
    new.read_all()
    old.turn()
    claim = new.replica.claim(new.replica.leadership.epoch)
    new.turn()
    early = _stranded(new)
    old.send()
    _land(topics, claim)
    for envelope in early:
        topics.put(ROUTED.name, envelope)
    new.settle()
    offers = _offers(topics)
    return [] if offers == ["k1"] else [f"valid offers: {offers}"]


def every_valid_decision_first() -> list[str]:
    """A decision before the claim still waits for its inputs when the claim is met."""
    topics = _topics("k1")
    Router(topics, "x").lead().settle()
    new = Router(topics, "y")
    _read(new, ROUTED.name)
    new.claim()
    _read(new, ROUTED.name)
    early = new.replica.leader is not None
    new.read_all()
    return ["it led without the decisions before its claim"] if early else []


def thrown_away_on_stepping_down() -> list[str]:
    """A batch was lost: the next epoch of the same replica decides it again."""
    topics = _topics("k1")
    leader = Router(topics, "x").lead()
    leader.turn()
    _stranded(leader)
    leader.claim(leader.replica.step_down())
    leader.settle()
    return [] if _offers(topics) == ["k1"] else ["the call is offered to nobody"]


def exactly_these_inputs() -> list[str]:
    """A follower has read more than the leader had: it folds what the decision names."""
    topics = _topics("k1")
    leader = Router(topics, "x").lead()
    leader.turn()
    _call(topics, "k2")
    leader.send()
    follower = Router(topics, "y")
    _read(follower, *INPUTS, ROUTED.name)
    return ["it folded inputs of later"] if "k2" in follower.replica.follower.calls else []


def inputs_before_the_decision() -> list[str]:
    """A follower meets a decision before the inputs that it was made from."""
    topics = _topics("k1")
    leader = Router(topics, "x").lead()
    leader.settle()
    follower = Router(topics, "y")
    _read(follower, ROUTED.name, *INPUTS)
    same = follower.replica.follower == leader.replica.follower
    return [] if same else ["follower and leader differ"]


def positions_named() -> list[str]:
    """The positions of a decision are those of the inputs it was made from, no others."""
    topics = _topics("k1")
    leader = Router(topics, "x")
    leader.claim()
    leader.read(ROUTED.name)
    _read(leader, *INPUTS)
    _call(topics, "k2")
    leader.turn()
    leader.send()
    (offer,) = topics.decisions(CallRouted)
    return [] if offer.positions[CALL_ARRIVED.name] == 2 else ["it names what it had not folded"]


def one_batch_at_a_time() -> list[str]:
    """Acknowledged is not read back: nothing is decided in between."""
    topics = _topics("k1")
    leader = Router(topics, "x").lead()
    leader.turn()
    leader.send()
    topics.write(agent_changed("a2"))
    _call(topics, "k2")
    _read(leader, *INPUTS)
    return ["it decided on what may not count"] if leader.turn() else []


def a_sign_of_life() -> list[str]:
    """A leader with nothing to decide tells how far it has folded, fenced like a decision."""
    topics = _topics()
    leader = Router(topics, "x").lead()
    leader.turn()
    if leader.turn(alive=True) is None:
        return ["it says nothing"]
    leader.send()
    (said,) = topics.decisions(RouterProgress)
    pair = leader.replica.leadership
    return [] if (said.epoch, said.owner) == (pair.epoch, pair.owner) else ["not fenced"]


LEADING: dict[str, Callable[[], list[str]]] = {
    history.__name__: history
    for history in (
        first_claim_wins,
        an_owner_for_each_attempt,
        only_the_current_pair_decides,
        a_zombie_is_void,
        compare_and_swap,
        leads_after_its_own_claim,
        every_valid_decision_first,
        thrown_away_on_stepping_down,
        exactly_these_inputs,
        inputs_before_the_decision,
        positions_named,
        one_batch_at_a_time,
        a_sign_of_life,
    )
}


def broken(name: str) -> list[str]:
    """Return what is wrong in the history; that follower and leader differ is seen on the way."""
    try:
        return LEADING[name]()
    except AssertionError as wrong:
        return [str(wrong)]
