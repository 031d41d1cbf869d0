"""How old figures are: as old as what they were folded from."""

from contact_events.topics import AGENT_STATE, CALL_ARRIVED, QUEUE_STATE, ROUTED
from reporting.domain.ages import CALLS, Truth


def level(at: float) -> Truth:
    truth = Truth()
    truth.level({topic.name: at for topic in (*CALLS, AGENT_STATE, QUEUE_STATE)})
    return truth


def test_a_fold_that_is_level_with_the_log_is_as_old_as_its_last_answer() -> None:
    ages = level(100.0).ages(101.5, ())
    assert ages == {"calls": 1.5, "agents": 1.5, "expected_waits": 1.5}


def test_one_topic_that_does_not_answer_makes_old_what_is_made_of_it() -> None:
    truth = level(100.0)
    others = {topic.name: 109.0 for topic in CALLS} | {QUEUE_STATE.name: 109.0}
    truth.level(others)
    assert truth.ages(110.0, ()) == {"calls": 1.0, "agents": 10.0, "expected_waits": 1.0}
    truth.level({AGENT_STATE.name: 110.0} | others | {ROUTED.name: 101.0})
    assert truth.ages(110.0, ())["calls"] == 1.0, "an answer is never forgotten"


def test_a_fold_that_is_behind_is_as_old_as_what_it_folded_last() -> None:
    truth = level(100.0)
    truth.folded(CALL_ARRIVED.name, 60.0)
    assert truth.ages(101.0, ())["calls"] == 1.0, "it was level after that was written"
    behind = Truth()
    for topic in (*CALLS, AGENT_STATE):
        behind.folded(topic.name, 60.0)
    assert behind.ages(101.0, ())["calls"] == 41.0


def test_what_routers_expect_is_as_old_as_the_last_word_of_the_most_silent_one() -> None:
    truth = level(100.0)
    truth.decided("main", 99.0)
    truth.decided("other", 80.0)
    assert truth.ages(100.0, ("main",))["expected_waits"] == 1.0
    assert truth.ages(100.0, ("main", "other"))["expected_waits"] == 20.0
    assert truth.ages(100.0, ("main", "other"))["calls"] == 0.0
