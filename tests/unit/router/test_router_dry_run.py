"""A dry run says what would happen, which is then what does happen, and changes nothing."""

import random
from typing import Any

import pytest

from contact_events.config import Document, Raise, Reserve, Step
from contact_events.routing import CallOverflowed, CallRescinded, CallRouted, SiteStatusChanged
from router.domain.dry_run import CallSight, DryRun, QueueSight, dry_run
from tests.support.router_centre import Centre
from tests.support.router_world import SITES, policy, queue, site


@pytest.fixture
def centre() -> Centre:
    return Centre()


def tried(centre: Centre, document: Document) -> DryRun:
    centre.decide()
    before = centre.state.copy()
    run = dry_run(centre.state, document, centre.topics.now)
    assert centre.state == before, "a dry run changes nothing"
    return run


def test_what_changes_nothing_says_so(centre: Centre) -> None:
    centre.agent("a1")
    centre.call("k1", queue_id="billing")
    run = tried(centre, queue("sales", revision=2))
    assert (run.calls(), run.queues(), run.sites(), run.gained(), run.lost()) == (
        [],
        [],
        [],
        [],
        [],
    )
    assert run.after.calls == {"k1": CallSight("billing", "any", 0)}


def test_lower_levels_let_waiting_calls_be_offered(centre: Centre) -> None:
    centre.say(queue("sales", revision=2, skills={"sales": 5}))
    centre.agent("learner", skills={"sales": 1})
    centre.call("k1")
    run = tried(centre, queue("sales", revision=3))
    assert run.gained() == [("learner", "sales")]
    assert run.lost() == []
    assert run.before.calls["k1"].fate == "waits"
    offered = run.after.calls["k1"]
    assert (offered.fate, offered.agent_id, offered.site_id) == ("offered", "learner", "moscow")
    assert run.before.queues["sales"] == QueueSight(waiting=1)
    assert run.after.queues["sales"] == QueueSight(offered=1, agents=1)


def test_a_deleted_queue_shows_where_its_calls_would_go(centre: Centre) -> None:
    for number in range(20):
        centre.call(f"k{number:02}")
    overflow = queue("sales", revision=2, overflow_to="billing", deleted=True)
    run = tried(centre, overflow)
    assert len(run.calls()) == 20
    assert {(c.fate, c.to_queue_id) for c in run.after.calls.values()} == {("queue", "billing")}
    assert run.after.queues["sales"].sent_elsewhere == 20
    drains = tried(centre, queue("sales", revision=2, when_deleted="drain", deleted=True))
    assert drains.calls() == []


def test_a_closed_site_shows_who_would_be_asked_back_and_asked_instead(centre: Centre) -> None:
    centre.agent("here", site_id="moscow")
    centre.call("k1", entry="moscow")
    centre.decide()
    centre.agent("there", site_id="minsk")
    run = tried(centre, site("moscow", revision=2, status="closed"))
    assert run.rescinded() == ["k1"]
    assert run.sites() == ["moscow"]
    assert (run.before.sites["moscow"], run.after.sites["moscow"]) == ("open", "closed")
    assert run.lost() == [("here", "sales")]
    assert run.after.calls["k1"].agent_id == "there"


def test_a_step_already_reached_shows_with_its_priority(centre: Centre) -> None:
    centre.call("k1")
    centre.topics.later(40)
    steps = (
        Step(name="home", reach="home"),
        Step(name="sooner", after_s=30.0, reach="any", raise_priority=7),
        Step(name="later", after_s=60.0, move_to="callback"),
    )
    run = tried(centre, queue("sales", revision=2, steps=steps))
    assert run.before.calls["k1"] == CallSight("sales", "any", 0)
    assert run.after.calls["k1"] == CallSight("sales", "sooner", 7)


def test_a_policy_shows_whose_priority_it_raises(centre: Centre) -> None:
    centre.call("gold", attributes={"vip": "gold"})
    centre.call("plain")
    run = tried(centre, policy(revision=1, raises=(Raise(attribute="vip", value="gold", by=50),)))
    assert run.calls() == ["gold"]
    assert run.after.calls["gold"].priority == 50


