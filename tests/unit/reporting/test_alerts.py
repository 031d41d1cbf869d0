"""Alerts: raised after a while beyond the threshold, over only beyond the hysteresis."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_events.alerts import AlertCleared, AlertRaised
from contact_events.billing import AlertRuleChanged
from contact_events.calls import Text
from reporting.domain.alerts import (
    OF_ALL,
    OF_QUEUES,
    OF_SITES,
    Watched,
    fault_of_scope,
    measured,
    step,
)
from reporting.domain.live import LiveBoard
from reporting.domain.views import view_of
from tests.support.boards import centre
from tests.support.histories import Story
from tests.support.specimens import NOON


def rule(**said: Any) -> AlertRuleChanged:
    fields: dict[str, Any] = {"measure": "waiting", "threshold": 5.0, "clear_at": 3.0}
    return AlertRuleChanged(
        document_id="alert_rule:r1",
        revision=1,
        changed_by="t",
        alert_rule_id="r1",
        name=Text("Ждут", "Waiting"),
        **(fields | said),
    )


LOOKS = st.lists(
    st.tuples(st.integers(1, 20), st.one_of(st.none(), st.integers(0, 8))), max_size=40
)


def told_slowly(of: AlertRuleChanged, looks: list[tuple[int, float | None]]) -> list[str | None]:
    """Return what happens at each look, worked out anew from all looks before it."""
    times = [sum(pause for pause, _ in looks[: n + 1]) for n in range(len(looks))]
    sign = 1 if of.raised_when == "above" else -1

    def beyond(n: int) -> bool:
        value = looks[n][1]
        return value is not None and sign * value > sign * of.threshold

    def back(n: int) -> bool:
        value = looks[n][1]
        return value is None or sign * value <= sign * of.clear_at

    told: list[str | None] = []
    for n in range(len(looks)):
        last = next((what for what in reversed(told) if what), "cleared")
        changed = max((m for m, what in enumerate(told) if what), default=-1)
        if last == "raised":
            told.append("cleared" if back(n) else None)
            continue
        run = [m for m in range(changed + 1, n + 1) if all(beyond(k) for k in range(m, n + 1))]
        long = bool(run) and times[n] - times[run[0]] >= of.for_s
        told.append("raised" if long else None)
    return told


@given(LOOKS, st.sampled_from(["above", "below"]), st.integers(0, 30), st.integers(0, 3))
def test_alerts_come_and_go_as_the_rule_says(
    looks: list[tuple[int, float | None]], when: Any, for_s: int, gap: int
) -> None:
    clear_at = 4.0 - gap if when == "above" else 4.0 + gap
    asked = rule(threshold=4.0, clear_at=clear_at, raised_when=when, for_s=float(for_s))
    watched, at, told = Watched(), NOON, list[str | None]()
    for pause, value in looks:
        at += timedelta(seconds=pause)
        watched, happened = step(asked, watched, value, at)
        told.append(happened)
    assert told == told_slowly(asked, looks)


def test_a_value_between_clearing_and_threshold_neither_raises_nor_clears() -> None:
    for raised in (True, False):
        after, happened = step(rule(), Watched(raised=raised), 4.0, NOON)
        assert (after, happened) == (Watched(raised=raised), None)


def test_each_measure_is_taken_from_the_board() -> None:
    story = centre(Story())
    story.claim()
    story.agent("a1", "Ready")
    story.agent("a2", "NotReady")
    story.arrives("c1")
    story.queues("c1")
    board = LiveBoard()
    for seen in story.log:
        board.take(seen.envelope)
    view, at = view_of(board, None), story.now + timedelta(seconds=90)

    def value(measure: str, **scope: str) -> float | None:
        return measured(rule(measure=measure, **scope), view, at)

    assert value("waiting", queue_id="cards") == value("waiting") == 1.0
    assert value("longest_wait_s", queue_id="cards") == value("longest_wait_s") == 90.0
    assert (value("agents_ready", site_id="moscow"), value("agents_signed_in")) == (1.0, 2.0)
    assert value("service_level") == 0.0
    assert value("abandoned_share", queue_id="cards") == 0.0
    assert value("expected_wait_s", queue_id="cards") is None
    assert value("waiting", queue_id="nowhere") is None
    for scope, measures in (({}, OF_ALL), ({"queue_id": "cards"}, OF_QUEUES)):
        for measure in measures - {"expected_wait_s", "asa_s"}:
            assert value(measure, **scope) is not None, measure
    for measure in OF_SITES:
        assert value(measure, site_id="minsk") is not None, measure


@pytest.mark.parametrize(
    ("measure", "queue_id", "site_id", "code"),
    [
        ("waiting", "cards", None, None),
        ("agents_ready", None, "minsk", None),
        ("asa_s", None, None, None),
        ("agents_ready", "cards", None, "measure_of_scope"),
        ("service_level", None, "minsk", "measure_of_scope"),
        ("expected_wait_s", None, None, "measure_of_scope"),
        ("waiting", "cards", "minsk", "useless_beside"),
    ],
)
def test_a_measure_that_is_not_one_of_the_scope_is_refused(
    measure: str, queue_id: str | None, site_id: str | None, code: str | None
) -> None:
    fault = fault_of_scope(measure, queue_id=queue_id, site_id=site_id)
    assert (fault and fault[1]) == code


def raised(of: AlertRuleChanged, alert_id: str) -> AlertRaised:
    return AlertRaised(
        alert_id=alert_id,
        alert_rule_id=of.alert_rule_id,
        revision=1,
        name=of.name,
        measure=of.measure,
        value=6.0,
        threshold=of.threshold,
        clear_at=of.clear_at,
        raised_when="above",
        for_s=0.0,
        severity="urgent",
        client_id=of.client_id,
    )


def test_an_alert_is_on_the_board_from_its_raising_to_its_clearing_for_its_own_client() -> None:
    story, board = centre(Story()), LiveBoard()
    own = rule(client_id="acme")
    story.append(own, own.document_id)
    story.append(raised(own, "x1"), "alert:r1", client="acme")
    for seen in story.log:
        board.take(seen.envelope)
    for client, alerts in ((None, ["x1"]), ("acme", ["x1"]), ("other", [])):
        assert [alert["alert_id"] for alert in view_of(board, client)["alerts"]] == alerts
    cleared = AlertCleared(alert_id="x1", alert_rule_id="r1", reason="back", value=2.0)
    board.take(story.append(cleared, "alert:r1").envelope)
    assert view_of(board, None)["alerts"] == []
