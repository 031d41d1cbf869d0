"""Documents as people order them mean what the events mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contact_events.calls import Text
from contact_events.config import CalendarChanged, LostRule, SpecialDay, Step
from router.kinds import CALENDARS, KINDS, POLICIES, QUEUES, Kind
from router.orders import Revision

NAME = {"ru": "Имя", "en": "Name"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_not_said_means_the_same_in_the_body_and_in_the_event(kind: Kind) -> None:
    named = {} if kind is POLICIES else {"name": NAME}
    body = kind.body.model_validate(named)
    said: dict[str, Any] = {key: Text("Имя", "Name") for key in named}
    said |= {"document_id": f"{kind.name}:x", f"{kind.name}_id": "x"}
    event = kind.event(revision=0, changed_by="me", **said)
    assert body.plain(kind.name, "x", "me") == event
    shown = kind.show(Revision(event, datetime(2026, 1, 1, tzinfo=UTC), "e"))
    assert kind.body.model_validate(_of(shown.model_dump(), kind)) == body


def _of(shown: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {name: shown[name] for name in kind.body.model_fields}


def test_a_step_and_a_rule_of_which_nothing_is_said_are_those_of_the_events() -> None:
    said = {"name": NAME, "steps": [{"name": "any", "reach": "any"}]}
    queue = QUEUES.body.model_validate(said).plain("queue", "x", "me")
    assert queue.steps == (Step(name="any", reach="any"),)  # type: ignore[attr-defined]
    policy = POLICIES.body.model_validate({"lost": {}}).plain("policy", "main", "me")
    assert policy.lost == LostRule()  # type: ignore[attr-defined]


def test_a_week_is_named_by_its_days() -> None:
    hours = [{"opens": "09:00", "closes": "18:00"}]
    said = {
        "name": NAME,
        "hours": {"sunday": hours, "monday": hours},
        "exceptions": [{"date": "2026-12-31"}, {"date": "2027-01-01", "hours": hours}],
    }
    calendar = CALENDARS.body.model_validate(said).plain("calendar", "x", "me")
    assert isinstance(calendar, CalendarChanged)
    assert calendar.hours == {"0": (("09:00", "18:00"),), "6": (("09:00", "18:00"),)}
    assert calendar.exceptions == (
        SpecialDay(date="2026-12-31"),
        SpecialDay(date="2027-01-01", hours=(("09:00", "18:00"),)),
    )
    shown = CALENDARS.body.shown(calendar)
    assert shown["hours"] == said["hours"]
    assert [day["hours"] for day in shown["exceptions"]] == [[], hours]
