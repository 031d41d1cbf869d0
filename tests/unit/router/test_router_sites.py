"""When a site takes calls: by order, by its calendar, when it is lost, when it is a reserve."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contact_events.calls import CallConnected, Text
from contact_events.config import CalendarChanged, LostRule, Reserve, Step
from contact_events.routing import CallRescinded, CallRouted, SiteStatusChanged
from router.domain.evolve import LOST
from tests.support.router_centre import Centre
from tests.support.router_world import policy, queue, site

HOME = Step(name="home", reach="home")


@pytest.fixture
def centre() -> Centre:
    made = Centre()
    made.say(policy(lost=LostRule(share=0.5, within_s=5.0, at_least=4, back_after_s=60.0)))
    return made


def changes(centre: Centre) -> list[tuple[str, str, str]]:
    return [
        (d.site_id, d.status, d.cause) for d in centre.decide() if isinstance(d, SiteStatusChanged)
    ]


def staff(centre: Centre, count: int, **about: Any) -> None:
    for number in range(count):
        centre.agent(f"s{number}", site_id="saransk", **about)


def lose(centre: Centre, *numbers: int) -> None:
    for number in numbers:
        centre.agent(f"s{number}", "Offline", site_id="saransk", cause=LOST)


def test_a_site_is_lost_when_half_of_its_agents_are_lost_within_seconds(centre: Centre) -> None:
    staff(centre, 6)
    centre.decide()
    lose(centre, 0, 1)
    centre.topics.later(4)
    assert changes(centre) == []
    lose(centre, 2)
    assert changes(centre) == [("saransk", "lost", "rule")]


def test_losses_far_apart_are_not_the_loss_of_a_site(centre: Centre) -> None:
    staff(centre, 6)
    for number in range(4):
        lose(centre, number)
        centre.topics.later(6)
    assert changes(centre) == []


def test_agents_who_sign_out_are_not_lost(centre: Centre) -> None:
    staff(centre, 6)
    for number in range(6):
        centre.agent(f"s{number}", "Offline", site_id="saransk", cause="signed_out")
    assert changes(centre) == []


def test_a_lost_sites_agents_leave_the_pool_and_its_ringing_calls_return(centre: Centre) -> None:
    staff(centre, 6)
    centre.call("k1", entry="saransk")
    offer = centre.offer()
    lose(centre, 3, 4, 5)
    decisions = centre.decide()
    assert [type(d) for d in decisions] == [SiteStatusChanged, CallRescinded]
    centre.outcome(offer, "rescinded")
    centre.agent("m", site_id="moscow")
    centre.call("k2", entry="saransk")
    assert centre.offers() == [("k1", "m")]  # at the head, with its time; nobody in Saransk


def test_a_lost_site_is_found_when_enough_are_back(centre: Centre) -> None:
    staff(centre, 6)
    lose(centre, *range(6))
    assert changes(centre) == [("saransk", "lost", "rule")]
    staff(centre, 2)
    assert changes(centre) == []
    staff(centre, 3)  # three of the six who were lost
    assert changes(centre) == [("saransk", "open", "order")]


def test_a_lost_site_is_found_by_anybody_who_stays_for_a_while(centre: Centre) -> None:
    staff(centre, 6)
    lose(centre, *range(6))
    centre.decide()
    staff(centre, 1)
    assert changes(centre) == []
    centre.topics.later(60)
    assert changes(centre) == [("saransk", "open", "order")]


def test_an_order_finds_a_lost_site_and_the_old_losses_do_not_lose_it_again(centre: Centre) -> None:
    staff(centre, 6)
    lose(centre, *range(6))
    centre.decide()
    centre.topics.later(1)
    centre.say(site("saransk", revision=2))
    assert changes(centre) == [("saransk", "open", "order")]
    assert changes(centre) == []


def test_people_may_order_a_site_lost_and_back(centre: Centre) -> None:
    centre.say(site("saransk", revision=2, status="lost"))
    assert changes(centre) == [("saransk", "lost", "order")]
    centre.say(site("saransk", revision=3))
    assert changes(centre) == [("saransk", "open", "order")]


def test_a_pool_without_the_rule_loses_no_site(centre: Centre) -> None:
    centre.say(policy(revision=2, lost=None))
    staff(centre, 6)
    lose(centre, *range(6))
    assert changes(centre) == []


def partner(revision: int = 2, **about: Any) -> Any:
    reserve = {"open_above_s": 200.0, "close_below_s": 30.0, "hold_s": 120.0, **about}
    rule = Reserve(queue_ids=("sales",), **reserve)
    return site("saransk", revision=revision, reserve=rule)


def test_a_reserve_opens_by_expected_wait_and_closes_with_hysteresis(centre: Centre) -> None:
    centre.say(partner())
    assert changes(centre) == [("saransk", "closed", "rule")]
    centre.agent("home", site_id="moscow")
    centre.agent("reserve", site_id="saransk")
    centre.call("k1")
    taken = centre.offer()
    centre.outcome(taken)
    centre.talking(taken)
    assert taken.agent_id == "home"
    centre.call("k2")  # 1 agent who works, 180 s a contact: 2 * 180 s
    decisions = centre.decide()
    assert [type(d) for d in decisions] == [SiteStatusChanged, CallRouted]
    assert decisions[1].agent_id == "reserve"
    centre.topics.later(119)
    assert changes(centre) == []
    centre.topics.later(1)
    centre.free(decisions[1], "NotReady")
    centre.outcome(decisions[1])
    centre.free(taken)
    assert changes(centre) == [("saransk", "draining", "rule"), ("saransk", "closed", "rule")]


def test_a_reserve_opens_though_somebody_is_free_whom_the_steps_do_not_reach(
    centre: Centre,
) -> None:
    home, far = Step(name="home", reach="home"), Step(name="any", after_s=300.0, reach="any")
    centre.say(queue("sales", revision=2, steps=(home, far)))
    centre.say(partner())
    assert changes(centre) == [("saransk", "closed", "rule")]
    centre.agent("away", site_id="minsk")
    assert changes(centre) == [("saransk", "open", "rule")]


def test_a_reserve_opens_for_a_call_that_reached_the_step_which_asks(centre: Centre) -> None:
    ask = Step(name="reserve", after_s=30.0, reach="any", open_site_id="saransk")
    centre.say(queue("sales", revision=2, steps=(HOME, ask)))
    centre.say(partner(open_above_s=1e6))
    centre.agent("reserve", site_id="saransk")
    centre.agent("busy", site_id="moscow")
    centre.call("k0", entry="moscow")
    taken = centre.offer()
    centre.outcome(taken)
    centre.talking(taken)
    centre.call("k1", entry="moscow")
    assert centre.decide() == []
    centre.topics.later(30)
    decisions = centre.decide()
    assert [type(d) for d in decisions] == [SiteStatusChanged, CallRouted]


def test_a_reserve_opens_when_too_few_are_answered_within_the_target(centre: Centre) -> None:
    centre.say(partner(open_above_s=1e6, open_below_share=0.8))
    centre.decide()
    for number in range(10):
        centre.call(f"k{number}")
        centre.topics.later(30 if number < 3 else 1)
        about = {"reservation_id": f"r{number}", "agent_id": "a"}
        centre.say(CallConnected(call_id=f"k{number}", attempt=1, **about))
    assert changes(centre) == [("saransk", "open", "rule")]


def test_a_site_with_a_calendar_drains_outside_its_hours(centre: Centre) -> None:
    hours: dict[str, tuple[tuple[str, str], ...]] = {
        str(day): (("09:00", "21:00"),) for day in range(5)
    }
    calendar = CalendarChanged(
        document_id="calendar:office",
        revision=1,
        changed_by="test",
        calendar_id="office",
        name=Text("Офис", "Office"),
        time_zone="Europe/Moscow",
        hours=hours,
    )
    centre.say(calendar)
    centre.say(site("saransk", revision=2, calendar_id="office"))
    centre.agent("s", site_id="saransk")
    assert changes(centre) == []  # Monday, 09:00 in Moscow
    leader = centre.router.replica.leader
    assert leader is not None
    assert leader.due() == datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    centre.topics.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    assert changes(centre) == [("saransk", "draining", "rule")]
    centre.call("k1", entry="saransk")
    assert centre.offers() == []
    centre.topics.now = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    decisions = centre.decide()
    assert [type(d) for d in decisions] == [SiteStatusChanged, CallRouted]


def test_a_site_closed_at_the_peak_asks_nobody_twice_and_loses_nobody(centre: Centre) -> None:
    staff(centre, 30)
    for number in range(50):
        centre.call(f"k{number}", entry="saransk")
    offers = [d for d in centre.decide() if isinstance(d, CallRouted)]
    assert len(offers) == 30
    for offer in offers[:10]:
        centre.outcome(offer)
        centre.talking(offer)
    centre.say(site("saransk", revision=2, status="closed"))
    rescinded = {d.reservation_id for d in centre.decide() if isinstance(d, CallRescinded)}
    assert rescinded == {offer.reservation_id for offer in offers[10:]}
    for offer in offers[10:]:
        centre.outcome(offer, "rescinded")
        centre.free(offer)
    for number in range(40):
        centre.agent(f"m{number}", site_id="moscow")
    again = [d.call_id for d in centre.decide() if isinstance(d, CallRouted)]
    waited_first = sorted(
        (f"k{n}" for n in range(50) if f"k{n}" not in {o.call_id for o in offers[:10]}),
        key=lambda call_id: int(call_id[1:]),
    )
    assert again == waited_first
