"""Whatever the router or the others may say of a call is said in words, in both languages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from contact_events.answering import CallRejected
from contact_events.calls import (
    CallDisconnected,
    CallDiverted,
    CallFailed,
    CallRecovered,
    CallRefused,
)
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallOverflowed, CallRescinded, SiteStatusChanged
from router.domain.sentences import Names, decision_sentence
from router.explain.queries import Told
from router.explain.story import sentence

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HEAD: dict[str, Any] = {
    "pool": "main",
    "epoch": 1,
    "owner": "x",
    "number": 1,
    "decided_at": AT,
    "positions": {},
}
ABOUT: dict[str, Any] = {"call_id": "k1", "attempt": 1, "agent_id": "a1", "queue_id": "q1"}


def _values(event: type[Event], name: str) -> Iterator[tuple[str, str, str]]:
    for value in get_args(get_type_hints(event)[name]):
        yield event_type_of(event).name, name, value


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *_values(CallRecovered, "reason"),
        *_values(CallRefused, "reason"),
        *_values(CallDiverted, "to"),
        *_values(CallDisconnected, "by"),
        *_values(CallFailed, "reason"),
        *_values(CallRejected, "reason"),
    ],
)
def test_every_value_of_a_fact_has_words(kind: str, name: str, value: str) -> None:
    told = Told("main", "call-arrived", 0, None, AT, kind, {**ABOUT, name: value}, None)
    said = sentence(told, Names(), "k1")
    shown = f"({value})"
    assert shown not in said.ru
    assert value in ("closed", "full", "voicemail") or shown not in said.en


@pytest.mark.parametrize("reason", get_args(get_type_hints(CallOverflowed)["reason"]))
@pytest.mark.parametrize("to", get_args(get_type_hints(CallOverflowed)["to"]))
def test_every_way_elsewhere_has_words(to: Any, reason: Any) -> None:
    event = CallOverflowed(**HEAD, call_id="k1", attempt=1, to=to, reason=reason, queue_id="q1")
    said = decision_sentence(event, Names())
    assert said.ru.endswith(".") and said.en.endswith(".")


@pytest.mark.parametrize("reason", get_args(get_type_hints(CallRescinded)["reason"]))
def test_every_offer_taken_back_has_words(reason: Any) -> None:
    about = {**HEAD, "call_id": "k1", "attempt": 1, "agent_id": "a1", "slot": 0}
    assert (
        "a1"
        in decision_sentence(CallRescinded(**about, reservation_id="R", reason=reason), Names()).en
    )


@pytest.mark.parametrize("cause", get_args(get_type_hints(SiteStatusChanged)["cause"]))
@pytest.mark.parametrize("status", get_args(get_type_hints(SiteStatusChanged)["status"]))
def test_every_status_of_a_site_has_words(status: Any, cause: Any) -> None:
    event = SiteStatusChanged(**HEAD, site_id="minsk", status=status, cause=cause)
    assert "minsk" in decision_sentence(event, Names()).ru
