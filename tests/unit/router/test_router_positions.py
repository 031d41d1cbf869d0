"""What each of those who wait has still to wait, by its position in its queue."""

from datetime import timedelta
from statistics import fmean, pvariance
from typing import Any

import pytest

from contact_events.calls import CallQueued
from contact_events.config import Step
from router.domain.expected import (
    UNKNOWN_HANDLE_S,
    Estimate,
    Rates,
    ahead_of,
    estimate,
    estimates,
    expected_wait,
    rates_of,
)
from router.domain.indexes import Indexes
from router.domain.paces import PACE_OF, paced
from router.domain.positions import Position, positions
from router.domain.state import Pace
from router.hints import MOST_POSITIONS, Hints
from tests.support.router_centre import Centre
from tests.support.router_world import POOL, START, arrived, queue


@pytest.fixture
def centre() -> Centre:
    return Centre()


def busy(centre: Centre, *agent_ids: str, skills: tuple[str, ...] = ("sales",)) -> None:
    """Let these agents be there and each talk to a caller."""
    for agent_id in agent_ids:
        centre.agent(agent_id, skills=skills)
        centre.call(f"of-{agent_id}", skills[0])
        offer = centre.offer()
        centre.outcome(offer)
        centre.talking(offer, skills=skills)
    assert centre.offers() == []


def told(centre: Centre, most: int | None = None) -> dict[str, dict[str, Position]]:
    """Return what is known of those who wait once everything is read."""
    centre.decide()
    indexes = Indexes(centre.state.copy())
    indexes.advance(centre.topics.now)
    return positions(indexes, most)


def behind(ahead: float, agents: int) -> Estimate:
    """Return the wait as it is told before any contact has ended."""
    return estimate(ahead, agents, Rates(UNKNOWN_HANDLE_S, 0.0, scv=1.0, doubt=1 / 5))


def test_each_call_waits_behind_those_before_it_and_one_who_comes_behind_all(
    centre: Centre,
) -> None:
    busy(centre, "a1", "a2")
    for call_id in ("k1", "k2", "k3"):
        centre.call(call_id)
    assert told(centre)["sales"] == {
        "k1": Position(1, behind(0, agents=2)),
        "k2": Position(2, behind(1, agents=2)),
        "k3": Position(3, behind(2, agents=2)),
    }
    assert expected_wait(Indexes(centre.state.copy()), "sales") == behind(3, agents=2)


def test_calls_of_another_queue_are_ahead_with_the_share_of_agents_and_only_if_they_go_before(
    centre: Centre,
) -> None:
    busy(centre, "a1", skills=("sales", "billing"))
    busy(centre, "b1", skills=("billing",))
    for number in range(4):
        centre.call(f"b{number}", "billing")
    centre.call("k1")
    for number in range(4, 8):
        centre.call(f"b{number}", "billing")
    found = told(centre)
    assert found["sales"] == {"k1": Position(1, behind(4 * 1 / 2, agents=1))}
    assert found["billing"]["b3"] == Position(4, behind(3, agents=2))
    assert found["billing"]["b4"] == Position(5, behind(5, agents=2))


def test_who_goes_before_by_priority_is_ahead_though_it_came_later(centre: Centre) -> None:
    busy(centre, "a1")
    centre.call("plain")
    centre.call("urgent", priority=5)
    found = told(centre)["sales"]
    assert list(found) == ["urgent", "plain"]
    assert found["plain"] == Position(2, behind(1, agents=1))


def test_no_wait_is_told_where_it_is_not_known(centre: Centre) -> None:
    centre.call("nobody", "billing")
    busy(centre, "a1")
    centre.say(
        queue(
            "sales",
            revision=2,
            preferred_agent_s=30.0,
            steps=(Step(name="home", reach="home"),),
        )
    )
    centre.call("for-a1", preferred="a1")
    found = told(centre)
    assert found["billing"] == {"nobody": Position(1, None)}
    assert found["sales"] == {"for-a1": Position(1, None)}
    centre.call("away", entry="minsk")
    assert told(centre)["sales"]["away"] == Position(2, behind(1, agents=1))
    centre.agent("free-at-home-only", site_id="krasnoyarsk")
    assert told(centre)["sales"]["away"] == Position(2, None)


def joins(centre: Centre) -> Estimate | None:
    """Return what is told to who joins the queue for sales now."""
    centre.decide()
    return expected_wait(Indexes(centre.state.copy()), "sales")


def test_who_joins_waits_not_at_all_where_a_step_reached_at_once_finds_somebody_free(
    centre: Centre,
) -> None:
    busy(centre, "a1")
    assert joins(centre) == behind(0, agents=1)
    centre.agent("free", site_id="krasnoyarsk")
    assert joins(centre) == Estimate(0.0, 0.0, 0.0)


