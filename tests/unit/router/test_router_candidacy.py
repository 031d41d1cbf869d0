"""Who may take over, and when: a crash for the same code only, a departure for any code."""

import pytest

from contact_events.routing import RouterProgress
from router.candidacy import YIELD_S, Candidacy
from router.replica import Replica
from router.version import code_version, modules
from tests.support.router_world import POOL, Router, Topics, queue, site

WAIT_S = 30.0


@pytest.fixture
def topics() -> Topics:
    topics = Topics()
    topics.write(site("moscow"))
    topics.write(queue("sales"))
    return topics


def _standby(topics: Topics, version: str) -> Router:
    router = Router(topics, "standby")
    router.replica = Replica(POOL, "standby", version)
    router.read_all()
    return router


def _of(router: Router) -> Candidacy:
    return Candidacy(router.replica, WAIT_S)


def _leave(topics: Topics, leader: Router) -> None:
    assert leader.replica.leader is not None
    batch = leader.replica.leader.leave(topics.now)
    leader.unsent = leader.enveloped(batch)
    leader.send()


def test_a_pool_that_nobody_ever_led_is_claimed_at_once(topics: Topics) -> None:
    first = _standby(topics, "test")
    assert _of(first).may_claim(silent=False, silent_s=0.0)
    first.claim()
    assert not _of(first).may_claim(silent=False, silent_s=0.0), "its claim is under way"


def test_the_same_code_takes_over_from_a_silent_leader(topics: Topics) -> None:
    Router(topics).lead()
    standby = _of(_standby(topics, "test"))
    assert standby.refusal is None
    assert not standby.may_claim(silent=False, silent_s=0.9)
    assert standby.may_claim(silent=True, silent_s=1.1)


def test_other_code_refuses_to_take_over_from_a_silent_leader_and_says_why(topics: Topics) -> None:
    Router(topics).lead()
    standby = _of(_standby(topics, "other"))
    assert not standby.may_claim(silent=True, silent_s=1.1)
    assert standby.refusal is not None
    assert "code version other may decide otherwise than the leader's, test" in standby.refusal


def test_other_code_leads_in_the_end_rather_than_nobody(topics: Topics) -> None:
    Router(topics).lead()
    standby = _of(_standby(topics, "other"))
    assert standby.may_claim(silent=True, silent_s=WAIT_S)


def test_from_a_leader_that_leaves_the_same_code_takes_over_at_once_and_other_code_soon(
    topics: Topics,
) -> None:
    leader = Router(topics).lead()
    _leave(topics, leader)
    same, other = (_of(_standby(topics, version)) for version in ("test", "other"))
    assert same.may_claim(silent=False, silent_s=0.0)
    assert not other.may_claim(silent=False, silent_s=0.0)
    assert other.may_claim(silent=False, silent_s=YIELD_S)


def test_that_a_leader_left_says_nothing_of_the_next_one(topics: Topics) -> None:
    _leave(topics, Router(topics).lead())
    second = Router(topics, "y").lead()
    standby = _standby(topics, "test")
    assert not standby.replica.left
    assert not _of(standby).may_claim(silent=False, silent_s=0.0)
    assert second.replica.leader is not None


def test_the_last_word_of_a_leader_names_all_that_it_has_folded(topics: Topics) -> None:
    leader = Router(topics).lead()
    _leave(topics, leader)
    (said,) = topics.decisions(RouterProgress)
    assert said.leaving
    assert said.positions == {t: n for t, n in leader.replica.read_to.items() if t != "routed"}


def test_the_code_version_covers_what_decides_and_all_of_ours_that_it_imports() -> None:
    found = modules()
    assert {"router.domain.decide", "router.domain.evolve", "router.leader"} <= set(found)
    assert {"contact_events.validity", "contact_events.config"} <= set(found)
    assert not {"router.domain.explain", "router.domain.sentences"} & set(found)
    assert not {"router.domain.explain", "router.domain.sentences"} & set(found), (
        "they decide nothing"
    )
    assert len(code_version()) == 12
