"""When a rule raises an alert, and when it is over: a measure, a threshold, a while, hysteresis."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

import msgspec

from contact_events.billing import AlertRuleChanged
from reporting.domain.shown import MeasureName, QueueFigures, SiteFigures, Totals, View

OF_QUEUES: Final = frozenset(
    {
        "waiting",
        "longest_wait_s",
        "expected_wait_s",
        "in_talk",
        "service_level",
        "abandoned_share",
    }
)
OF_SITES: Final = frozenset({"waiting", "in_talk", "agents_ready", "agents_signed_in"})
OF_ALL: Final = frozenset(get_args(MeasureName)) - {"expected_wait_s"}

Faulty = tuple[tuple[str | int, ...], str, str]


def fault_of_scope(measure: str, *, queue_id: object, site_id: object) -> Faulty | None:
    """Return what is wrong with asking for a measure of a queue, a site, or all; None: nothing."""
    if queue_id is not None and site_id is not None:
        return ("site_id",), "useless_beside", "an alert is of a queue or of a site"
    scope, known = "all", OF_ALL
    if queue_id is not None:
        scope, known = "a queue", OF_QUEUES
    elif site_id is not None:
        scope, known = "a site", OF_SITES
    if measure in get_args(MeasureName) and measure not in known:
        return ("measure",), "measure_of_scope", f"{measure} is not measured of {scope}"
    return None


class Watched(msgspec.Struct, frozen=True):
    """How a rule stands: whether its alert is raised, and since when it has been beyond."""

    raised: bool = False
    beyond_since: datetime | None = None


Happening = Literal["raised", "cleared"]


def step(
    rule: AlertRuleChanged, before: Watched, value: float | None, at: datetime
) -> tuple[Watched, Happening | None]:
    """Return how the rule stands once the measure is `value` at business time `at`.

    Raised once the measure has been beyond the threshold at every look for `for_s`; over once it
    is back at `clear_at`, which may be on the near side of the threshold, or has no value: where
    there is nothing to measure, nothing is beyond.
    """
    if before.raised:
        return (Watched(), "cleared") if _back(rule, value) else (before, None)
    if value is None or not _beyond(rule, value):
        return Watched(), None
    since = before.beyond_since or at
    if at - since >= timedelta(seconds=rule.for_s):
        return Watched(raised=True), "raised"
    return Watched(beyond_since=since), None


def _beyond(rule: AlertRuleChanged, value: float) -> bool:
    return value > rule.threshold if rule.raised_when == "above" else value < rule.threshold


def _back(rule: AlertRuleChanged, value: float | None) -> bool:
    if value is None:
        return True
    return value <= rule.clear_at if rule.raised_when == "above" else value >= rule.clear_at


def measured(rule: AlertRuleChanged, view: View, at: datetime) -> float | None:
    """Return the rule's measure in what its client may see at business time `at`.

    None: there is nothing to measure, or no such queue or site. Nobody waiting is a wait of 0.
    """
    part = _part(rule, view)
    return None if part is None else _figure(part, rule.measure, at)


def _part(rule: AlertRuleChanged, view: View) -> QueueFigures | SiteFigures | Totals | None:
    if rule.queue_id is not None:
        return next((q for q in view["queues"] if q["queue_id"] == rule.queue_id), None)
    if rule.site_id is not None:
        return next((s for s in view["sites"] if s["site_id"] == rule.site_id), None)
    return view["totals"]


def _figure(part: QueueFigures | SiteFigures | Totals, measure: str, at: datetime) -> float | None:
    figures: Mapping[str, Any] = part
    match measure:
        case "longest_wait_s":
            since = figures["longest_wait_since"]
            waited = at - datetime.fromisoformat(since) if since else timedelta(0)
            return max(0.0, waited.total_seconds())
        case "abandoned_share":
            offered = figures["offered"]
            return figures["abandoned"] / offered if offered else None
        case "agents_ready":
            return float(figures["agents"]["Ready"])
        case "agents_signed_in":
            return float(sum(figures["agents"].values()))
        case _:
            found = figures.get(measure)
            return None if found is None else float(found)
