"""Breaks of a team: never more places than there are, in the order of asking, and none lost."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_state.domain import breaks
from agent_state.domain.breaks import Asked, Outcome, Rules, Stay, TeamBreaks
from agent_state.domain.refusals import NoBreakAsked

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ONE = Rules(most_at_once=1, take_within_s=600.0)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def asked(agent_id: str, minute: float = 0, reason: str = "lunch") -> Asked:
    return Asked(agent_id, reason, at(minute))


def stay(agent_id: str, minute: float = 0, **more: object) -> Stay:
    return Stay(agent_id, "lunch", at(minute), holds_place=True, **more)  # type: ignore[arg-type]


def ask_all(*agents: str, rules: Rules = ONE) -> TeamBreaks:
    found = TeamBreaks()
    for minute, agent_id in enumerate(agents):
        found = breaks.ask(found, asked(agent_id, minute), rules).breaks
    return found


def ids(ones: tuple[object, ...]) -> list[str]:
    return [one.agent_id for one in ones]  # type: ignore[attr-defined]


def test_the_first_gets_the_place_and_the_others_wait_in_their_order() -> None:
    team = ask_all("a1", "a2", "a3")
    assert (ids(team.granted), ids(team.waiting)) == (["a1"], ["a2", "a3"])
    assert [breaks.position(team, a) for a in ("a1", "a2", "a3")] == [None, 1, 2]


def test_without_a_limit_nobody_waits() -> None:
    team = ask_all("a1", "a2", "a3", rules=Rules())
    assert (ids(team.granted), team.waiting) == (["a1", "a2", "a3"], ())


def test_the_place_is_the_agents_until_they_come_back() -> None:
    team = breaks.went(ask_all("a1", "a2"), stay("a1", 3))
    assert (team.granted, ids(team.away)) == ((), ["a1"])
    assert breaks.settle(team, at(4), ONE).granted == ()
    back = breaks.settle(breaks.came_back(team, "a1"), at(20), ONE)
    assert ids(back.granted) == ["a2"]
    assert back.breaks.waiting == ()


def test_asking_again_changes_the_reason_and_keeps_the_place_in_the_line() -> None:
    team = ask_all("a1", "a2", "a3")
    again = breaks.ask(team, asked("a2", 9, "rest"), ONE).breaks
    assert [(one.agent_id, one.reason) for one in again.waiting] == [
        ("a2", "rest"),
        ("a3", "lunch"),
    ]
    assert breaks.ask(team, asked("a1", 9), ONE) == Outcome(team)


def test_a_grant_that_is_not_taken_passes_on_and_who_missed_it_is_next() -> None:
    team = ask_all("a1", "a2", "a3")
    assert breaks.due_of(team) == at(10)
    assert breaks.settle(team, at(9.9), ONE) == Outcome(team)
    passed = breaks.settle(team, at(10), ONE)
    assert (ids(passed.granted), ids(passed.withdrawn)) == (["a2"], ["a1"])
    assert ids(passed.breaks.waiting) == ["a1", "a3"]
    assert breaks.due_of(passed.breaks) == at(20)


def test_of_two_late_grants_one_passes_to_the_one_who_waits_and_the_other_has_time_again() -> None:
    two = Rules(most_at_once=2, take_within_s=600.0)
    team = ask_all("a1", "a2", "a3", rules=two)
    passed = breaks.settle(team, at(15), two)
    assert (ids(passed.granted), ids(passed.withdrawn)) == (["a3"], ["a1"])
    assert [(one.agent_id, one.take_by) for one in passed.breaks.granted] == [
        ("a2", at(25)),
        ("a3", at(25)),
    ]


def test_while_nobody_waits_a_grant_stays_and_passes_to_the_first_who_asks_later() -> None:
    team = ask_all("a1")
    assert breaks.due_of(team) is None
    assert breaks.settle(team, at(60), ONE) == Outcome(team)
    later = breaks.ask(team, asked("a2", 60), ONE)
    assert (ids(later.granted), ids(later.withdrawn)) == (["a2"], ["a1"])


def test_who_withdraws_gives_the_place_to_the_next() -> None:
    team = ask_all("a1", "a2", "a3")
    given_back = breaks.withdraw(team, "a1", at(5), ONE)
    assert (ids(given_back.granted), ids(given_back.withdrawn)) == (["a2"], ["a1"])
    waiting = breaks.withdraw(team, "a3", at(5), ONE)
    assert (waiting.granted, waiting.withdrawn, ids(waiting.breaks.waiting)) == ((), (), ["a2"])
    with pytest.raises(NoBreakAsked):
        breaks.withdraw(team, "a9", at(5), ONE)


def test_a_supervisor_gives_a_place_above_the_limit_and_is_named() -> None:
    team = ask_all("a1", "a2", "a3")
    given = breaks.grant(team, "a3", "boss", at(5), ONE)
    assert [(one.agent_id, one.by) for one in given.granted] == [("a3", "boss")]
    assert ids(given.breaks.waiting) == ["a2"]
    with pytest.raises(NoBreakAsked):
        breaks.grant(team, "a1", "boss", at(5), ONE)


def test_who_goes_without_asking_holds_a_place_all_the_same() -> None:
    team = breaks.went(TeamBreaks(), stay("a9"))
    assert ids(breaks.ask(team, asked("a1", 1), ONE).breaks.waiting) == ["a1"]


def test_news_of_an_earlier_break_uses_up_no_later_grant() -> None:
    team = breaks.ask(TeamBreaks(), asked("a1", 10), ONE).breaks
    late = breaks.came_back(breaks.went(team, stay("a1", 2)), "a1")
    assert ids(late.granted) == ["a1"]
    assert breaks.left(late, "a1", at(5)) == late
    assert breaks.left(late, "a1", at(11)) == TeamBreaks()


def test_a_stay_is_overdue_once_by_the_shorter_of_plan_and_longest_stay() -> None:
    assert breaks.limited(NINE, 1800.0, 900.0) == (at(15), "longest_stay")
    assert breaks.limited(NINE, 900.0, None) == (at(15), "planned")
    assert breaks.limited(NINE, None, None) == (None, None)
    team = breaks.went(TeamBreaks(), stay("a1", 0, overdue_at=at(15), limit="planned"))
    assert breaks.due_of(team) == at(15)
    assert breaks.overdue(team, at(14)) == (team, ())
    marked, found = breaks.overdue(team, at(15))
    assert ids(found) == ["a1"]
    assert (breaks.due_of(marked), breaks.overdue(marked, at(99))[1]) == (None, ())


@dataclass
class Team:
    """A team whose agents go where a grant lets them, as the service has it."""

    rules: Rules
    state: TeamBreaks = field(default_factory=TeamBreaks)
    now: float = 0

    def take(self, outcome: Outcome) -> None:
        before = ids(self.state.granted)
        assert set(ids(outcome.withdrawn)) <= set(before)
        self.state = outcome.breaks

    def do(self, step: str, agent_id: str) -> None:
        self.now += 1
        granted, away = ids(self.state.granted), ids(self.state.away)
        waiting = ids(self.state.waiting)
        match step:
            case "ask" if agent_id not in away:
                self.take(breaks.ask(self.state, asked(agent_id, self.now), self.rules))
            case "go" if agent_id in granted:
                self.state = breaks.went(self.state, stay(agent_id, self.now))
            case "back" if agent_id in away:
                came = breaks.came_back(self.state, agent_id)
                self.take(breaks.settle(came, at(self.now), self.rules))
            case "withdraw" if agent_id in granted or agent_id in waiting:
                self.take(breaks.withdraw(self.state, agent_id, at(self.now), self.rules))
            case "leave":
                gone = breaks.left(self.state, agent_id, at(self.now))
                self.take(breaks.settle(gone, at(self.now), self.rules))
            case "wait":
                self.now += 7
        self.take(breaks.settle(self.state, at(self.now), self.rules))  # as the timer does


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "go", "go", "back", "withdraw", "leave", "wait"]),
        st.sampled_from(["a1", "a2", "a3", "a4", "a5"]),
    ),
    max_size=60,
)


@given(STEPS, st.integers(0, 3))
def test_no_more_places_than_there_are_and_nobody_waits_while_one_is_free(
    steps: list[tuple[str, str]], most: int
) -> None:
    team = Team(Rules(most_at_once=most, take_within_s=600.0))
    for step in steps:
        team.do(*step)
        taken = len(team.state.granted) + len(team.state.away)
        assert taken <= most
        assert taken == most or not team.state.waiting
        everybody = [*ids(team.state.waiting), *ids(team.state.granted), *ids(team.state.away)]
        assert len(everybody) == len(set(everybody))
        due = breaks.due_of(team.state)
        assert due is None or due > at(team.now)


@given(STEPS)
def test_nobody_who_asked_is_forgotten(steps: list[tuple[str, str]]) -> None:
    team = Team(ONE)
    wanted: set[str] = set()
    for step, agent_id in steps:
        away = set(ids(team.state.away))
        if step == "ask" and agent_id not in away:
            wanted.add(agent_id)
        if step in ("withdraw", "leave") or (step == "back" and agent_id in away):
            wanted.discard(agent_id)
        if step == "withdraw" and agent_id in away:
            wanted.add(agent_id)
        team.do(step, agent_id)
        known = {*ids(team.state.waiting), *ids(team.state.granted), *ids(team.state.away)}
        assert known == wanted