def test_a_reserve_that_would_open_shows_its_agents(centre: Centre) -> None:
    rule = Reserve(queue_ids=("sales",), open_above_s=1.0, close_below_s=0.5)
    centre.say(site("saransk", revision=2, reserve=rule))
    centre.agent("reserve", site_id="saransk")
    centre.decide()
    closed = tried(centre, site("saransk", revision=3, status="closed", reserve=rule))
    assert closed.gained() == []
    opened = tried(centre, site("saransk", revision=3))
    assert opened.gained() == [("reserve", "sales")]


def test_it_looks_from_a_state_that_has_not_folded_the_last_revision_yet(centre: Centre) -> None:
    centre.call("k1")
    run = tried(centre, queue("sales", revision=9, priority=3))
    assert run.after.calls["k1"].priority == 3


@pytest.mark.parametrize("seed", range(8))
def test_what_it_says_is_what_then_happens(seed: int) -> None:
    rnd, centre = random.Random(seed), Centre()
    _busy(rnd, centre)
    for revision in range(2, 5):
        document = _some_document(rnd, revision)
        run = tried(centre, document)
        centre.say(document)
        decisions = centre.decide()
        _assert_came_true(run, centre, decisions)
        centre.topics.later(rnd.choice([0, 5, 30]))
        centre.decide()


def _busy(rnd: random.Random, centre: Centre) -> None:
    for number in range(12):
        skills = {skill: rnd.randint(1, 3) for skill in rnd.sample(["sales", "billing"], 1)}
        centre.agent(f"a{number}", site_id=rnd.choice(SITES), skills=skills)
    for number in range(30):
        queue_id = rnd.choice(["sales", "billing"])
        centre.call(f"k{number}", entry=rnd.choice(SITES), queue_id=queue_id)
        centre.topics.later(rnd.choice([0, 1, 3]))
    centre.decide()


def _some_document(rnd: random.Random, revision: int) -> Document:
    changes: dict[str, Any] = {
        "skills": {rnd.choice(["sales", "billing"]): rnd.randint(1, 3)},
        "priority": rnd.randint(0, 3),
        "max_wait_s": rnd.choice([None, 10.0, 60.0]),
        "overflow_to": "billing",
        "deleted": rnd.random() < 0.3,
        "when_deleted": rnd.choice(["drain", "overflow"]),
    }
    # Each document is changed once in a history: its next revision is 2.
    return {
        2: queue("sales", revision=2, **changes),
        3: site(rnd.choice(SITES), revision=2, status=rnd.choice(["closed", "draining", "lost"])),
        4: queue("billing", revision=2, skills={"sales": 1}, ring_s=5.0),
    }[revision]


def _assert_came_true(run: DryRun, centre: Centre, decisions: list[Any]) -> None:
    assert run.after.complete
    offered = {d.call_id: d.agent_id for d in decisions if isinstance(d, CallRouted)}
    sent = {d.call_id: (d.to, d.queue_id) for d in decisions if isinstance(d, CallOverflowed)}
    after = run.after.calls
    assert offered == {c: s.agent_id for c, s in after.items() if s.fate == "offered"}
    gone = {c: s for c, s in after.items() if s.fate not in ("waits", "offered")}
    assert sent == {c: (s.fate, s.to_queue_id) for c, s in gone.items()}
    rescinded = {d.call_id for d in decisions if isinstance(d, CallRescinded)}
    assert rescinded == run.after.rescinded
    statuses = {d.site_id: d.status for d in decisions if isinstance(d, SiteStatusChanged)}
    assert statuses == {site_id: run.after.sites[site_id] for site_id in run.sites()}
    leader = centre.router.replica.leader
    assert leader is not None
    assert set(leader.indexes.places) == {c for c, s in after.items() if s.fate == "waits"}