def test_whom_no_step_reaches_yet_spares_nobody_the_wait_until_the_step_that_does(
    centre: Centre,
) -> None:
    busy(centre, "a1")
    west = Step(name="west", after_s=20.0, reach="sites", site_ids=("minsk",))
    steps = (Step(name="home", reach="home"), west, Step(name="any", after_s=60.0, reach="any"))
    centre.say(queue("sales", revision=2, steps=steps))
    centre.agent("far", site_id="krasnoyarsk")
    alone = behind(0, agents=1)
    assert joins(centre) == Estimate(60.0, alone.low_s, 60.0)
    assert alone.low_s < 60.0 < alone.mean_s
    centre.agent("near", site_id="minsk")
    assert joins(centre) == Estimate(20.0, alone.low_s, 20.0)
    centre.agent("a1", "Offline")
    assert joins(centre) == Estimate(20.0, 20.0, 20.0)


def test_no_wait_is_told_to_who_joins_where_no_step_reaches_those_who_are_there(
    centre: Centre,
) -> None:
    centre.say(queue("sales", revision=2, steps=(Step(name="home", reach="home"),)))
    centre.agent("far", site_id="krasnoyarsk")
    assert joins(centre) is None


def test_waits_by_position_are_those_that_are_told_one_by_one() -> None:
    rates = Rates(200.0, 0.001, scv=1.5, doubt=0.03)
    ahead = [0.0, 0.5, 3.0, 3.0, 40.0, 1999.0, 2000.0, 5000.0]
    assert list(estimates(ahead, 7, rates)) == [estimate(each, 7, rates) for each in ahead]


def test_the_mean_and_the_variance_of_handle_times_are_those_of_the_last_contacts() -> None:
    pace, lengths = Pace(), [10.0, 400.0, 35.0, 155.0]
    for length in lengths:
        pace = paced(pace, length)
    assert pace.handled == 4
    assert pace.handle_s == pytest.approx(fmean(lengths))
    assert pace.variance_s2 == pytest.approx(pvariance(lengths))
    for _ in range(10 * PACE_OF):
        pace = paced(pace, 60.0)
    assert pace.handle_s == pytest.approx(60.0, rel=0.001)
    assert pace.variance_s2 == pytest.approx(0.0, abs=10.0)


def test_twenty_contacts_of_one_length_count_more_than_five_exponential_ones_taken_for_granted(
    centre: Centre,
) -> None:
    centre.agent("a1")
    for number in range(20):
        centre.call(f"call-{number}")
        offer = centre.offer()
        centre.outcome(offer)
        centre.talking(offer, skills=("sales",))
        centre.topics.later(100.0)
        centre.free(offer, skills=("sales",))
    centre.decide()
    found = rates_of(Indexes(centre.state.copy()), "sales")
    assert found.handle_s == pytest.approx(100.0, rel=0.2)
    assert found.scv == pytest.approx(5 / 25)
    assert found.doubt == pytest.approx(found.scv / 25)


def test_in_which_order_queues_are_added_up_makes_no_difference(centre: Centre) -> None:
    """0.1 and 0.2 and 0.7 are one call, or a little less, by the order in which they are added."""
    for queue_id in ("q1", "q2", "q7"):
        centre.say(queue(queue_id))
        for number in range(10):
            centre.agent(f"{queue_id}-{number}", skills=(queue_id,))
    centre.decide()
    indexes = Indexes(centre.state.copy())
    keys = {q: next(iter(indexes.crews.asked_by(q))) for q in ("q1", "q2", "q7")}
    shared = {keys[q]: int(q[1:]) for q in keys}
    waiting = dict.fromkeys(keys, 1)
    backwards = dict(reversed(shared.items()))
    assert ahead_of(indexes, shared, waiting) == ahead_of(indexes, backwards, waiting) == 1.0


def test_a_hint_tells_the_first_of_those_who_wait_and_is_told_again_only_when_it_changed(
    centre: Centre,
) -> None:
    busy(centre, "a1")
    for number in range(MOST_POSITIONS + 5):
        centre.call(f"k{number:02}")
    centre.decide()
    leader = centre.router.replica.leader
    assert leader is not None
    hints = Hints(POOL, 1)
    by_queue: dict[str, Any] = {e.subject: e.data for e in hints.changed(leader.indexes, START)}
    sales = by_queue["sales"]
    assert [each.call_id for each in sales.positions] == [
        f"k{number:02}" for number in range(MOST_POSITIONS)
    ]
    assert sales.positions[0].mean_s == UNKNOWN_HANDLE_S
    assert sales.positions[-1].mean_s < sales.expected_wait_s
    assert by_queue["billing"].positions == ()
    assert hints.changed(leader.indexes, START + timedelta(seconds=1)) == []


def test_what_a_caller_was_told_changes_no_decision_and_no_state() -> None:
    knowing, other = Centre(), Centre()
    for centre, wait_s in ((knowing, 900.0), (other, None)):
        centre.agent("a1")
        for call_id in ("k1", "k2"):
            centre.say(arrived(call_id, "moscow"))
            centre.say(
                CallQueued(call_id=call_id, attempt=1, queue_id="sales", expected_wait_s=wait_s)
            )
    decided = knowing.decide()
    assert len(decided) == 1
    assert other.decide() == decided
    assert knowing.state == other.state
