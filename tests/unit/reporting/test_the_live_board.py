"""The live board shows what the story says, to the operator and to each client."""

import random
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contact_events.agents import AgentStayOverran
from contact_events.hints import QueueState
from contact_events.intake import Intake
from reporting.domain.differences import comparable, difference
from reporting.domain.live import LINGER, LiveBoard
from reporting.domain.views import view_of
from tests.support.boards import applied, centre
from tests.support.busy_day import busy_day, interleaved
from tests.support.histories import Story, plain_call
from tests.support.specimens import NOON


def board_of(story: Story) -> LiveBoard:
    board, intake = LiveBoard(), Intake()
    for seen in story.log:
        if intake.takes(seen.place.topic, seen.envelope):
            board.take(seen.envelope)
    return board


def entry(view: Any, part: str, key: str, value: str) -> Any:
    return next(each for each in view[part] if each[key] == value)


def test_a_call_is_waiting_until_it_is_connected_and_in_talk_until_it_ends() -> None:
    story = centre(Story())
    story.claim()
    story.arrives("c1")
    story.queues("c1")
    waits = view_of(board_of(story), None)
    assert entry(waits, "queues", "queue_id", "cards")["waiting"] == 1
    assert waits["totals"]["longest_wait_since"] is not None
    reservation = story.routes("c1", "a1")
    story.connects("c1", "a1", reservation)
    talks = view_of(board_of(story), None)
    assert (talks["totals"]["waiting"], talks["totals"]["in_talk"]) == (0, 1)
    assert entry(talks, "sites", "site_id", "moscow")["in_talk"] == 1
    story.disconnects("c1")
    assert view_of(board_of(story), None)["totals"]["in_talk"] == 0


def test_a_call_answered_away_from_home_is_an_arrow_between_the_sites() -> None:
    view = view_of(board_of(centre(plain_call())), None)
    assert view["away"] == [{"from": "minsk", "to": "moscow", "calls": 1}]
    assert entry(view, "sites", "site_id", "minsk")["answered_away"] == 1
    assert entry(view, "queues", "queue_id", "cards")["service_level"] == 1.0


def test_a_client_sees_its_own_queues_and_calls_only() -> None:
    view = view_of(board_of(centre(plain_call())), "other")
    assert view["queues"] == []
    assert view["totals"]["offered"] == 0
    assert view["away"] == []


def test_a_client_sees_of_the_agents_those_who_serve_its_own_calls() -> None:
    story = centre(Story())
    story.claim()
    story.agent("a1", "Ready")
    story.agent("a2", "Ready")
    story.arrives("c1")
    story.queues("c1")
    reservation = story.routes("c1", "a1")
    story.agent("a1", "Reserved", state="reserved", reservation=reservation, call="c1")
    board = board_of(story)
    seen = {who: view_of(board, who)["totals"]["agents"] for who in (None, "acme", "other")}
    assert (seen[None]["Ready"], seen[None]["Reserved"]) == (1, 1)
    assert (seen["acme"]["Ready"], seen["acme"]["Reserved"]) == (0, 1)
    assert not any(seen["other"].values())


def test_who_is_away_too_long_is_on_the_board_until_they_come_back_and_on_no_client_s() -> None:
    story = centre(Story())
    for agent in ("a1", "a2"):
        story.agent(agent, "NotReady", reason="lunch")
        overran = AgentStayOverran(
            agent_id=agent,
            reason="lunch",
            overdue_at=NOON,
            limit="planned",
            team_id="cards",
        )
        story.append(overran, agent, client=None, project=None)
    board = board_of(story)
    assert view_of(board, None)["overdue"] == [
        {
            "agent_id": agent,
            "site_id": "moscow",
            "team_id": "cards",
            "reason": "lunch",
            "overdue_at": NOON.isoformat(),
        }
        for agent in ("a1", "a2")
    ]
    assert view_of(board, "acme")["overdue"] == []
    story.agent("a1", "NotReady", reason="lunch")  # told again for another cause: still away
    story.agent("a2", "Ready")
    assert [each["agent_id"] for each in view_of(board_of(story), None)["overdue"]] == ["a1"]
    story.agent("a1", "NotReady", reason="meeting")
    assert view_of(board_of(story), None)["overdue"] == []


def test_the_board_shows_what_the_router_expects_of_a_queue() -> None:
    story = centre(Story())
    assert (
        entry(view_of(board_of(story), None), "queues", "queue_id", "cards")["expected_wait_s"]
        is None
    )
    hint = QueueState(queue_id="cards", waiting=3, free_agents=0, expected_wait_s=42.5)
    story.append(hint, "queue-state/cards")
    view = view_of(board_of(story), "acme")
    assert entry(view, "queues", "queue_id", "cards")["expected_wait_s"] == 42.5


def test_a_quiet_minute_brings_the_rate_to_nothing_and_a_quiet_hour_the_flows() -> None:
    board = board_of(centre(plain_call()))
    assert board.now is not None
    assert view_of(board, None)["away"] != []
    board.pass_time(board.now + timedelta(hours=1))
    later = view_of(board, None)
    assert (later["totals"]["calls_per_minute"], later["away"]) == (0, [])
    assert later["totals"]["answered"] == 1


def test_the_day_has_ended_when_everybody_has_gone() -> None:
    story = centre(plain_call())
    assert view_of(board_of(story), None)["day"]["state"] in {"running", "ended"}
    story.passes(120)
    story.agent("a1", "Offline", presence="Offline")
    assert view_of(board_of(story), None)["day"]["state"] == "ended"


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_snapshot_and_changes_lead_to_the_same_view(rnd: random.Random) -> None:
    story = centre(busy_day(rnd))
    board, intake = LiveBoard(), Intake()
    seen = view_of(board, None)
    shown: Any = seen
    for record in interleaved(rnd, story.log):
        if intake.takes(record.place.topic, record.envelope):
            board.take(record.envelope)
        if rnd.random() < 0.3:
            now = view_of(board, None)
            shown = applied(shown, difference(seen, now)) if comparable(seen, now) else now
            seen = now
    final = view_of(board, None)
    assert (applied(shown, difference(seen, final)) if comparable(seen, final) else final) == final


def test_the_figures_of_the_day_do_not_depend_on_the_order_of_topics() -> None:
    rnd = random.Random(5)
    story = centre(busy_day(rnd))
    figures = view_of(board_of(story), None)["totals"]
    other = Story()
    other.log = interleaved(rnd, story.log)
    again = view_of(board_of(other), None)["totals"]
    for name in ("offered", "answered", "abandoned", "in_service_level", "waiting", "in_talk"):
        assert again[name] == figures[name], name


def test_what_is_said_of_a_call_long_after_its_end_stays_on_no_board() -> None:
    story = plain_call()
    story.passes(LINGER.total_seconds() + 60)
    story.arrives("c2")
    story.wraps_up("c1", "a1", "R1", 5)
    board = board_of(story)
    assert {"c1", "c2"} == board.open.keys()
    story.passes(LINGER.total_seconds() + 60)
    story.arrives("c3")
    board = board_of(story)
    assert board.calls.keys() == board.open.keys() == {"c2", "c3"}
